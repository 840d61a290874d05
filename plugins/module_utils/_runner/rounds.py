# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: how module job_instance_retry brings one rerun that was asked for by name to a certain outcome.

A round reads the instances, decides, and sends what is due, with the ledger's lock as in ``_runner/rerun.py``. There is a second round only
where something is open that time will tell: an answer was lost, or nothing may be sent yet.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.text import counted, printable
from .._common.times import Window, to_iso
from .._models.attempt import ACCEPTED, INTENDED, UNKNOWN, Movement, compare
from .._models.decision import Action, Decision
from .._models.instance import InstanceKey, JobInstance
from .._models.rerun_request import RetryOptions
from .._models.selection import wanted_statuses
from .._output.messages import lookup_hint
from .._output.results import decided, diff
from .._planner.limits import Limits, over_limit
from .._planner.reconcile import Policy
from .ansible_module import ModuleRun, error_result, failure_result, sentence
from .reading import check_past, quiet_until, since_of, timed
from .remembering import UNBORN, Memory, SentByKey, birth, born, steady
from .sender import ELSEWHERE, REFUSING, Sender

#: How often one call sends an instance whose answers get lost, before it gives up.
MAX_SENDS = 3
#: First and longest pause between two rounds, seconds.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
#: What is remembered of a request whose outcome time will tell.
_LOST = (INTENDED, UNKNOWN)


class Request:
    """What both modes have in common. A subclass reads, judges and posts.

    :cvar sends: how often a call may send an instance.
    :cvar less: how to ask for fewer instances.
    :cvar whole: whether one instance that moved proves that the request as a whole was taken.
    """

    sends = MAX_SENDS
    less = "name less in task_retrys"
    whole = False

    def __init__(self, run: ModuleRun) -> None:
        self.run = run
        self.clock = run.session.client.clock
        self.workspace_id: str = run.options["workspace_id"]
        self.job_name: str = run.options["job_name"]
        self.how = RetryOptions.from_options(run.options)
        self.limits = Limits(run.options["max_instances"])
        self.factory = WorkspaceApi(run.session, self.workspace_id, run.options["api_version"])
        self.memory = Memory(run, self.workspaces)
        self.problems: tuple[str, ...] = ()
        self.mine: dict[InstanceKey, Decision] = {}  # what became of what this call sent last
        self.times: dict[InstanceKey, int] = {}  # how often it did
        self.just_lost: set[InstanceKey] = set()  # sent in this round, answer lost
        self.refusal: ApiError | None = None
        now = self.clock.now_ms()
        self._policy(since_of(run.options, now) or now, None)

    def workspaces(self) -> t.Collection[str]:
        """Ids of the workspaces whose instances the request may rerun."""
        return [self.workspace_id]

    def window(self) -> Window:
        """Plan times of what is meant."""
        raise NotImplementedError

    def read(self) -> list[JobInstance]:
        """The instances that are meant, as the service lists them now."""
        raise NotImplementedError

    def judge(self, instances: list[JobInstance], policy: Policy, asked: int, sent: SentByKey) -> list[Decision]:
        """One decision per instance: RETRY, or SKIPPED with ``due_ms`` where time will tell."""
        raise NotImplementedError

    def post(self, due: list[Decision], sender: Sender) -> None:
        """Send *due*; every outcome goes through :meth:`note`."""
        raise NotImplementedError

    def go(self) -> None:
        """Rounds until nothing is open that time will tell; then the verdict."""
        pause = FIRST_PAUSE
        while True:
            decisions = self._round()
            left = self._seconds_left(decisions)
            if left is None:
                break
            time.sleep(max(0.05, min(pause, left)))
            pause = min(LONGEST_PAUSE, pause * 1.5)
        self._conclude(decisions)

    def note(self, after: t.Sequence[Decision], error: ApiError | None) -> None:
        """Remember what became of one request.

        :raises ApiError: *error*, if the reason lies elsewhere than in these instances; nothing was done.
        """
        for one in after:
            key = one.instance.key
            self.times[key] = self.times.get(key, 0) + 1
            self.mine[key] = one if error is None or error.kind not in REFUSING else _refused(one, error)
            if error is not None and _outcome(one) == UNKNOWN and error.kind not in REFUSING:
                self.just_lost.add(key)
        if error is not None and error.kind in ELSEWHERE:
            raise error
        if error is not None and error.kind in REFUSING and error.kind is not Kind.NOTHING_TO_RERUN:
            self.refusal = error

    def _round(self) -> list[Decision]:
        self.just_lost.clear()
        (decisions, asked, policy), (known, born_ms) = steady(self.memory.read, lambda remembered: self._look(*remembered))
        self._report(decisions)
        newly_quiet = policy.quiet_until is not None and born_ms < 0
        if self.run.check_mode or not (newly_quiet or self._due(decisions)):
            return decisions
        with self.memory.held(birth(UNBORN, asked, policy.since, given=self.run.options["since"] is not None)) as ledger:
            if self.memory.outdated(ledger, known):
                decisions, asked, policy = self._look(ledger.all_sent(), born(ledger))
            due = self._due(decisions)
            try:
                if due:
                    sender = Sender(ledger, self.run.session.client)
                    self.post(due, sender)
                    sender.check()
            finally:
                self._report(decisions)
        return decisions

    def _look(self, sent: SentByKey, born_ms: int) -> tuple[list[Decision], int, Policy]:
        """Decisions, the service's time when they were asked for, and what they are measured by."""
        instances, asked = timed(self.clock, self.read)
        given = since_of(self.run.options, asked)
        if given is not None:
            check_past(given, self.clock)
        since = self.run.result.setdefault("since", asked if given is None else given)
        born_ms = birth(born_ms, asked, since, given=given is not None)
        quiet = quiet_until(since, self.clock.now_ms(), born_ms, self._settle_ms)
        policy = self._policy(since, None if self.run.check_mode else quiet)
        self.run.result["since_iso"] = to_iso(since)
        return self.judge(instances, policy, asked, sent), asked, policy

    def _policy(self, since: int, quiet_until: int | None) -> Policy:
        statuses = wanted_statuses(self.run.options["only_statuses"], option="only_statuses")
        return Policy(since, statuses, self._settle_ms, quiet_until=quiet_until)

    @property
    def _settle_ms(self) -> int:
        return int(self.run.options["settle_time"]) * 1000

    def _due(self, decisions: t.Sequence[Decision]) -> list[Decision]:
        """What is to be sent now. What the service refused this call is not sent again by it, nor what was sent often enough."""
        if self._too_many(decisions) is not None:
            return []
        return [
            one
            for one in decisions
            if one.action is Action.RETRY and self.times.get(one.instance.key, 0) < self.sends and not self._settled(one.instance.key)
        ]

    def _too_many(self, decisions: t.Sequence[Decision]) -> str | None:
        """Why ``max_instances`` forbids to send anything, or None. What this call has begun it brings to its end."""
        due, most = [one for one in decisions if one.action is Action.RETRY], self.limits.max_instances
        return over_limit(due, most, self.less) if most is not None and len(due) > most and not self.mine else None

    def _settled(self, key: InstanceKey) -> bool:
        """Whether this call has had a clear answer for it."""
        mine = self.mine.get(key)
        return mine is not None and (_outcome(mine) == ACCEPTED or mine.action in (Action.REFUSED, Action.SKIPPED))

    def _taken(self, decisions: t.Sequence[Decision]) -> set[InstanceKey]:
        """What was sent, with a lost answer, and has visibly moved since."""
        moved = set()
        for one in decisions:
            mine = self.mine.get(one.instance.key)
            if mine is not None and mine.sent is not None and compare(one.instance, mine.sent) is Movement.MOVED:
                moved.add(one.instance.key)
        return set(self.mine) if self.whole and moved else moved

    def _seconds_left(self, decisions: t.Sequence[Decision]) -> float | None:
        """Seconds until everything that is open can be told, or None if nothing is open."""
        if self.run.check_mode:
            return None
        taken = self._taken(decisions)
        due = []
        for one in decisions:
            key = one.instance.key
            if key in self.just_lost:
                due.append(self.clock.now_ms() + self._settle_ms)
            elif _open(one) and not self._settled(key) and key not in taken:
                due.append(t.cast(int, one.due_ms))
        return max(0.0, (max(due) - self.clock.earliest_ms()) / 1000) if due else None

    def _final(self, decision: Decision, taken: t.Collection[InstanceKey]) -> Decision:
        """What is reported of an instance."""
        mine = self.mine.get(decision.instance.key)
        if mine is None:
            return self._untouched(decision)
        if mine.action is not Action.SETTLING:
            return replace(mine, instance=decision.instance, action=Action.SKIPPED if mine.action is Action.WAIT else mine.action)
        if decision.instance.key in taken:
            text = "the answer was lost, but the instance has moved since, so the rerun was taken"
            return replace(mine, instance=decision.instance, action=Action.RETRY, reason=f"{text} ({decision.reason})")
        return replace(mine, instance=decision.instance, action=Action.UNKNOWN)

    def _untouched(self, decision: Decision) -> Decision:
        """An instance that this call has not sent. A skip behind which stands an earlier request of unknown outcome is no answer."""
        sent = decision.sent
        if decision.action is Action.RETRY:
            return (
                replace(decision, attempt=0)
                if self.run.check_mode
                else replace(decision, action=Action.SKIPPED, reason="not sent", attempt=0)
            )
        if sent is not None and sent.outcome in _LOST and compare(decision.instance, sent) is not Movement.MOVED:
            return replace(decision, action=Action.UNKNOWN)
        return replace(decision, sent=None, request_id=None, attempt=0)

    def _finals(self, decisions: t.Sequence[Decision]) -> list[Decision]:
        taken = self._taken(decisions)
        return [self._final(one, taken) for one in decisions]

    def _report(self, decisions: t.Sequence[Decision]) -> None:
        """Put what is known by now into the result, so that it is there whatever happens next."""
        finals = self._finals(decisions)
        instances = [decided(one) for one in finals]
        acted = any(one.action is Action.RETRY for one in finals) or any(one.action is Action.SETTLING for one in self.mine.values())
        result = self.run.result
        result.update(instances=instances, problems=list(self.problems), api_versions=dict(self.factory.api_versions), changed=acted)
        if self.run.diff_mode:
            result["diff"] = diff(instances, check_mode=self.run.check_mode)

    def _conclude(self, decisions: t.Sequence[Decision]) -> None:
        """Fail for what was refused, cannot be told, or does not exist."""
        self._report(decisions)
        finals = self._finals(decisions)
        refused = [one for one in finals if one.action is Action.REFUSED]
        too_many = self._too_many(decisions)
        unknown = [one for one in finals if one.action is Action.UNKNOWN]
        if too_many is not None:
            self.run.result.update(failure_result(sentence(self.run.what, too_many), "limit"), changed=False)
        elif refused and self.refusal is not None:
            what = f"Failed to retry {len(refused)} of {counted(len(finals), 'instance')} of job {printable(self.job_name, 100)} {self.run.where}"
            self.run.result.update(error_result(self.refusal, what))
        elif unknown:
            cause = f"{len(unknown)} of {counted(len(finals), 'instance')} may have been rerun or not: {unknown[0].reason}"
            names = sorted({one.instance.job_name for one in unknown})
            way_out = f"It was not sent again. {lookup_hint(self.run.options, names, self.window())}"
            self.run.result.update(failure_result(sentence(self.run.what, cause, way_out), Kind.AMBIGUOUS.value))
        elif self.problems:
            self.run.result.update(failure_result(sentence(self.run.what, " ".join(self.problems)), Kind.NOT_FOUND.value))


def _refused(decision: Decision, error: ApiError) -> Decision:
    """The service refused the request: final for this call, whatever is recorded for later ones."""
    if error.kind is Kind.NOTHING_TO_RERUN:
        return replace(decision, action=Action.SKIPPED, reason=f"the service has nothing to rerun: {printable(error)}")
    return replace(decision, action=Action.REFUSED, reason=f"the service refused it: {printable(error)}")


def _outcome(decision: Decision) -> str | None:
    return None if decision.sent is None else decision.sent.outcome


def _open(decision: Decision) -> bool:
    """Whether time will tell: nothing may be sent yet, or what was sent had no answer."""
    return decision.action is Action.SKIPPED and decision.due_ms is not None and _outcome(decision) in (None, *_LOST)
