# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read why instances failed, with few requests to v1, whichever version listed them.

v1's list has a message for each instance, v2's list has none [SDK]; after a list by v2, one list by v1 for each job has the messages. Only
v1's instance detail shows which node failed [OTC-95]. With mode ``auto``, one detail is read for each reason of each job, the most frequent
first, up to :data:`MOST_DETAILS`, and one for each failure that is shown by name, up to :data:`MOST_NAMED`. With ``all``, every detail is read.

The reason of a failure does not change, so it is handed from pass to pass. An error never stops a run.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._common.concurrency import in_threads
from .._common.errors import ApiError, Kind, OptionError
from .._common.text import counted, printable
from .._models.instance import FullKey, JobInstance
from .._models.reason import FAILED, Reason
from .._planner.reasons import explained, normalised, representatives
from .log_query import LogReader
from .workspace import WorkspaceApi
from .workspace_lists import ENDS_ALL

#: Most details that ``auto`` reads: for reasons in one workspace and one run, and for failures shown by name in one pass.
MOST_DETAILS, MOST_NAMED = 10, 20
#: Most logs that are read in one workspace and one run.
MOST_LOGS = 10
#: Seconds that ``auto`` may take.
AUTO_SECONDS = 10.0
#: Up to so many details are read without threads.
_FEW = 4
#: After so many SERVER errors (with ``all``), or BAD_ANSWER errors before any detail could be read, nothing further is read.
_PATIENCE = 3


class ReasonReader:
    """Reads why instances of one workspace failed.

    :param mode: ``auto``, ``all``, or ``none`` to read nothing and use only messages in the list.
    :param carried: the reasons that the previous pass knew, see :meth:`carried`.
    :param logs: reads the ends of logs; None if they are not requested.
    :ivar notes: sentences for people about what the latest :meth:`read` could not read.
    """

    def __init__(self, api: WorkspaceApi, mode: str, carried: t.Mapping[str, t.Any] | None = None, logs: LogReader | None = None) -> None:
        self._logs = logs
        self.notes: list[str] = []
        self._api = api
        self._mode = mode
        self._known = {
            str(name): reason for name, value in (carried or {}).items() if (reason := Reason.from_pass_state(value)) is not None
        }
        self._errors: list[ApiError] = []
        self._stopped = False  # nothing further is read

    def carried(self) -> dict[str, t.Any]:
        """The reasons that the next pass need not read again, as JSON."""
        return {name: reason.to_pass_state() for name, reason in self._known.items()}

    def read(self, instances: t.Sequence[JobInstance], named: t.Sequence[JobInstance] = ()) -> dict[FullKey, Reason]:
        """Read the reason of each failure among *instances*, by its full key, as far as possible.

        :param named: the instances that are shown by name.
        """
        self.notes, self._errors, self._stopped = [], [], False
        failed = [instance for instance in instances if instance.status in FAILED]
        if self._known:
            names = set(map(_failure_key, failed))
            self._known = {name: reason for name, reason in self._known.items() if name in names}  # forget failures that are over
        if failed and self._mode != "none":
            if self._api.shows_details:
                try:
                    self._read(failed, [instance for instance in named if instance.status in FAILED])
                except ApiError as error:  # reasons are only shown, so the run goes on
                    self._errors.append(error)
            else:
                self._errors.append(ApiError(Kind.NOT_PUBLISHED, "only v1 of the API shows it, and v1 is not used or not open here"))
            self._note()
            if self._logs is not None:
                self._read_logs(self._logs, failed)
        return explained([(instance, self._reason_of(instance)) for instance in failed], assume=self._mode != "all")

    def _read(self, failed: t.Sequence[JobInstance], named: t.Sequence[JobInstance]) -> None:
        deadline = None if self._mode == "all" else time.monotonic() + AUTO_SECONDS
        self._read_messages(failed, deadline)
        if self._mode == "all":
            wanted = list(failed)
        else:
            pairs = [(instance, self._message(instance)) for instance in failed]
            groups = representatives(pairs, len(pairs))
            unread = [group[0] for group in groups if not any(map(self._is_read, group))]
            left = MOST_DETAILS - sum(reason.read for reason in self._known.values())
            wanted = [*unread[: max(0, left)], *named[:MOST_NAMED]]
        unique = {_failure_key(instance): instance for instance in wanted if not self._is_read(instance)}
        # A few requests reuse the list's connection one after the other; each thread would open a new one.
        perform = in_threads if len(unique) > _FEW else map
        for _done in perform(lambda instance: self._read_detail(instance, deadline), list(unique.values())):
            pass

    def _read_messages(self, failed: t.Sequence[JobInstance], deadline: float | None) -> None:
        """Read the messages that v2's list does not have, by one list of v1 for each job.

        :raises ApiError: every other list would fail too.
        """
        if self._api.api_versions.get("list") != "v2":
            return
        by_job: dict[str, list[JobInstance]] = {}
        for instance in failed:
            if instance.error_message is None and _failure_key(instance) not in self._known:
                by_job.setdefault(instance.job_name, []).append(instance)
        for same in by_job.values():
            try:
                messages = self._api.messages(same, deadline)
            except (ApiError, OptionError) as error:
                self._record(error)
                continue
            for instance in same:
                key = (instance.key.shared, instance.instance_id or "")
                self._known[_failure_key(instance)] = Reason(messages.get(key))

    def _read_detail(self, instance: JobInstance, deadline: float | None) -> None:
        """Read the detail of one failure. :raises ApiError: every other detail would fail too."""
        if self._stopped:
            return
        try:
            detail = self._api.instance_detail(instance, deadline)
        except (ApiError, OptionError) as error:
            self._record(error)
            return
        if detail.describes(instance):
            self._known[_failure_key(instance)] = Reason.of(instance, detail, self._message(instance))

    def _read_logs(self, logs: LogReader, failed: t.Sequence[JobInstance]) -> None:
        """Read the end of one log for each job, node and message, in order, among failures whose detail was read."""
        groups: dict[tuple[str, str | None, str], list[str]] = {}
        for instance in failed:
            name, known = _failure_key(instance), self._known.get(_failure_key(instance))
            if known is not None and known.read and known.log_path is not None:
                groups.setdefault((instance.job_name, known.node, normalised(known.message, instance.job_name)), []).append(name)
        unread = [names[0] for names in groups.values() if all(self._known[name].log_tail is None for name in names)]
        left = MOST_LOGS - sum(reason.log_tail is not None for reason in self._known.values())
        for name in unread[: max(0, left)]:
            known = self._known[name]
            try:
                self._known[name] = replace(known, log_tail=logs.tail(str(known.log_path)))
            except (ApiError, OptionError) as error:
                hint = f" {error.hint}" if isinstance(error, ApiError) and error.hint else ""
                cause = printable(error, 400).rstrip(".")
                self.notes.append(f"The log {printable(known.log_path, 300)} could not be read (log_tail): {cause}.{hint}")
                if not isinstance(error, ApiError) or error.kind is not Kind.NOT_FOUND:
                    return  # the others are in the same bucket

    def _record(self, error: ApiError | OptionError) -> None:
        """Record *error*. :raises ApiError: all other requests would probably fail too, by its kind or after several such errors."""
        if isinstance(error, OptionError):
            error = ApiError(Kind.INVALID, str(error))  # a name that cannot be part of a URL
        patience = {Kind.SERVER: _PATIENCE if self._mode == "all" else 0}
        if not any(reason.read for reason in self._known.values()):
            patience[Kind.BAD_ANSWER] = _PATIENCE  # a single one may concern only its instance
        same = sum(past.kind is error.kind for past in self._errors)
        if error.kind in ENDS_ALL or same >= patience.get(error.kind, len(self._errors) + 1):
            self._stopped = True
            raise error
        self._errors.append(error)

    def _message(self, instance: JobInstance) -> str | None:
        known = None if instance.error_message else self._reason_of(instance)
        return instance.error_message or (None if known is None else known.message)

    def _reason_of(self, instance: JobInstance) -> Reason | None:
        return self._known.get(_failure_key(instance)) if self._known else None

    def _is_read(self, instance: JobInstance) -> bool:
        known = self._reason_of(instance)
        return known is not None and known.read

    def _note(self) -> None:
        """Add one note for all errors. That v1 is not open is noted only in mode ``all``."""
        shown = [error for error in self._errors if self._mode == "all" or error.kind not in (Kind.NOT_PUBLISHED, Kind.NOT_FOUND)]
        if shown:
            what = counted(len(shown), "instance") if shown[0].kind not in ENDS_ALL else "instances"
            self.notes.append(f"Why {what} failed could not be read from v1's instance detail: {printable(shown[0])}.")


def _failure_key(instance: JobInstance) -> str:
    """Key of the failure of *instance* across passes. An instance that fails again has another start, and so another key."""
    key = instance.key
    parts = (key.job_id, key.plan_time, key.submit_time, instance.instance_id or "", instance.start_time or 0, instance.end_time or 0)
    return "/".join(map(str, parts))
