# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests of times, selections and decisions, and of whole runs under random faults.

A run is simulated: a model of the service, passes that decide with the collection's own functions, and random events between them. The model
knows how often each instance was really started, and the verdict depends on it alone.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import Kind, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.text import printable
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import (
    FIRST_MS,
    LAST_MS,
    Window,
    parse_point,
    parse_time,
    to_iso,
)
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Comparison, Failure, Outcome, compare
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import parse_statuses, parse_types, select
from ansible_collections.dataarts.factory.plugins.module_utils._planner.hold_off import complete_since, hold_off_until, on_both_clocks
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import newest_attempts, with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.outcomes import outcome_of
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Policy, decide, decide_missing
from tests.unit.building import FAIL, SETTLE, at, attempt, instance, intent, key, limited, policy

NUMBERS = st.integers(FIRST_MS, LAST_MS)
SECONDS = st.one_of(st.none(), st.integers(-200, 200))
#: Texts that look like times; some of them are valid.
NEAR_TIMES = st.from_regex(r"\A[-+]?[0-9]{0,14}[smhdwTZ :.+-]{0,3}[0-9:.TZ+-]{0,16}\Z")


@given(NUMBERS)
def test_a_time_for_people_reads_back_as_itself(ms: t.Any) -> None:
    assert parse_point(to_iso(ms), option="x") == ms
    assert parse_point(str(ms), option="x") == parse_point(ms, option="x") == ms


def refusal(call: t.Any) -> t.Any:
    """The message of the OptionError that *call* raises, or None."""
    try:
        call()
    except OptionError as error:
        return str(error)
    return None


@given(st.one_of(st.text(), NEAR_TIMES, st.integers(), st.none(), st.floats(), st.booleans()), NUMBERS)
@example("-" + "9" * 400 + "d", FIRST_MS)
@settings(max_examples=120)
def test_any_text_is_a_time_of_13_digits_or_refused(value: t.Any, now: t.Any) -> None:
    reads: list[t.Callable[[], int]] = [
        lambda: parse_time(value, now_ms=now, option="since"),
        lambda: parse_point(value, option="since"),
    ]
    for read in reads:
        message = refusal(read)
        if message is None:
            assert FIRST_MS <= read() <= LAST_MS
        else:
            assert message.startswith("Failed to read since: ")
            assert message.isprintable()


@given(st.integers())
def test_any_number_can_be_shown(ms: t.Any) -> None:
    assert to_iso(ms)


@given(st.lists(st.text(), max_size=4), st.lists(st.text()), st.lists(st.text()), st.text())
def test_any_text_selects_or_is_refused(jobs: t.Any, statuses: t.Any, types: t.Any, name: t.Any) -> None:
    window = Window(at(-9000), at(0))
    for make in (lambda: parse_statuses(statuses), lambda: parse_types(types)):
        assert "Use any of " in (refusal(make) or "Use any of ")
    message = refusal(lambda: select(jobs, window))
    if message is not None:
        assert message.startswith("jobs ")
        return
    selection = select(jobs, window)
    listed = instance(job_name=name)
    assert selection.matches(listed) is selection.covers(name, listed.key.plan_time) is selection.names(name)
    exact = selection.exact_names()
    if exact is not None:
        assert selection.names(name) is (name in jobs)
        assert all(map(selection.names, exact))


@given(st.text(alphabet="*?[]!-abz\n", min_size=1), st.text(alphabet="abz*\n"))
@settings(max_examples=120)
def test_any_pattern_matches_or_is_refused(pattern: t.Any, name: t.Any) -> None:
    message = refusal(lambda: select([pattern], Window(0, 1)).names(name))
    assert message is None or "which is not a pattern" in message or not pattern.strip()


INSTANCES = st.builds(
    instance,
    st.sampled_from(Status),
    SECONDS,
    SECONDS,
    instance_type=st.one_of(st.none(), st.sampled_from(InstanceType)),
    status_text=st.one_of(st.none(), st.text()),
)
RECORDS = st.builds(
    attempt,
    st.sampled_from([outcome.value for outcome in Outcome]),
    st.integers(-200, 200),
    before=INSTANCES,
    number=st.integers(1, 5),
    batch=st.integers(1, 3),
    last=st.integers(-200, 200),
    message=st.text(),
)
POLICIES = st.builds(
    policy,
    statuses=st.frozensets(st.sampled_from(Status), max_size=4),
    attempts=st.integers(1, 4),
    attempt_delay_ms=st.integers(0, 90_000),
    settle_ms=st.integers(0, 90_000),
    hold_off_until=st.one_of(st.none(), st.integers(at(-100), at(200))),
    clock_slack_ms=st.sampled_from([0, 30_000]),
)


@given(INSTANCES, POLICIES, st.integers(-100, 400), st.one_of(st.none(), RECORDS))
@settings(max_examples=120)
def test_every_decision_explains_itself_and_no_rule_is_broken(listed: t.Any, wanted: t.Any, now: t.Any, record: t.Any) -> None:
    decision = decide(listed, wanted, at(now), record)
    assert decision == decide(listed, wanted, at(now), record)
    assert decision.instance is listed
    assert decision.reason == printable(decision.reason, 10_000)
    assert decision.due_ms is None or (decision.due_ms > at(now) and decision.action in (Action.WAIT, Action.SETTLING))
    if listed.status.in_progress:
        assert decision.action is Action.WAIT
    if decision.action is Action.DONE:
        assert listed.status.succeeded
    if decision.action is not Action.RETRY:
        return
    assert listed.status in wanted.statuses
    assert listed.instance_type is not InstanceType.MANUAL
    assert wanted.hold_off_until is None or at(now) >= wanted.hold_off_until
    assert 1 <= decision.attempts <= max(wanted.attempts, record.number if record else 1)
    if record is not None and record.failure == Failure.of(listed):
        assert decision.superseded == record, "or the journal would refuse the claim"
    else:
        assert decision.superseded is None
    if (
        record is not None
        and record.outcome is not Outcome.NOT_EXECUTED
        and record.sent_ms >= wanted.since
        and compare(listed, record) is not Comparison.CHANGED
    ):
        assert compare(listed, record) is Comparison.UNCHANGED
        assert record.outcome in (Outcome.UNKNOWN, Outcome.INTENDED, Outcome.CONFLICTED) or (
            record.outcome is Outcome.REJECTED and record.batch > 1
        )
        assert at(now) >= max(record.sent_ms, record.last_ms) + wanted.settle_ms


@given(SECONDS, SECONDS, st.integers(0, 90_000), st.integers(1, 4), st.integers(1, 3), st.lists(st.integers(0, 600), max_size=6))
def test_what_was_accepted_and_has_not_changed_is_never_sent_again(
    start: t.Any, end: t.Any, settle: t.Any, attempts: t.Any, batch: t.Any, later: t.Any
) -> None:
    listed, wanted = instance(Status.FAIL, start, end), policy(settle_ms=settle, attempts=attempts)
    decision = decide(listed, wanted, at(201), None)
    assert decision.action is (Action.RETRY if start is None or start < 0 or attempts > 1 else Action.FAILED_AGAIN)
    record = dataclasses.replace(intent(listed, 201, number=decision.attempts, batch=batch), outcome=Outcome.ACCEPTED)
    for seconds in later:
        assert decide(listed, wanted, at(201 + seconds), record).action in (Action.SETTLING, Action.WAIT)


@given(RECORDS, POLICIES, st.integers(-100, 400))
def test_what_vanished_is_never_sent_and_never_done(record: t.Any, wanted: t.Any, now: t.Any) -> None:
    assert decide_missing(record, wanted, at(now)).action in (Action.SETTLING, Action.REJECTED, Action.UNKNOWN)


class Service:
    """The service's side of one instance: how often it was really rerun, and what a list shows at which time. Times are seconds after since."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.chance = chance
        self.number = number
        # (time from which the list shows it, instance), oldest first
        self.shown = [(-10_000.0, instance(number=number, instance_id=chance.choice([None, "1"])))]
        self.free_at = -3000.0  # when its last run ends
        self.last = Status.FAIL
        self.reruns = 0
        self.ours = 0
        self.conflict = False
        self.collisions = 0

    def overtake(self, when: float, delay: float) -> None:
        """Let somebody else rerun the instance, if it has failed and is not in progress."""
        if when >= self.free_at and self.last is Status.FAIL:
            self.rerun(when, delay, ours=False)

    def rerun(self, when: float, delay: float, *, ours: bool = True) -> None:
        """Rerun the instance. For *delay* seconds the list does not show it; then it shows waiting, running and the end, each at its time.

        The instance may get another submit_time or instance_id, and an undocumented status while it starts.
        """
        self.ours += ours
        if when < self.free_at or self.last is not Status.FAIL:
            self.collisions += 1
        self.reruns += 1
        old = self.shown[-1][1]
        start = when + self.chance.choice([0, 0.001, 3, 20])
        end = start + self.chance.choice([2, 15, 200])
        self.last = self.chance.choice([Status.FAIL, Status.FAIL, Status.SUCCESS])
        new = self.renamed(old)
        waiting = {"start_time": self.chance.choice([None, old.start_time]), "end_time": self.chance.choice([None, old.end_time])}
        begun = self.chance.choice([Status.WAITING, Status.WAITING, Status.UNKNOWN])
        for begin, status, times in (
            (when, begun, waiting),
            (start, Status.RUNNING, {"start_time": at(start), "end_time": None}),
            (end, self.last, {"start_time": at(start), "end_time": at(end)}),
        ):
            text = "queueing" if status is Status.UNKNOWN else status.value
            self.shown.append((max(begin, when + delay), dataclasses.replace(new, status=status, status_text=text, **times)))
        self.free_at = end

    def renamed(self, old: JobInstance) -> JobInstance:
        submit_time, instance_id = old.key.submit_time, old.instance_id
        if self.chance.random() < 0.4:
            submit_time += self.chance.choice([1, 1000, 90_000_000])
        if instance_id is not None and self.chance.random() < 0.3:
            instance_id = str(int(instance_id) + 1)
        return dataclasses.replace(old, key=old.key._replace(submit_time=submit_time), instance_id=instance_id)

    def listed(self, now: float) -> JobInstance:
        return [shown for begin, shown in self.shown if begin <= now][-1]


class Journal:
    """A journal in a dict: at most one open attempt per failure, and claims and outcomes are kept."""

    def __init__(self) -> None:
        self.open: dict[Failure, Attempt] = {}
        self.newest: dict[tuple[t.Any, ...], Attempt] = {}
        self.covered: int | None = None
        self.claims = 0

    def claim(self, made: Attempt, superseded: Attempt | None) -> Attempt | None:
        standing = self.open.get(made.failure)
        if self.known_by(standing) != self.known_by(superseded):
            return None
        self.claims += 1
        return self.keep(dataclasses.replace(made, attempt_id=self.claims))

    def known_by(self, record: Attempt | None) -> t.Any:
        return None if record is None else (record.attempt_id, record.outcome, record.journal_ms)

    def keep(self, record: Attempt) -> Attempt:
        failure = record.failure
        self.open[failure] = record
        name = (failure.key, failure.instance_id)
        if name not in self.newest or (self.newest[name].attempt_id or 0) <= (record.attempt_id or 0):
            self.newest.pop(name, None)
            self.newest[name] = record
        return record


#: Fault -> the kind of error in which the request ends; None if it is accepted. All other faults are ambiguous.
KINDS = {"none": None, "rejected": Kind.INVALID, "conflict": Kind.ALREADY_RUNNING, "throttled": Kind.THROTTLED}


class Run:
    """A simulated run: the passes of all plays that have the same since and share a journal."""

    def __init__(self, seed: int, attempts: int, batch_size: int, max_parallel: int | None) -> None:
        self.chance = random.Random(seed)
        self.services = {key(number).plan_time: Service(number, self.chance) for number in range(3)}
        self.attempts, self.limits = attempts, Limits(batch_size=batch_size, max_parallel=max_parallel)
        self.now = 1.0
        self.since = 0.0
        self.since_given = False
        self.rejected: set[int] = set()
        self.journal = Journal()
        self.journal_ahead = 0.0  # seconds that the journal's clock is ahead of the service's; it may step

    def decisions(self) -> list[Decision]:
        listed = with_twins([service.listed(self.now) for service in self.services.values()])
        now, since = at(self.now), at(self.since)
        complete = complete_since(self.journal.covered, now, since, since_given=self.since_given)
        until = hold_off_until(since, now, complete, SETTLE)
        wanted = Policy(since, FAIL, SETTLE, attempts=self.attempts, hold_off_until=until)
        known = [on_both_clocks(record, now, self.journal_ms()) for record in self.journal.newest.values()]
        matched, missing = newest_attempts(listed, known)
        gone = [decide_missing(record, wanted, now) for record in missing if record.sent_ms >= since]
        return [*(decide(seen, wanted, now, matched.get(seen.key)) for seen in listed), *gone]

    def journal_ms(self) -> int:
        return at(self.now + self.journal_ahead)

    def claimed(self, decision: Decision, batch: int) -> Attempt | None:
        made = intent(decision.instance, self.now, number=decision.attempts, batch=batch, again=decision.rerun)
        return self.journal.claim(dataclasses.replace(made, journal_ms=self.journal_ms()), decision.superseded)

    def event(self, kind: str, detail: t.Any) -> None:
        if kind == "pass":
            self.one_pass(detail)
        elif kind == "time":
            self.now += detail
        else:
            self.journal_ahead = detail

    def planned(self) -> Plan:
        """List the instances, read the journal, and plan the reruns."""
        plan = limited(self.decisions(), self.limits)
        if self.journal.covered is None:
            self.journal.covered = complete_since(None, at(self.now), at(self.since), since_given=self.since_given)
        return plan

    def one_pass(self, fault: str) -> None:
        self.send(self.planned(), fault)

    def send(self, plan: Plan, fault: str) -> None:
        for batch in plan.batches:
            kind = fault if self.chance.random() < 0.6 else "none"
            if kind == "killed while claiming":
                return  # the transaction was not committed
            claims = [self.claimed(decision, len(batch.decisions)) for decision in batch.decisions]
            claimed = [record for record in claims if record is not None]
            if kind == "killed before sending":
                return
            if claimed and not self.post(kind, claimed):
                return
            self.now += 0.01

    def post(self, kind: str, claimed: list[Attempt]) -> bool:
        """Send one request and record its outcome. Return False if the process was killed before it was recorded."""
        delay = self.chance.choice([0, 0, 5, 29])
        took = self.chance.choice([0.05, 30.0]) if kind in ("lost", "answer lost", "killed after sending") else 0.05
        names = [record.failure.plan_time for record in claimed]
        executed = {
            "none": names,
            "answer lost": names,
            "killed after sending": names,
            "rejected": names[1:] if self.chance.random() < 0.5 else [],
        }.get(kind, [])
        if kind == "rejected" and len(names) == 1:
            self.rejected.add(names[0])
        if kind == "conflict":
            self.services[names[0]].overtake(self.now, delay)
            executed = names[1:] if self.chance.random() < 0.5 else []
            for name in names:
                self.services[name].conflict = True
        for name in executed:
            self.services[name].rerun(self.now + took, delay)
        if kind == "killed after sending":
            return False
        self.now += took
        error = KINDS.get(kind, Kind.AMBIGUOUS)
        outcome, conflict = (Outcome.ACCEPTED, False) if error is None else outcome_of(error, len(claimed))
        if self.chance.random() < 0.1:  # killed before the outcome is recorded
            return False
        unknown = outcome is Outcome.UNKNOWN
        for record in claimed:
            times: dict[str, t.Any] = {"last_ms": at(self.now), "journal_ms": max(record.journal_ms, self.journal_ms())} if unknown else {}
            self.journal.keep(dataclasses.replace(record, outcome=outcome, conflict_in_batch=conflict, request_id="r", **times))
        return True

    def finish(self) -> dict[int, Decision]:
        """Run passes without faults until no decision is open, and return the decisions by plan time."""
        for _pass in range(200):
            self.one_pass("none")
            decisions = self.decisions()
            if not any(decision.action.open for decision in decisions):
                assert len(decisions) == len(self.services), decisions
                return {decision.instance.key.plan_time: decision for decision in decisions}
            self.now += 7
        raise AssertionError(f"still open after 200 passes: {decisions}")


FAULTS = ["none", "rejected", "conflict", "lost", "answer lost", "throttled"]
FAULTS += ["killed while claiming", "killed before sending", "killed after sending"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.sampled_from(FAULTS)),
        st.tuples(st.just("time"), st.sampled_from([0.001, 1, 10, 31, 61, 300])),
        st.tuples(st.just("clock"), st.sampled_from([-300, -5, -0.003, 0, 0.003, 5, 300])),
    ),
    max_size=25,
)


def check(run: Run) -> dict[int, Decision]:
    """Finish the run and assert that no instance was started while it ran or after it had succeeded, and that every report is true."""
    final = run.finish()
    for name, service in run.services.items():
        decision = final[name]
        assert service.collisions == 0, (service.number, decision)
        assert service.reruns <= run.attempts
        if decision.action is Action.DONE:
            assert (service.last, service.reruns >= 1) == (Status.SUCCESS, True)
        elif decision.action is Action.FAILED_AGAIN:
            assert service.last is Status.FAIL
            assert service.reruns >= run.attempts
        else:
            assert (decision.action, name in run.rejected) == (Action.REJECTED, True)
    return final


def tells_whose(decision: Decision, service: Service) -> bool:
    """Whether ``rerun`` of the decision is true: the rerun was ours, or not, or unknown after a conflict.

    If somebody else's rerun collided with our request, and our process died before the answer was recorded, it may be taken for ours.
    """
    lost = decision.attempt is not None and decision.attempt.outcome is Outcome.INTENDED
    return decision.rerun is (service.ours > 0) or (service.conflict and (decision.rerun is None or lost))


@given(st.integers(0, 10**9), EVENTS, st.integers(1, 3), st.integers(1, 3), st.sampled_from([None, 1, 2]))
@settings(max_examples=120)
def test_a_run_with_every_fault_reruns_nothing_twice_and_loses_nothing(
    seed: int, events: t.Any, attempts: int, batch_size: int, max_parallel: int | None
) -> None:
    run = Run(seed, attempts, batch_size, max_parallel)
    for kind, detail in events:
        run.event(kind, detail)
    for name, decision in check(run).items():
        service = run.services[name]
        assert tells_whose(decision, service), (service.ours, decision)


@given(st.integers(0, 10**9), EVENTS, EVENTS, st.integers(1, 3))
@settings(max_examples=100)
def test_a_run_continued_on_another_machine_reruns_nothing_twice(seed: int, events: t.Any, later: t.Any, batch_size: int) -> None:
    run = Run(seed, 1, batch_size, None)
    for half in (events, later):
        for kind, detail in half:
            run.event(kind, detail)
        if half is events:
            run.now += 31  # the request that was in flight when the first machine died has ended
            run.since_given = True
            run.rejected.clear()
            run.journal = Journal()
    check(run)


@given(
    st.integers(0, 10**9),
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(FAULTS), st.sampled_from([0.001, 0.2, 5, 61]), st.sampled_from([None, 0, 0.5, 20])),
        max_size=25,
    ),
    st.integers(1, 900),
)
@settings(max_examples=100)
def test_two_plays_that_begin_in_the_same_second_rerun_nothing_twice(seed: int, events: t.Any, later_ms: int) -> None:
    """This includes a play that planned before the other one sent, and sends after it."""
    run = Run(seed, 1, 2, None)
    begin = run.since, later_ms / 1000
    run.now = 0.0
    for second, fault, pause, outdated in events:
        run.since = begin[second]
        run.now = max(run.now, run.since)
        plan = run.planned()
        if outdated is not None:
            run.since = begin[not second]
            run.now = max(run.now, run.since)
            run.one_pass(fault)
            run.now += outdated
            run.since = begin[second]
        run.send(plan, fault)
        run.now += pause
    for since in begin:
        run.since = since
        check(run)


def spoiled(run: Run, fault: str) -> bool:
    """Whether a run with *fault* in each of its first passes fails :func:`check`: it starts an instance twice, or does not end."""
    try:
        for _pass in range(8):
            run.one_pass(fault)
            run.now += 1
        check(run)
    except AssertionError:
        return True
    return False


def test_the_simulation_notices_a_settle_time_that_is_missing(monkeypatch: t.Any) -> None:
    """Without a settle time, many of the same runs start an instance twice. So the check can fail."""
    assert not any(spoiled(Run(seed, 3, 2, None), "answer lost") for seed in range(25))
    monkeypatch.setitem(globals(), "SETTLE", 0)
    assert sum(spoiled(Run(seed, 3, 2, None), "answer lost") for seed in range(25)) > 8


def test_the_simulation_notices_a_journal_that_claims_anything(monkeypatch: t.Any) -> None:
    """Without the unique index, an outdated plan starts again what another run has started in the meantime."""

    def race(seed: int) -> bool:
        run = Run(seed, 1, 2, None)
        plan = run.planned()
        run.one_pass("none")
        run.send(plan, "none")
        return any(service.reruns > 1 for service in run.services.values())

    assert not any(race(seed) for seed in range(25))
    monkeypatch.setattr(Journal, "claim", lambda self, made, _superseded: self.keep(made))
    assert sum(race(seed) for seed in range(25)) > 8


def test_the_simulation_notices_an_instance_that_is_not_followed(monkeypatch: t.Any) -> None:
    """If instances are matched by their keys alone, the rerun of an instance that got another key is missed, or sent again."""

    def by_key(listed: t.Iterable[JobInstance], attempts: t.Iterable[Attempt]) -> t.Any:
        known = {record.failure.key: record for record in attempts}
        matched = {seen.key: known.pop(seen.key) for seen in listed if seen.key in known}
        return matched, list(known.values())

    assert not any(spoiled(Run(seed, 3, 2, None), "none") for seed in range(25))
    monkeypatch.setitem(globals(), "newest_attempts", by_key)
    assert sum(spoiled(Run(seed, 3, 2, None), "none") for seed in range(25)) > 8
