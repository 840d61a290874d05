# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the end of a node's log, an OBS object [OTC-95][OBS-GET], by one request with ``Range``, without trusting its content."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from .._common.confidential import without_secrets
from .._common.errors import ApiError, Kind, OptionError
from .._common.text import printable, without_escapes
from .._http.client import Client
from .._http.request import Request, encoded_path, is_loopback
from .._http.session import Session

#: Most lines that may be requested, and the bytes that are read for them.
MOST_LOG_LINES = 200
TAIL_BYTES = 64 * 1024
_MAX_LINE = 1000
_PATH = re.compile(r"obs://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)
_HINTS = {
    Kind.NO_PERMISSION: "Grant the user obs:object:GetObject on the bucket of the logs, or leave log_tail out.",
    Kind.NOT_FOUND: "The log was removed, or the workspace writes its logs to another bucket.",
}


class LogReader:
    """Reads the ends of logs.

    :param endpoint: option ``obs_endpoint``, or None.
    :param lines: number of lines to read from each log.
    :raises OptionError: the host of OBS is unknown, or the login is a token.
    """

    def __init__(self, session: Session, endpoint: str | None, lines: int) -> None:
        self._base = session.hosts.obs(endpoint)
        self._client: Client = session.obs_client(self._base)
        self._lines = lines

    @classmethod
    def of(cls, session: t.Callable[[], Session], options: t.Mapping[str, t.Any]) -> LogReader | None:
        """The reader for *options*; None if log_tail is 0.

        :raises OptionError: see the class; log_tail is out of range, or reasons is none, so that no instance detail names the logs.
        """
        lines = options["log_tail"]
        if not 0 <= lines <= MOST_LOG_LINES:
            raise OptionError(f"log_tail is {lines}. Set it to the number of lines, 0 to {MOST_LOG_LINES}.")
        if not lines:
            return None
        if options["reasons"] == "none":
            raise OptionError("log_tail needs to know which log to read, and reasons: none reads none. Set reasons to auto or all.")
        return cls(session(), options["obs_endpoint"], lines)

    def tail(self, log_path: str) -> tuple[str, ...]:
        """The last lines of the object *log_path*, ``obs://bucket/key``, safe to show; () if it is empty.

        :raises ApiError: the object cannot be read.
        :raises OptionError: *log_path* is not the path of an object, or cannot be part of a URL.
        """
        match = _PATH.fullmatch(log_path)
        if match is None:
            raise OptionError(f"'{printable(log_path, 200)}' is not the path of an object of OBS.")
        base, path = self._address(match[1], match[2].split("/"))
        request = Request("GET", base, path, "obs", headers=(("Range", f"bytes=-{TAIL_BYTES}"),), raw=True)
        try:
            answer = self._client.send(request)
        except ApiError as error:
            if error.status == 416:  # the object is empty
                return ()
            error.hint = _HINTS.get(error.kind, error.hint)
            raise
        begins = re.match(r"bytes ([0-9]+)-", answer.headers.get("content-range", ""))
        cut = begins is not None and int(begins[1]) > 0
        return last_lines(answer.body[-TAIL_BYTES:], self._lines, cut=cut or len(answer.body) > TAIL_BYTES)

    def _address(self, bucket: str, segments: t.Sequence[str]) -> tuple[str, str]:
        """Base URL and path. The bucket becomes part of the host name, unless the host's certificate or address does not allow that."""
        parts = urlsplit(self._base)
        if "." in bucket or is_loopback(parts.hostname or ""):
            return self._base, encoded_path(bucket, *segments)
        return f"{parts.scheme}://{bucket}.{parts.netloc}", encoded_path(*segments)


def last_lines(body: bytes, most: int, *, cut: bool) -> tuple[str, ...]:
    """The last *most* lines of *body* that are not blank, without secrets and terminal control characters.

    :param cut: whether *body* may begin in the middle of a line or even of a character.
    """
    lines = without_secrets(body.decode("utf-8", "replace")).splitlines()
    whole = lines[1:] if cut and len(lines) > 1 else lines
    shown = [line for line in (printable(without_escapes(text).strip(), _MAX_LINE) for text in whole) if line]
    return tuple(shown[-most:])
