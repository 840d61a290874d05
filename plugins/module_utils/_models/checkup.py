# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkup of an account: observations and the findings that follow from them. Pure data."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .._common.errors import ApiError, Kind
from .instance import StudioInstance, Workspace

#: IAM's paths for tokens and temporary keys; an error there ends every request that needs one.
_LOGIN = ("/v3/auth/", "/v3.0/")


class State(enum.Enum):
    """Result of a check; the values are the words of the module's result."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_KNOWN = "not known"


class Finding(t.NamedTuple):
    """One line of a checkup.

    :param check: which check, ``name_resolution`` to ``versions``.
    :param text: what was observed, without a full stop.
    :param remedy: what to do, as a sentence; "" if nothing has to be done.
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

    :param name: name of the emulator's switch.
    :param decided: whether the account's answers decide it.
    :param setting: the setting of the switch that they show; None is a setting too.
    :param evidence: what shows it, or what is needed to decide it.
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
    :param name_error: why its name does not resolve, or "".
    :param proxy: scheme, host and port of the proxy, without user and password, or "".
    :param issuer: issuer of its certificate; "" for plain http, and if no TLS connection was made.
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
        """Whether the scheme is https."""
        return self.base.startswith("https:")


class JournalSeen(t.NamedTuple):
    """The journal, read without changing it.

    :param error: why it cannot be used, with the remedy, or "".
    :param exists: whether it has any entries yet.
    :param complete_since: time from which it knows every attempt in the workspace, ISO 8601; "" if it does not know the workspace.
    :param shared_by: ``user on controller`` of the newest attempts, each once.
    """

    name: str
    error: str = ""
    exists: bool = False
    complete_since: str = ""
    shared_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerSeen:
    """An answer of the service, unchanged, for a recording. It holds nothing of the request's headers or body.

    :param route: name of the request's flow control; *path* is its path, percent-encoded.
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
    """Observations of a checkup so far. A read that was not made has no entry in :attr:`reads`.

    :ivar address_error: why the options name no host, or "".
    :ivar option_error: why the credentials or other options cannot be used, or "".
    :ivar workspace_error: why workspace_id cannot be the id of a workspace, or "".
    :ivar agency: name of the agency that the credentials belong to, or "".
    :ivar hosts: ``v2``, ``v1`` and ``iam`` -> how the host is reached; only hosts that are known.
    :ivar origins: option -> where its value comes from; options without a value are left out.
    :ivar reads: name of a read -> its error, or None if it was answered.
    :ivar notes: name of a read -> what its answer says, in words.
    :ivar region_projects: ids of the projects that IAM lists under the region's name; None if IAM was not asked.
    :ivar skew_seconds: how far this machine's clock is ahead of the service's; None until a ``Date`` header was believed.
    :ivar date_refused: why the client does not believe a ``Date`` header, or "".
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
    agency: str = ""
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
        """The error of the read *name*, or None."""
        return self.reads.get(name)

    def answered(self, name: str) -> bool:
        """Whether the read *name* was answered."""
        return name in self.reads and self.reads[name] is None

    def errors(self, *kinds: Kind) -> list[tuple[str, ApiError]]:
        """Reads that failed with an error of one of *kinds*, in the order in which they were made."""
        return [(name, error) for name, error in self.reads.items() if error is not None and error.kind in kinds]

    @property
    def login_error(self) -> ApiError | None:
        """Why IAM issued no token or temporary keys, or None."""
        return next((error for error in self.reads.values() if error is not None and error.path.startswith(_LOGIN)), None)
