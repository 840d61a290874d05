# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one look of the event source at one workspace. Blocking; runs in a thread."""

from __future__ import annotations

import logging
import typing as t
from dataclasses import dataclass

from ...module_utils._api.instance_query import list_selected
from ...module_utils._api.workspace import WorkspaceApi
from ...module_utils._common.errors import ApiError, Kind
from ...module_utils._common.text import printable
from ...module_utils._common.times import Window
from ...module_utils._http.session import Session
from ...module_utils._journal.state_files import Identity
from ...module_utils._models.instance import InstanceKey, JobInstance
from ...module_utils._models.selection import select
from ...module_utils._runner.reading import read_window, window_of
from .cursor import Cursor
from .failures import Failure, new_failures
from .options import Place, Wanted

LOG = logging.getLogger("dataarts.factory.failed_instances")
#: The statistics count the instances of the last seven days [H-OV2]; a window that reaches further back is always read.
_COUNTED_MS = 6 * 86_400_000
#: Part of the poll interval that probing every workspace of an account may take: the statistics answer once a second.
_PROBING = 0.5
#: Errors of the statistics that only mean that this site, or this account, does without them.
_NO_STATISTICS = frozenset({Kind.NOT_PUBLISHED, Kind.NO_PERMISSION, Kind.NOT_FOUND, Kind.INVALID, Kind.BAD_ANSWER})


@dataclass(frozen=True)
class Seen:
    """What a look saw.

    :param failures: those to tell.
    :param window_begin: begin of the window of plan times, epoch ms.
    :param asked_ms: the service's time when it was asked, epoch ms.
    :param problem: what kept a part of the workspace from being seen, or None.
    """

    failures: list[Failure]
    window_begin: int
    asked_ms: int
    problem: ApiError | None = None


class Looker:
    """Looks at one workspace, again and again.

    :param neighbours: how many workspaces the account has to look at, this one among them.
    """

    def __init__(self, session: Session, place: Place, wish: Wanted, neighbours: int) -> None:
        self.place = place
        self._session = session
        self._wish = wish
        self._factory = WorkspaceApi(session, place.workspace_id, wish.api_version)
        self._probing = wish.probe and wish.api_version != "v1" and neighbours <= wish.poll_interval * _PROBING
        self._cursor: Cursor | None = None
        self._doubtful: frozenset[InstanceKey] | None = None
        self._checked = False
        self._missing: set[str] = set()

    @property
    def cursor(self) -> Cursor:
        """The record of what was told, opened at first use. :raises LedgerError: it cannot be. :raises ApiError: the project cannot be found."""
        if self._cursor is None:
            session = self._session
            cursor = Cursor(self._wish.state_path, Identity(session.hosts.v2, session.project_id, self.place.workspace_id))
            cursor.open()
            self._cursor = cursor
        return self._cursor

    def look(self) -> Seen:
        """The failures to tell now.

        :raises ApiError: the workspace could not be read.
        :raises LedgerError: the record of what was told cannot be read.
        """
        cursor, clock = self.cursor, self._session.client.clock
        problems: dict[str, ApiError] = {}

        def read(window: Window) -> list[JobInstance]:
            problems.clear()
            return list_selected(self._factory, self._wish.selection(window), failed=problems)

        failed: list[JobInstance] = []
        if self._none_failed():
            # Only now, because before the first answer there is only this machine's clock.
            asked = clock.now_ms()
            window = window_of(self._wish.times, asked)
        else:
            failed, window, asked = read_window(clock, self._wish.times, read)
        if self._doubtful is None:
            self._doubtful = cursor.doubtful(asked)
        fresh = new_failures(failed, cursor.told, self._doubtful)
        problem = self._problem(problems)
        # What could not be seen this time is in doubt at the next look too.
        self._doubtful = frozenset() if problem is None else self._doubtful.difference(one.instance.key for one in fresh)
        return Seen(fresh, window.begin, asked, problem)

    def _problem(self, problems: t.Mapping[str, ApiError]) -> ApiError | None:
        """One of the errors by job name, but that a job does not exist: it has not failed, and may come. That is said once."""
        missing = {name for name, error in problems.items() if error.kind is Kind.NOT_FOUND}
        for name in sorted(missing - self._missing):
            LOG.warning("Job %s does not exist in workspace %s.", printable(name, 100), self.place.workspace_id)
        self._missing = missing
        return next((error for name, error in problems.items() if name not in missing), None)

    def _check_names(self, window: Window) -> None:
        """Say which of the names and patterns name no job: v1 lists a job that does not exist as one without instances.

        Whatever goes wrong with that keeps nobody from watching.
        """
        unknown = [one for one in self._wish.jobs if one != "*" and one not in self._missing]
        if not unknown:
            return
        try:
            names = [job.name for kind in ("BATCH", "REAL_TIME") for job in self._factory.list_jobs(job_type=kind)]
        except ApiError as error:
            LOG.warning("The names in jobs could not be checked in workspace %s: %s", self.place.workspace_id, printable(str(error), 500))
            return
        for one in unknown:
            if not any(map(select([one], window).names, names)):
                LOG.warning("No job of workspace %s matches %s, which stands in jobs.", self.place.workspace_id, printable(one, 100))

    def taken(self, failure: Failure, *, confirmed: bool) -> None:
        """Remember that the event of *failure* was taken; *confirmed*, that it need never be told again. :raises LedgerError: it cannot be written."""
        now = self._session.client.clock.now_ms()
        self.cursor.take(failure, now)
        if confirmed or self._wish.repeat_within == 0:
            self.cursor.settle(now)

    def done(self, seen: Seen) -> None:
        """After all failures of *seen* were taken: let old ones rest; the first time, check what is asked for. :raises LedgerError: it cannot be written."""
        self.cursor.settle(seen.asked_ms - self._wish.repeat_within * 1000)
        self.cursor.forget(seen.window_begin)
        if not self._checked:
            self._checked = True
            self._check_names(Window(seen.window_begin, seen.asked_ms))

    def close(self) -> None:
        """Close the record."""
        if self._cursor is not None:
            self._cursor.close()

    def _none_failed(self) -> bool:
        """Whether the statistics say that nothing failed: one cheap call instead of a list."""
        if not self._probing or not self._counted():
            return False
        try:
            counts = self._factory.statistics()
        except ApiError as error:
            if error.kind not in _NO_STATISTICS:
                raise
            self._probing = False
            return False
        return self._counted() and not any(counts[status] for status in self._wish.statuses)

    def _counted(self) -> bool:
        """Whether the statistics count everything in the window, by what is known of the service's time."""
        now = self._session.client.clock.now_ms()
        return window_of(self._wish.times, now).begin >= now - _COUNTED_MS
