# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discrete-event scheduler: runs instances over time."""

from __future__ import annotations

import heapq
import itertools
import typing as t

from emulator.switches import Switches
from emulator.world.clock import Clock
from emulator.world.model import Instance, Run
from emulator.world.world import World

Step = t.Callable[[Instance, Run, int], None]


class Scheduler:
    """Moves instances through hidden, waiting and running to their fate.

    There is no background thread: :meth:`settle` is called before every answer and processes all events that are due, each at its own time. So the
    outcome does not depend on when requests arrive.
    """

    def __init__(self, world: World, clock: Clock, switches: Switches) -> None:
        self._world, self._clock, self._switches = world, clock, switches
        self._events: list[tuple[int, int, Step, Instance, Run]] = []
        self._order = itertools.count()
        self._gated: list[tuple[Instance, Run]] = []
        self._limits: dict[str, int] = {}
        #: Called with each instance whose run has ended, before other runs start.
        self.ended: t.Callable[[Instance], None] = lambda dummy: None
        for instance in world.instances():
            self._note_data(instance)
            self.take_over(instance)

    def take_over(self, instance: Instance) -> None:
        """Schedule what happens next to an instance of the scenario: its current run goes on, or it recovers from a hang."""
        run = instance.current
        if run is None:
            if instance.recovers is not None:
                self._at(self._clock.now_ms() + self._clock.span_ms(instance.recovers), self._recover, instance, instance.runs[-1])
            return
        if run.start is not None:
            self._plan_end(instance, run, self._clock.now_ms())
        elif run.status == "waiting":
            self._at(self._clock.now_ms() + self._clock.span_ms(instance.job.wait_seconds), self._begin, instance, run)

    def _note_data(self, instance: Instance) -> None:
        """Set which data the earlier runs of *instance* read."""
        for run in instance.runs:
            if run.start is not None:
                run.read = [(above, above.data_at(run.start)) for above in self._world.data_of(instance)]

    def settle(self) -> None:
        """Process all events that are due by now."""
        now = self._clock.now_ms()
        while self._events and self._events[0][0] <= now:
            due, _order, step, instance, run = heapq.heappop(self._events)
            if not run.cancelled:
                step(instance, run, due)

    def limit_group(self, group: str, concurrent: int) -> None:
        """Allow at most *concurrent* runs of *group* at once."""
        self._limits[group] = concurrent

    def request(self, instance: Instance, from_node: int, request_id: str, group: str = "") -> Run:
        """Accept a rerun of *instance*. It is queued if a run is in progress. Returns the new run."""
        now = self._clock.now_ms()
        run = Run(len(instance.runs) + len(instance.queued) + 1, now, from_node, request_id=request_id, group=group)
        if instance.current is not None:
            instance.queued.append(run)
        else:
            self._adopt(instance, run, now)
        return run

    def make(self, instance: Instance, group: str, rank: int) -> None:
        """Schedule the first run of a new PatchData instance."""
        run = Run(1, self._clock.now_ms(), status="waiting", fate=instance.next_fate(), group=group, rank=rank)
        instance.current, instance.status = run, "waiting"
        instance.runs.append(run)
        self._at(self._clock.now_ms() + self._clock.span_ms(instance.job.wait_seconds), self._begin, instance, run)

    def begin_new(self, instance: Instance, request_id: str) -> None:
        """Schedule the only run of an instance that was started by hand."""
        now = self._clock.now_ms()
        run = Run(1, now, status="waiting", fate=instance.next_fate(), request_id=request_id)
        instance.current = run
        instance.runs.append(run)
        self._at(now + self._clock.span_ms(instance.job.wait_seconds), self._begin, instance, run)

    def confirm(self, instance: Instance) -> bool:
        """Confirm an instance that waits for confirmation, as Execute in the console does. False if it does not wait for that."""
        run = instance.current
        if run is None or run.status != "waiting-confirm":
            return False
        run.status = instance.status = "waiting"
        self._begin(instance, run, self._clock.now_ms())
        return True

    def stop(self, instance: Instance) -> None:
        """Cancel an instance that waits, runs or hangs, and drop its queued reruns."""
        now, run = self._clock.now_ms(), instance.current or instance.runs[-1]
        delay = self._clock.span_ms(self._switches["stop_visible_after"])
        if delay:
            run.stopping = True
            self._at(now + delay, self._stopped, instance, run)
        else:
            self._stopped(instance, run, now)

    def is_stopping(self, instance: Instance) -> bool:
        """Whether a stop was accepted that does not show yet."""
        return any(run.stopping for run in instance.runs)

    def _recover(self, instance: Instance, run: Run, now: int) -> None:
        """An instance in running-exception goes on."""
        if instance.status != "running-exception":
            return
        run.end, run.status, run.fate, run.resumed = None, "running", instance.next_fate(), now
        instance.current, instance.status, instance.end_time = run, "running", None
        self._plan_end(instance, run, now)

    def _stopped(self, instance: Instance, run: Run, now: int) -> None:
        """A stop takes effect, unless the run has ended meanwhile."""
        run.stopping = False
        if run is not instance.current and instance.status != "running-exception":
            return
        if run is instance.current:
            run.cancelled = True
        run.end, run.status = now, "manual-stop"
        self._gated = [(waiting, run) for waiting, run in self._gated if waiting is not instance]
        instance.queued.clear()
        instance.current, instance.stopped_by = None, "person"
        instance.status, instance.end_time = self._switches["stopped_status"], self._clock.scheduler_ms(now)
        self._open_gates(now)

    def _adopt(self, instance: Instance, run: Run, now: int) -> None:
        instance.current = run
        instance.runs.append(run)
        run.fate = instance.next_fate()
        delay = self._clock.span_ms(self._switches["rerun_visible_after"])
        if delay:
            self._at(now + delay, self._show, instance, run)
        else:
            self._show(instance, run, now)

    def _show(self, instance: Instance, run: Run, now: int) -> None:
        """The rerun becomes visible."""
        self._rename(instance, run)
        instance.end_time, instance.error = None, ""
        instance.force_success = instance.ignore_success = False
        shown = self._switches["waiting_start_time"]
        if shown != "old":
            instance.start_time = self._clock.scheduler_ms(run.requested) if shown == "new" else None
        starting = self._clock.span_ms(self._switches["starting_seconds"])
        if starting:
            run.status, instance.status = "starting", instance.job.starting_status
            self._at(now + starting, self._wait, instance, run)
        else:
            self._wait(instance, run, now)

    def _rename(self, instance: Instance, run: Run) -> None:
        """Assign a new id and submit time if this site does so at a rerun. The old ones are no longer valid."""
        if self._switches["instance_id_after_rerun"] == "new":
            instance.old_ids.append(instance.instance_id)
            instance.instance_id = self._world.new_id()
        if self._switches["submit_time_after_rerun"] == "new":
            instance.submit_time = self._clock.scheduler_ms(run.requested)

    def _wait(self, instance: Instance, run: Run, now: int) -> None:
        run.status = instance.status = "waiting-confirm" if instance.job.confirm else "waiting"
        if not instance.job.confirm:
            # an event, not a call: all runs of one request must be known before the first of them may start
            self._at(now + self._clock.span_ms(instance.job.wait_seconds), self._begin, instance, run)

    def _begin(self, instance: Instance, run: Run, now: int) -> None:
        if not self._may_begin(instance, run):
            if instance.job.depend_fail_policy == "cancel" and any(parent.failed for parent in self._world.parents(instance)):
                self._cancel(instance, run, now)
            else:
                self._gated.append((instance, run))
            return
        run.start, run.status = now, "running"
        run.read = [(above, above.data_at(now)) for above in self._world.data_of(instance)]
        instance.status, instance.start_time = "running", self._clock.scheduler_ms(now)
        self._plan_end(instance, run, now)

    def _cancel(self, instance: Instance, run: Run, now: int) -> None:
        """An upstream instance has failed, and the policy of the job is to cancel then."""
        run.end, run.status = now, "manual-stop"
        instance.status, instance.current, instance.stopped_by = "manual-stop", None, "policy"
        shown = self._switches["cancelled_times"]
        moment = self._clock.scheduler_ms(now)
        instance.start_time = moment if shown == "both" else None
        instance.end_time = None if shown == "none" else moment
        if instance.queued:
            self._adopt(instance, instance.queued.pop(0), now)

    def _plan_end(self, instance: Instance, run: Run, now: int) -> None:
        if run.fate.status != "hang":
            self._at(now + self._clock.span_ms(run.fate.seconds), self._end, instance, run)

    def _end(self, instance: Instance, run: Run, now: int) -> None:
        run.end, run.status = now, run.fate.status
        instance.status, instance.end_time, instance.error = run.fate.status, self._clock.scheduler_ms(now), run.fate.error
        instance.current = None
        self.ended(instance)
        if instance.queued:
            self._adopt(instance, instance.queued.pop(0), now)
        self._open_gates(now)

    def _open_gates(self, now: int) -> None:
        gated, self._gated = self._gated, []
        for instance, run in sorted(gated, key=_order):
            self._begin(instance, run, now)

    def _may_begin(self, instance: Instance, run: Run) -> bool:
        waits = run.number == 1 or self._switches["rerun_waits_for_upstream"]
        goes_on = instance.job.depend_fail_policy == "continue"
        missing = (parent.current or not (parent.succeeded or (goes_on and parent.failed)) for parent in self._world.parents(instance))
        if instance.stays_waiting or (waits and any(missing)):
            return False
        if instance.job.self_dependent and self._blocked_by_own_job(instance):
            return False
        per_job = self._switches["running_per_job"]
        if per_job is not None and _running(instance.job.instances) >= per_job:
            return False
        limit = self._limits.get(run.group)
        return limit is None or _running(self._world.instances(), run.group) < limit

    @staticmethod
    def _blocked_by_own_job(instance: Instance) -> bool:
        """Whether another instance of the (self-dependent) job must finish first: one that runs, or an older one that waits."""
        for other in instance.job.instances:
            run = other.current
            if (
                other is not instance
                and run
                and (run.status == "running" or (run.status in ("waiting", "hidden", "starting") and other.plan_time < instance.plan_time))
            ):
                return True
        return False

    def _at(self, due: int, step: Step, instance: Instance, run: Run) -> None:
        heapq.heappush(self._events, (due, next(self._order), step, instance, run))


def _order(waiting: tuple[Instance, Run]) -> int:
    instance, run = waiting
    return instance.plan_time if run.rank is None else run.rank


def _running(instances: t.Iterable[Instance], group: str | None = None) -> int:
    """Number of running instances, of *group* or of all."""
    runs = (instance.current for instance in instances)
    return sum(1 for run in runs if run and run.status == "running" and group in (None, run.group))
