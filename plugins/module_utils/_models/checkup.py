# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkup of an account: what was observed, and the findings that follow from it. Pure data."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError, Kind
from .instance import StudioInstance, Workspace

#: Where IAM hands out tokens and temporary keys; an error there ends every request that needed them.
_LOGIN = ("/v3/auth/", "/v3.0/")


class State(enum.Enum):
    """What a check says; the values are the words of the result."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_KNOWN = "not known"


class Finding(t.NamedTuple):
    """One line of a checkup.

    :param check: which check, ``name_resolution`` to ``versions``.
    :param text: what was seen, without a full stop.
    :param remedy: what to do, as a sentence; "" where nothing has to be done.
    """

    check: str
    state: State
    text: str
    remedy: str = ""

    def to_result(self) -> dict[str, t.Any]:
        """The finding as the module returns it."""
        return {"check": self.check, "state": self.state.value, "text": self.text, "remedy": self.remedy}


Setting = t.Union[str, int, float, bool, None]


@dataclass(frozen=True)
class Assumption:
    """A point that the service's documentation leaves open.

    :param name: that of the emulator's switch.
    :param decided: whether the account's answers decide it.
    :param setting: the switch's setting that they show; None is one too.
    :param evidence: what shows it, or what it would take.
    """

    name: str
    decided: bool
    setting: Setting
    evidence: str

    def to_result(self) -> dict[str, t.Any]:
        """The assumption as the module returns it."""
        return dict(vars(self))


class HostSeen(t.NamedTuple):
    """How a host of the service is reached.

    :param base: scheme, host and port.
    :param name_error: why its name has no address, or "".
    :param proxy: scheme, host and port of the proxy in between, without its user and password, or "".
    :param issuer: who issued the certificate that it shows; "" for plain http, and where no TLS connection was made.
    """

    base: str
    name_error: str = ""
    proxy: str = ""
    issuer: str = ""

    @property
    def host(self) -> str:
        """Host and port."""
        return self.base.partition("://")[2]

    @property
    def tls(self) -> bool:
        """Whether it is https."""
        return self.base.startswith("https:")


class JournalSeen(t.NamedTuple):
    """The journal, seen without changing it.

    :param error: why it cannot be used, with the remedy; "" where it can.
    :param exists: whether it knows anything yet.
    :param complete_since: from when on it knows every attempt in the workspace, ISO 8601; "" if it does not know the workspace.
    :param shared_by: ``user on controller`` of the newest attempts, each once.
    """

    name: str
    error: str = ""
    exists: bool = False
    complete_since: str = ""
    shared_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerSeen:
    """An answer of the service as it came, for a recording. Nothing of the request's headers or body is in it.

    :param route: name of the request's flow control, and *path* its path, percent-encoded.
    :param headers: of the answer, names in lower case.
    """

    route: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    headers: t.Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass
class Observed:
    """What a checkup has brought so far. A read that was not made has no entry in :attr:`reads`.

    :ivar address_error: why the options name no host, or "".
    :ivar option_error: why the credentials or other options cannot be used, or "".
    :ivar workspace_error: why workspace_id cannot be the id of a workspace, or "".
    :ivar hosts: ``v2``, ``v1`` and ``iam`` -> how it is reached; those that are known.
    :ivar origins: option -> where its value comes from; options without a value are left out.
    :ivar reads: name of a read -> the error that it ended in, None for an answer.
    :ivar notes: name of a read -> what its answer says, in words.
    :ivar region_projects: ids of the projects that IAM knows by the name of the region; None if it was not asked.
    :ivar skew_seconds: how far this machine's clock is ahead of the service's; None while no ``Date`` was believed.
    :ivar date_refused: what the client says of a ``Date`` that is not believed, or "".
    """

    region: str = ""
    project_id: str = ""
    workspace_id: str = ""
    api_version: str = "auto"
    check_mode: bool = False
    probe_retry: bool = False
    measured: bool = True
    address_error: str = ""
    option_error: str = ""
    workspace_error: str = ""
    credentials: str = ""
    origins: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, HostSeen] = field(default_factory=dict)
    reads: dict[str, ApiError | None] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    studios: tuple[StudioInstance, ...] = ()
    workspaces: tuple[Workspace, ...] = ()
    region_projects: tuple[str, ...] | None = None
    skew_seconds: float | None = None
    date_refused: str = ""
    journal: JournalSeen | None = None
    requests: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def error(self, name: str) -> ApiError | None:
        """The error in which the read *name* ended, or None."""
        return self.reads.get(name)

    def answered(self, name: str) -> bool:
        """Whether the read *name* was answered."""
        return name in self.reads and self.reads[name] is None

    def errors(self, *kinds: Kind) -> list[tuple[str, ApiError]]:
        """The reads that ended in an error of one of *kinds*, in the order in which they were made."""
        return [(name, error) for name, error in self.reads.items() if error is not None and error.kind in kinds]

    @property
    def login_error(self) -> ApiError | None:
        """Why IAM gave no token or no temporary keys, or None."""
        return next((error for error in self.reads.values() if error is not None and error.path.startswith(_LOGIN)), None)
