# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording: the findings of a checkup and the answers behind them, disguised, to be sent with an issue.

Lists are shortened to their first entries, so that a person can read the whole file before sending it. ``disguise.py`` says what is replaced.
"""

from __future__ import annotations

import email.utils
import json
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import unquote

from .._api.questions import NO_SUCH_CALL, NO_SUCH_JOB, NO_SUCH_WORKSPACE
from .._http.server_clock import date_ms
from .._models.checkup import AnswerSeen, Observed
from . import plain_words
from .disguise import Disguise

FORMAT = "dataarts.factory recording"
#: Version of the format; readers refuse later ones.
FORMAT_VERSION = 1
ABOUT = (
    "Made by module account_doctor to be sent with an issue. Names, ids, addresses and texts are replaced, each by the same characters wherever it "
    "occurs; the key for that was thrown away. Times are shifted back by a whole number of weeks. Read it before you send it."
)
_OURS = (NO_SUCH_JOB, NO_SUCH_WORKSPACE, NO_SUCH_CALL)
#: Kept entries of a list, names of a mapping, and characters of a text.
_ENTRIES, _NAMES, _CHARACTERS = 5, 100, 2000
#: Free text, which is not a name as a whole.
_FREE = plain_words.MESSAGE_FIELDS | {"errorMessage", "description"}
#: Draws of a key until no replacement happens to contain an original of at least this many characters.
_DRAWS, _LONG = 50, 6
_VERSION_TEXT = re.compile(r"[0-9A-Za-z.+-]{1,40}")


@dataclass(frozen=True)
class Checkup:
    """Input of a recording.

    :param result: of module account_doctor.
    :param answers: in the order in which they came.
    :param originals: values of options and credentials, and other texts of the customer's.
    """

    result: t.Mapping[str, t.Any]
    seen: Observed
    answers: t.Sequence[AnswerSeen]
    originals: t.Collection[str] = field(default=(), repr=False)


def record(checkup: Checkup, draw_key: t.Callable[[], bytes]) -> dict[str, t.Any]:
    """The recording of *checkup*.

    :param draw_key: returns 32 random bytes at each call.
    """
    bodies = [_Body(answer.body) for answer in checkup.answers]
    originals = {*checkup.originals, *_names(checkup.seen)}
    for body, answer in zip(bodies, checkup.answers):
        originals.update(_originals("", body.content), *(_originals(name, value) for name, value in answer.query))
    originals = {text for text in originals if not re.fullmatch("[0-9]{0,2}", text)} - {*_OURS, *plain_words.KNOWN_REGIONS}
    long = {text.casefold() for text in originals if len(text) >= _LONG}
    for dummy in range(_DRAWS):
        disguise = Disguise(draw_key(), originals, _OURS)
        recording = _recording(checkup, bodies, disguise)
        made = "\n".join(disguise.made).casefold()
        if not any(text in made for text in long):
            break
    return recording


def to_json(recording: t.Mapping[str, t.Any]) -> bytes:
    """*recording* as the content of a readable file."""
    return f"{json.dumps(recording, indent=1, ensure_ascii=False)}\n".encode("utf-8", "replace")


class _Body:
    """The body of an answer, shortened.

    :ivar left_out: name of a list -> entries left out, over all lists of that name.
    """

    def __init__(self, body: bytes) -> None:
        self.left_out: dict[str, int] = {}
        try:
            self.content = self._shortened("", json.loads(body)) if body else None
            self.is_json = True
        except (ValueError, RecursionError):
            self.content, self.is_json = body[:_CHARACTERS].decode("utf-8", "replace"), False

    def _shortened(self, name: str, value: t.Any) -> t.Any:
        if isinstance(value, dict):
            names = list(value)[:_NAMES]
            if len(value) > _NAMES:
                self.left_out[name] = self.left_out.get(name, 0) + len(value) - _NAMES
            return {inner: self._shortened(inner, value[inner]) for inner in names}
        if isinstance(value, list):
            if len(value) > _ENTRIES:
                self.left_out[name] = self.left_out.get(name, 0) + len(value) - _ENTRIES
            return [self._shortened(name, entry) for entry in value[:_ENTRIES]]
        return value[:_CHARACTERS] if isinstance(value, str) else value


def _recording(checkup: Checkup, bodies: t.Sequence[_Body], disguise: Disguise) -> dict[str, t.Any]:
    seen, result = checkup.seen, checkup.result
    versions = {name: version for name, version in seen.versions.items() if _VERSION_TEXT.fullmatch(version)}
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "about": ABOUT,
        "versions": versions,
        "region": seen.region if seen.region in plain_words.KNOWN_REGIONS else "another",
        "ready": bool(result.get("ready")),
        "first_step": disguise.sentence(str(result.get("first_step", ""))),
        "checks": [
            {**check, "text": disguise.sentence(check["text"]), "remedy": disguise.sentence(check["remedy"])}
            for check in result.get("checks", ())
            if check["check"] != "versions"
        ],
        "assumptions": [
            {**point, "setting": _setting(point["setting"], disguise), "evidence": disguise.sentence(point["evidence"])}
            for point in result.get("assumptions", ())
        ],
        "origins": {name: disguise.sentence(origin) for name, origin in seen.origins.items()},
        "reads": {name: _read(error, disguise) for name, error in seen.reads.items()},
        "answers": [_answer(answer, body, disguise) for answer, body in zip(checkup.answers, bodies)],
    }


def _setting(setting: t.Any, disguise: Disguise) -> t.Any:
    return disguise.sentence(setting) if isinstance(setting, str) and not re.fullmatch("[A-Za-z0-9_]+", setting) else setting


def _read(error: t.Any, disguise: Disguise) -> dict[str, t.Any] | None:
    """The error of a read, or None."""
    if error is None:
        return None
    code = error.code if error.code and plain_words.CODE.fullmatch(error.code) else None
    return {"kind": error.kind.value, "status": error.status, "code": code, "message": disguise.sentence(error.message)}


def _answer(answer: AnswerSeen, body: _Body, disguise: Disguise) -> dict[str, t.Any]:
    known = answer.route in plain_words.ROUTE_PATHS
    content = _value("", body.content, disguise) if body.is_json else disguise.text(str(body.content))
    recorded = {
        "call": answer.route if known else "another",
        "method": answer.method,
        "path": _path(answer, disguise),
        "query": {_name(name, disguise): _value(name, value, disguise) for name, value in answer.query},
        "status": answer.status,
        "headers": _headers(answer.headers, disguise),
        ("body" if body.is_json else "text"): content,
    }
    return {**recorded, "left_out": {_name(name, disguise): count for name, count in body.left_out.items()}} if body.left_out else recorded


def _path(answer: AnswerSeen, disguise: Disguise) -> str:
    segments = [unquote(segment) for segment in answer.path.split("/")[1:]]
    template = plain_words.ROUTE_PATHS.get(answer.route, ())
    fixed = template if len(template) == len(segments) else ("*",) * len(segments)
    shown = (own if own == part else disguise.text(own) for own, part in zip(segments, fixed))
    return "/".join(["", *(segment.replace("%", "%25").replace("/", "%2F") for segment in shown)])


def _headers(headers: t.Mapping[str, str], disguise: Disguise) -> dict[str, str]:
    """The headers that an open point is about."""
    shown: dict[str, str] = {}
    date, wait, kind = date_ms(headers.get("date")), headers.get("retry-after", ""), headers.get("content-type", "")
    if date is not None:
        shown["date"] = email.utils.formatdate(disguise.time(int(date)) / 1000, usegmt=True)
    if wait:
        shown["retry-after"] = wait if re.fullmatch("[0-9]{1,4}", wait) else disguise.text(wait)
    if "x-request-id" in headers:
        shown["x-request-id"] = disguise.text(headers["x-request-id"])
    if kind:
        shown["content-type"] = "application/json" if kind.lower().startswith("application/json") else "another"
    return shown


def _value(name: str, value: t.Any, disguise: Disguise) -> t.Any:
    """*value* of the field *name*, disguised unless both belong to the service."""
    if isinstance(value, dict):
        return {_name(inner, disguise): _value(inner, item, disguise) for inner, item in value.items()}
    if isinstance(value, list):
        return [_value(name, item, disguise) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if _stays(name, value) and (name in plain_words.NUMBER_FIELDS or value in plain_words.VALUES or not disguise.names(str(value))):
        return value
    if _is_time(name, value):
        shifted = disguise.time(int(value))
        return str(shifted) if isinstance(value, str) else shifted
    if isinstance(value, (int, float)):
        return disguise.number(value)
    return disguise.sentence(value) if name in plain_words.MESSAGE_FIELDS else disguise.text(value)


def _name(name: str, disguise: Disguise) -> str:
    return name if _is_name(name) else disguise.text(name)


def _is_name(name: str) -> bool:
    """Whether the service's documents have a field of that name, or all its words are plain."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    plain = bool(words) and re.fullmatch(r"[A-Za-z_]{1,60}", name) is not None
    return name in plain_words.FIELDS or (plain and all(word.lower() in plain_words.PLAIN for word in words))


def _stays(name: str, value: float | str) -> bool:
    if isinstance(value, (int, float)):
        return (name in plain_words.NUMBER_FIELDS or name.endswith("_count")) and abs(value) < 1e9
    if name in plain_words.CODE_FIELDS and plain_words.CODE.fullmatch(value):
        return True
    if name in plain_words.WORD_FIELDS:
        return value in plain_words.VALUES or (
            name in plain_words.STATUS_FIELDS and re.fullmatch(r"[A-Za-z]+([_-][A-Za-z]+)*", value) is not None
        )
    small = name in plain_words.NUMBER_FIELDS and re.fullmatch("[0-9]{1,7}", value) is not None
    return small or value in ("true", "false") or (name == "region_id" and value in plain_words.KNOWN_REGIONS)


def _is_time(name: str, value: float | str) -> bool:
    return plain_words.TIME_FIELDS.fullmatch(name) is not None and re.fullmatch("1[0-9]{12}", str(value)) is not None


def _originals(name: str, value: t.Any) -> t.Iterator[str]:
    """The names and ids in *value* of the field *name*, unchanged."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from _originals(inner, item)
    elif isinstance(value, list):
        for item in value:
            yield from _originals(name, item)
    elif value is not None and not isinstance(value, bool) and name not in _FREE and not (_stays(name, value) or _is_time(name, value)):
        yield str(value)


def _names(seen: Observed) -> t.Iterator[str]:
    """Texts that a checkup knows to be the customer's."""
    yield from (seen.region, seen.project_id, seen.workspace_id, *(seen.region_projects or ()))
    for host in seen.hosts.values():
        yield from (host.base, host.host, host.host.partition(":")[0], host.proxy, host.proxy.partition("://")[2], host.issuer)
    for workspace in seen.workspaces:
        yield from (workspace.workspace_id, workspace.name, workspace.owner or "", workspace.studio_instance_id)
    for studio in seen.studios:
        yield from (studio.studio_instance_id, studio.name or "", studio.project_id or "")
    if seen.journal is not None:
        yield seen.journal.name
        for who in seen.journal.shared_by:
            yield from (who, *who.split(" on "))
