# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module job_instance_stop: stop named instances, each once, and follow them until the service shows it."""

from __future__ import annotations

import typing as t

from .._api.job_query import JobCatalog
from .._api.service_time import timed
from .._common.errors import ApiError, Kind, OptionError
from .._common.stopwatch import stopwatch
from .._common.text import counted, first_of, printable
from .._common.times import Window
from .._common.waiting import LONGEST_PAUSE
from .._models.attempt import Outcome, Slot
from .._models.decision import Decision
from .._models.instance import JobInstance
from .._models.run_scope import PassState, Since, check_durations
from .._output.messages import lookup_hint
from .._output.results import difference, instance_result, planned_name
from .._planner.outcomes import SHARED_KINDS
from .._planner.plan import Batch, Plan
from .._planner.stopping import decide_stop, of_another_job, stop_result
from .ansible_module import ModuleRun, error_result
from .engine import Engine, Strategy
from .info import suggested
from .named_request import listed_at
from .sender import RerunExchange, Sender
from .snapshot import Listed, Snapshot

_NAMED = 10  # ids that a message has
_NEXT_STEP = "List the instances of the job again: only what is listed can be stopped."


def instance_stop(run: ModuleRun) -> None:
    """The logic of module job_instance_stop; see :class:`ModuleRun` and the module's documentation."""
    run.what = f"Failed to stop instances of job {printable(run.options['job_name'], 100)} {run.where}"
    Engine(NamedStops(run)).run()


class NamedStops(Strategy):
    """Strategy that stops the instances that ``instance_ids`` names."""

    def __init__(self, run: ModuleRun) -> None:
        super().__init__(run, PassState())
        options = run.options
        if options["api_version"] == "v2":
            raise OptionError("Only v1 of the API can stop an instance, and api_version is v2. Set api_version to auto or v1.")
        self._ids = _ids(options["instance_ids"])
        self._job_name: str = options["job_name"]
        if not self._job_name.strip():
            raise OptionError("job_name is empty. Set it to the name of the job whose instances are to be stopped.")
        check_durations(options)
        self._until = stopwatch() + options["wait_timeout"]
        self._plan_times: dict[str, int] = {}  # by instance id
        self._refusals: list[ApiError] = []
        self._asked: dict[str, int] = {}  # instance id -> how many stops this invocation sent
        self._since: int | None = None
        self._decisions: tuple[Decision, ...] = ()

    def since(self, asked_ms: int) -> Since:
        """The time of this invocation's first list."""
        if self._since is None:
            self._since = asked_ms
            return Since(asked_ms, given=False)
        return Since(self._since, given=False, fixed=True)

    def list_instances(self) -> Listed:
        """The named instances.

        :raises ApiError: NOT_FOUND, if one does not exist.
        """
        asked_at = stopwatch()
        instances, asked_ms = timed(self.clock, self._read)
        times = [instance.key.plan_time for instance in instances]
        return Listed(instances, Window(min(times), max(times)), asked_ms, asked_at)

    def _read(self) -> list[JobInstance]:
        self._check_ids()
        listed = listed_at(self.api, self._job_name, self.clock, self._plan_times, lambda instance: instance.instance_id or "")
        by_id = {instance.instance_id: instance for instance in listed}
        for instance_id in self._ids:
            if instance_id not in by_id:
                cause = f"instance {instance_id} is not in the list of the instances of its job"
                raise ApiError(Kind.NOT_FOUND, cause, hint=_NEXT_STEP)
        return [by_id[instance_id] for instance_id in self._ids]

    def _check_ids(self) -> None:
        """Look for each instance, before any is stopped. :raises ApiError: NOT_FOUND, naming all that are not instances of the job."""
        absent: dict[str, ApiError] = {}
        for instance_id in self._ids:
            if instance_id not in self._plan_times:
                try:
                    self._plan_times[instance_id] = self._plan_time(instance_id)
                except ApiError as error:
                    if error.kind is not Kind.NOT_FOUND:
                        raise
                    absent[instance_id] = error
        if absent:
            first, catalog = next(iter(absent.values())), JobCatalog(self.api)
            if not catalog.has(self._job_name):
                raise suggested(first, catalog, [self._job_name])
            ids, job = first_of([*absent], _NAMED), printable(self._job_name, 100)
            first.hint = f"Job {job} has no instance {ids}, and nothing was stopped. {_NEXT_STEP}"
            raise first

    def _plan_time(self, instance_id: str) -> int:
        detail = self.api.detail_of(self._job_name, instance_id)
        other = of_another_job(detail, self._job_name)
        if other:
            raise ApiError(Kind.NOT_FOUND, other)
        if detail.plan_time is None:
            raise ApiError(Kind.BAD_ANSWER, f"the detail of instance {instance_id} has no plan time")
        return detail.plan_time

    def plan(self, snapshot: Snapshot) -> Plan:
        history, now = snapshot.history, snapshot.asked_ms
        decisions = []
        for instance in snapshot.instances:
            slot = Slot.of(instance)
            stops, reruns = history.stops.get(slot, ()), history.effective.get(slot, ())
            asked = self._asked.get(instance.instance_id or "", 0)
            decisions.append(decide_stop(instance, stops, reruns, run_id=self.run_id, now=now, settle_ms=self.run.settle_ms, asked=asked))
        self._decisions = tuple(decisions)
        return Plan(self._decisions)

    def send(self, batch: Batch, sender: Sender) -> t.Iterator[RerunExchange]:
        """Send nothing: the plans contain only stops."""
        del batch, sender
        return iter(())

    def note_exchange(self, exchange: RerunExchange) -> bool:
        """Count the stops sent for each instance; a refused stop does not keep the next one from being sent."""
        error, (decision,) = exchange.error, exchange.after
        instance_id = decision.instance.instance_id or ""
        self._asked[instance_id] = self._asked.get(instance_id, 0) + 1
        if error is None or error.kind in (Kind.STALE, Kind.MOVED_ON):
            return error is None or error.kind is not Kind.STALE
        if error.kind in SHARED_KINDS:
            raise error
        if decision.stop is not None and decision.stop.outcome is Outcome.REJECTED:
            self._refusals.append(error)
        return error.kind is not Kind.THROTTLED

    def report(self, snapshot: Snapshot, plan: Plan) -> None:
        """Report every instance, and whether this run stopped it."""
        del snapshot
        run, instances = self.run, []
        for decision in plan.decisions:
            action, changed = stop_result(decision, self.run_id)
            stop = decision.stop
            instances.append(
                {
                    **instance_result(decision.instance),
                    "action": action,
                    "changed": changed or (run.check_mode and action == "to_stop"),
                    "reason": printable(decision.reason),
                    "status_before": decision.instance.status_text if stop is None or stop.run_id != self.run_id else stop.failure.status,
                    "stop_time": None if stop is None else stop.sent_ms,
                    "stopped_by": None if stop is None else printable(stop.run_id, 100),
                    "request_id": None if stop is None else stop.request_id,
                }
            )
        run.result.update(
            instances=instances,
            problems=[],
            api_versions=dict(self.api.api_versions),
            run_id=self.run_id,
            changed=any(instance["changed"] for instance in instances),
        )
        if run.diff_mode:
            run.result["diff"] = _diff(instances, check_mode=run.check_mode)

    def anything_left(self, plan: Plan) -> bool:
        """Whether an instance is still to be stopped or followed."""
        return any(decision.action.open for decision in plan.decisions)

    def seconds_left(self, plan: Plan) -> float | None:
        """Seconds until ``wait_timeout`` is over or the effect of the stops is certain; None if there is nothing to wait for."""
        if self.run.check_mode:
            return None
        left = self._until - stopwatch()
        due = [decision for decision in plan.decisions if decision.action.open]
        if not due:
            return None
        if any(decision.asks_stop for decision in due):
            return LONGEST_PAUSE  # sent in this pass, or to be sent in the next
        if self.run.options["wait"]:
            return left if left > 0 else None
        unsettled = [decision.due_ms for decision in due if decision.due_ms is not None]
        return max(0.0, (max(unsettled) - self.clock.earliest_ms()) / 1000) if unsettled else None

    def conclude(self, snapshot: Snapshot, plan: Plan) -> None:
        """Fail for stops that were refused or whose effect is unknown, and for instances that still run when the wait is over."""
        self.report(snapshot, plan)
        result, total = self.run.result, counted(len(plan.decisions), "instance")
        words = [instance["action"] for instance in result["instances"]]
        if self.run.check_mode:
            return
        if "refused" in words and self._refusals:
            number = words.count("refused")
            what = f"Failed to stop {number} of {total} of job {printable(self._job_name, 100)} {self.run.where}"
            result.update(error_result(self._refusals[0], what))
        elif "unknown" in words:
            cause = f"{words.count('unknown')} of {total} may have been stopped or not: {plan.decisions[words.index('unknown')].reason}"
            window = Window(min(self._plan_times.values()), max(self._plan_times.values()))
            hint = f"Run it again: what is still in progress is stopped then. {lookup_hint(self.run.options, [self._job_name], window)}"
            self.run.fail(Kind.AMBIGUOUS.value, cause, hint)
        elif self.run.options["wait"] and any(decision.action.open for decision in plan.decisions):
            late = [decision for decision in plan.decisions if decision.action.open]
            cause = f"{len(late)} of {total} not stopped when wait_timeout was over: {late[0].reason}"
            self.run.fail("incomplete", cause, "Run it again to continue waiting")
        elif "to_stop" in words:
            cause = f"{words.count('to_stop')} of {total} not stopped: {plan.decisions[words.index('to_stop')].reason}"
            self.run.fail("incomplete", cause, "Run it again")


def _ids(values: t.Iterable[str]) -> list[str]:
    """The ids, each once. :raises OptionError: there are none, or one cannot be an id."""
    ids = list(dict.fromkeys(str(value).strip() for value in values))
    if not ids:
        raise OptionError(
            "instance_ids is an empty list, which names no instance. Set it to instance ids as dataarts.factory.job_instance_info returns them."
        )
    for instance_id in ids:
        if not (instance_id.isascii() and instance_id.isdecimal()):
            raise OptionError(
                f"instance_ids contains '{printable(instance_id, 80)}', which is not the number of an instance. Use instance_id."
            )
    return ids


def _diff(instances: t.Iterable[dict[str, t.Any]], *, check_mode: bool) -> dict[str, str]:
    """Diff with the status of each stopped instance before and after; in check mode, of each instance to stop."""
    rows = []
    for instance in instances:
        if instance["changed"]:
            now = "to be stopped" if check_mode else "stop requested" if instance["action"] == "stopping" else instance["status"]
            rows.append((planned_name(instance), instance["status_before"], now))
    return difference("status", rows)
