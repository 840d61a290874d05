# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch of one workspace: find the failures that are due an event."""

from __future__ import annotations

import logging
import time
import typing as t
from dataclasses import dataclass, field

from ...module_utils._api.instance_query import list_selected
from ...module_utils._api.job_query import JobCatalog
from ...module_utils._api.reason_query import ReasonReader
from ...module_utils._api.service_time import timed_window
from ...module_utils._api.workspace import WorkspaceApi
from ...module_utils._api.workspace_lists import Listing
from ...module_utils._common.errors import ApiError, Kind
from ...module_utils._common.text import printable
from ...module_utils._common.times import DAY_MS, Window
from ...module_utils._http.session import Session
from ...module_utils._journal.journal import Journal
from ...module_utils._models.attempt import Slot
from ...module_utils._models.gap import Gap
from ...module_utils._models.instance import FullKey, JobInstance
from ...module_utils._models.reason import Reason
from ...module_utils._models.run_scope import window_of
from ...module_utils._models.selection import select
from ...module_utils._planner.hung import stopped_by
from ...module_utils._planner.repair import left_alone
from ...module_utils._runner.ansible_module import ModuleRun
from ...module_utils._runner.missing import find_missing
from .deliveries import Deliveries
from .events import FailureFacts
from .failures import NewFailure, new_failures
from .options import Place, SourceOptions

_LOG = logging.getLogger("dataarts.factory.failed_instances")
#: The statistics count the instances of the last seven days [H-OV2]; a window that begins earlier is always listed.
_COUNTED_MS = 6 * DAY_MS
#: Part of the poll interval that probing all workspaces of an account may take: the statistics answer once per second.
_PROBING = 0.5
#: Time that a source may need to confirm a delivery in addition to the regular time, ms.
_GRACE_MS = 60_000
#: Errors that mean that a site or an account never shows dependants.
_CLOSED = frozenset({Kind.NOT_PUBLISHED, Kind.NO_PERMISSION})
#: Seconds between searches for missing instances. Each reads the definition of every job, and an instance counts as missing only when it is ten
#: minutes late.
_MISSING_SECONDS = 600
#: Errors of the statistics that only mean that this site or account has none.
_NO_STATISTICS = frozenset({Kind.NOT_PUBLISHED, Kind.NO_PERMISSION, Kind.NOT_FOUND, Kind.INVALID, Kind.BAD_ANSWER})


@dataclass(frozen=True)
class Poll:
    """Result of one poll of a workspace.

    :param failures: those that are due an event.
    :param window_start: start of the window of plan times, epoch ms.
    :param asked_ms: the service's time when the list was requested, epoch ms.
    :param problem: why a part of the workspace could not be read, or None.
    :param known: full key -> further facts about a failure of *failures*.
    """

    failures: list[NewFailure]
    window_start: int
    asked_ms: int
    problem: ApiError | None = None
    known: t.Mapping[FullKey, FailureFacts] = field(default_factory=dict)


class WorkspaceWatch:
    """Polls one workspace.

    :param neighbours: number of polled workspaces of the account, including this one.
    :param journal: returns the open journal of the account; opening it may have to look up the project.
    """

    def __init__(self, session: Session, place: Place, options: SourceOptions, neighbours: int, journal: t.Callable[[], Journal]) -> None:
        self.place = place
        self._session = session
        self._options = options
        self._workspace = WorkspaceApi(session, place.workspace_id, options.api_version)
        self._reader = ReasonReader(self._workspace, "auto")
        self._probing = options.probe and options.api_version != "v1" and neighbours <= options.poll_interval * _PROBING
        self._journal = journal
        self._deliveries: Deliveries | None = None
        self._checked = False
        self._missing: set[str] = set()
        self._shows_dependants = options.api_version != "v1"
        self._looked_at: float | None = None  # when missing instances were looked for last, time.monotonic()
        self._missing_scope = f"missing {place.workspace_id}"
        self._warned: set[str] = set()

    @property
    def deliveries(self) -> Deliveries:
        """The deliveries of the workspace. :raises ApiError: the project cannot be found."""
        if self._deliveries is None:
            self._deliveries = Deliveries(self._journal(), self.place.workspace_id)
        return self._deliveries

    def poll(self) -> Poll:
        """Find the failures that are due an event now.

        :raises ApiError: the workspace could not be read.
        :raises JournalError: the journal could not be read or written.
        """
        deliveries, clock = self.deliveries, self._session.client.clock
        deliveries.refresh()
        listing = Listing()
        if self._none_failed():
            # Only now, because before the first answer only this machine's clock is known.
            asked = clock.now_ms()
            window = window_of(self._options.times, asked)
        else:
            listing, window, asked = timed_window(
                clock,
                lambda now_ms: window_of(self._options.times, now_ms),
                lambda window: list_selected(self._workspace, self._options.selection(window)),
            )
        failed = listing.instances
        # Before new_failures(), so that after an outage longer than a deadline this source does not repeat its own events.
        deliveries.confirm(asked - self._options.repeat_within * 1000)
        failures = new_failures(failed, deliveries.newest, asked)
        if any(failure.repeated for failure in failures):
            deliveries.refresh(force=True)  # the first event's source may have confirmed it meanwhile
            failures = new_failures(failed, deliveries.newest, asked)
        return Poll(failures, window.begin, asked, self._problem(listing.problems), self._known(failures, asked))

    def _known(self, failures: t.Sequence[NewFailure], now_ms: int) -> dict[FullKey, FailureFacts]:
        """Further facts about new failures; without any, nothing is read."""
        if not failures:
            return {}
        reasons = self._reader.read([failure.instance for failure in failures])
        plan_times = [failure.instance.key.plan_time for failure in failures]
        journal = self._journal().read([self.place.workspace_id], Window(min(plan_times), max(plan_times)), now_ms)
        dependants = self._dependants([failure.instance for failure in failures[: self._options.dependants]])
        known = {}
        for instance in (failure.instance for failure in failures):
            slot = Slot.of(instance)
            reruns, stop = journal.effective.get(slot, ()), stopped_by(instance, journal.stops.get(slot, ()))
            known[instance.full_key] = FailureFacts(
                reason=reasons.get(instance.full_key) or Reason(),
                purpose=reruns[-1].purpose if reruns else "",
                stopped_ms=None if stop is None else stop.sent_ms,
                dependants=dependants.get(instance.full_key),
            )
        return known

    def _dependants(self, instances: t.Sequence[JobInstance]) -> dict[FullKey, tuple[JobInstance, ...]]:
        """Full key -> the direct dependants of each of *instances*. Instances whose dependants cannot be read are left out."""
        read: dict[FullKey, tuple[JobInstance, ...]] = {}
        for instance in instances:
            if not self._shows_dependants or not instance.instance_id:
                continue
            try:
                related = self._workspace.depend_instances(instance.instance_id, "child", latest_only=False)
            except ApiError as error:
                if error.kind is Kind.NOT_FOUND:
                    continue
                # A site or account that never shows dependants is not asked again; after other errors, the next poll asks again.
                self._shows_dependants = error.kind not in _CLOSED
                _LOG.warning("Dependants could not be read in workspace %s: %s", self.place.workspace_id, printable(str(error), 500))
                break
            read[instance.full_key] = tuple(below.instance for below in related)
        return read

    def _problem(self, problems: t.Mapping[str, ApiError]) -> ApiError | None:
        """One of *problems*, or None. A job that does not exist does not count, as it may be created later; it is logged once."""
        missing = {name for name, error in problems.items() if error.kind is Kind.NOT_FOUND}
        for name in sorted(missing - self._missing):
            _LOG.warning("Job %s does not exist in workspace %s.", printable(name, 100), self.place.workspace_id)
        self._missing = missing
        return next((error for name, error in problems.items() if name not in missing), None)

    def _check_names(self, window: Window) -> None:
        """Log names and patterns that match no job: v1 lists no instances of such a job, but no error either. An error here is only logged."""
        unknown = [name for name in self._options.jobs if name != "*" and name not in self._missing]
        if not unknown:
            return
        try:
            names = [job.name for kind in ("BATCH", "REAL_TIME") for job in self._workspace.list_jobs(job_type=kind)]
        except ApiError as error:
            _LOG.warning("The names in jobs could not be checked in workspace %s: %s", self.place.workspace_id, printable(str(error), 500))
            return
        for name in select(unknown, window).unmatched(names):
            _LOG.warning("No job of workspace %s matches %s, which is in jobs.", self.place.workspace_id, printable(name, 100))

    def missing(self) -> list[Gap]:
        """The gaps that no source has reported yet, looked for every ten minutes. If they cannot be found, the log says so.

        :raises JournalError: the journal could not be read.
        """
        if not self._options.find_missing or (self._looked_at is not None and time.monotonic() - self._looked_at < _MISSING_SECONDS):
            return []
        self._looked_at = time.monotonic()
        clock = self._session.client.clock
        window = window_of(self._options.times, clock.now_ms())
        run, catalog = ModuleRun({"workspace_id": self.place.workspace_id}), JobCatalog(self._workspace)
        try:
            absent = find_missing(run, self._workspace, catalog, select(self._options.jobs, window), clock.earliest_ms())
        except ApiError as error:
            self._warn(f"Failed to look for missing instances: {printable(str(error), 500)}")
            return []
        for name, cause in absent.unreadable.items():
            self._warn(
                f"The missing instances of job {printable(name, 100)} are unknown, because its schedule cannot be read: {printable(cause, 300)}"
            )
        known = self._journal().notes(self._missing_scope)
        return [gap for gap in absent.gaps if gap.name not in known and not left_alone(gap, stopped_jobs=False)]

    def tell_missing(self, gaps: t.Iterable[Gap]) -> None:
        """Record that an event has reported *gaps*. :raises JournalError: the journal could not be written."""
        for gap in gaps:
            self._journal().note(self._missing_scope, gap.name, "")

    def _warn(self, text: str) -> None:
        """Log *text*, once."""
        if text not in self._warned:
            self._warned.add(text)
            _LOG.warning("Workspace %s: %s", self.place.workspace_id, text)

    def claim(self, failure: NewFailure) -> bool:
        """Claim the event of *failure*; False if another source has. :raises JournalError: the journal could not be written."""
        now = self._session.client.clock.now_ms()
        deadline = now + (self._options.repeat_within + 2 * self._options.poll_interval) * 1000 + _GRACE_MS
        return self.deliveries.claim(failure, now, deadline)

    def confirm(self) -> None:
        """Confirm all events put so far, so that they are never repeated. :raises JournalError: the journal could not be written."""
        self.deliveries.confirm(self._session.client.clock.now_ms())

    def finish(self, poll: Poll) -> None:
        """Call this after all events of *poll* were put: drop old deliveries; the first time, also check names and patterns of jobs."""
        self.deliveries.prune(poll.window_start)
        if not self._checked:
            self._checked = True
            self._check_names(Window(poll.window_start, poll.asked_ms))

    def _none_failed(self) -> bool:
        """Whether the statistics show that nothing failed: one cheap request instead of a list."""
        if not self._probing or not self._counted():
            return False
        try:
            counts = self._workspace.statistics()
        except ApiError as error:
            if error.kind not in _NO_STATISTICS:
                raise
            self._probing = False
            return False
        return self._counted() and not any(counts[status] for status in self._options.statuses)

    def _counted(self) -> bool:
        """Whether the statistics cover the whole window, by the service's time as known now."""
        now = self._session.client.clock.now_ms()
        return window_of(self._options.times, now).begin >= now - _COUNTED_MS
