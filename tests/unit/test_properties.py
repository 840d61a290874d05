# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every text, every history and every order of events: times, selections, decisions, the ledger, and a whole run.

The run is simulated: a small model of the service, passes that decide with the collection's own functions, and everything that can
happen in between. The model alone judges: it knows how often each instance was really started.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.text import printable
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import (
    FIRST_MS,
    LAST_MS,
    Window,
    parse_point,
    parse_time,
    to_iso,
)
from ansible_collections.dataarts.factory.plugins.module_utils._journal.ledger_lines import header_line, intent_line, outcome_line, parse
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import OUTCOMES, Movement, Sent, compare
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import parse_statuses, parse_types, select
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits, plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Policy, decide, decide_missing
from tests.unit.building import FAIL, SETTLE, at, instance, key, policy, sent

WIRE = st.integers(FIRST_MS, LAST_MS)
SECONDS = st.one_of(st.none(), st.integers(-200, 200))
#: Texts that look like times, among them texts that are.
NEAR_TIMES = st.from_regex(r"\A[-+]?[0-9]{0,14}[smhdwTZ :.+-]{0,3}[0-9:.TZ+-]{0,16}\Z")


@given(WIRE)
def test_a_time_for_people_reads_back_as_itself(ms: t.Any) -> None:
    assert parse_point(to_iso(ms), option="x") == ms
    assert parse_point(str(ms), option="x") == parse_point(ms, option="x") == ms


def refusal(call: t.Any) -> t.Any:
    """The message with which *call* refused its option, or None."""
    try:
        call()
    except OptionError as error:
        return str(error)
    return None


@given(st.one_of(st.text(), NEAR_TIMES, st.integers(), st.none(), st.floats(), st.booleans()), WIRE)
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
    one = instance(job_name=name)
    assert selection.matches(one) is selection.covers(name, one.key.plan_time) is selection.names(name)
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
    sent,
    st.sampled_from(sorted(OUTCOMES)),
    st.integers(-200, 200),
    before=INSTANCES,
    attempt=st.integers(1, 5),
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
    quiet_until=st.one_of(st.none(), st.integers(at(-100), at(200))),
)


@given(INSTANCES, POLICIES, st.integers(-100, 400), st.one_of(st.none(), RECORDS))
@settings(max_examples=120)
def test_every_decision_explains_itself_and_no_rule_is_broken(one: t.Any, wanted: t.Any, now: t.Any, record: t.Any) -> None:
    decision = decide(one, wanted, at(now), record)
    assert decision == decide(one, wanted, at(now), record)
    assert decision.instance is one
    assert decision.reason == printable(decision.reason, 10_000)
    assert decision.due_ms is None or (decision.due_ms > at(now) and decision.action in (Action.WAIT, Action.SETTLING))
    if one.status.in_progress:
        assert decision.action is Action.WAIT
    if decision.action is Action.DONE:
        assert one.status.succeeded
    if decision.action is not Action.RETRY:
        return
    assert one.status in wanted.statuses
    assert one.instance_type is not InstanceType.MANUAL
    assert wanted.quiet_until is None or at(now) >= wanted.quiet_until
    assert 1 <= decision.attempt <= max(wanted.attempts, record.attempt if record else 1)
    if (
        record is not None
        and record.outcome != "not_sent"
        and record.sent_ms >= wanted.since
        and compare(one, record) is not Movement.MOVED
    ):
        assert compare(one, record) is Movement.STAYED
        assert record.outcome in ("unknown", "intended") or (record.outcome == "refused" and record.batch > 1)
        assert at(now) >= max(record.sent_ms, record.last_ms) + wanted.settle_ms


@given(SECONDS, SECONDS, st.integers(0, 90_000), st.integers(1, 4), st.integers(1, 3), st.lists(st.integers(0, 600), max_size=6))
def test_what_was_accepted_and_has_not_moved_is_never_sent_again(
    start: t.Any, end: t.Any, settle: t.Any, attempts: t.Any, batch: t.Any, later: t.Any
) -> None:
    one, wanted = instance(Status.FAIL, start, end), policy(settle_ms=settle, attempts=attempts)
    decision = decide(one, wanted, at(201), None)
    assert decision.action is (Action.RETRY if start is None or start < 0 or attempts > 1 else Action.FAILED_AGAIN)
    record = dataclasses.replace(Sent.of(one, at(201), attempt=decision.attempt, batch=batch), outcome="accepted")
    for seconds in later:
        assert decide(one, wanted, at(201 + seconds), record).action in (Action.SETTLING, Action.WAIT)


@given(RECORDS, POLICIES, st.integers(-100, 400))
def test_what_vanished_is_never_sent_and_never_done(record: t.Any, wanted: t.Any, now: t.Any) -> None:
    assert decide_missing(record, wanted, at(now)).action in (Action.SETTLING, Action.REFUSED, Action.UNKNOWN)


@given(st.binary(max_size=300), st.lists(RECORDS, max_size=3), st.integers(0, 2000), st.booleans())
@settings(max_examples=120)
def test_any_bytes_are_a_ledger_or_none(noise: t.Any, records: t.Any, cut: t.Any, before: t.Any) -> None:
    raw = header_line(at(0), "h", "p", "w") + b"".join(map(intent_line, ([one] for one in records)))
    for mixed in (noise, raw[:cut] + noise, noise + raw if before else raw + noise):
        contents = parse(mixed, at(7))
        if contents is not None:
            assert contents.born_ms in (at(0), at(7)) or b'"born":' in noise
    torn = parse(raw[: max(cut, raw.index(b"\n") + 1)], at(7))
    assert torn is not None
    assert (torn.born_ms, torn.damaged) == (at(0), 0)


class Service:
    """One instance's truth, in seconds after since: how often it really ran, and what a list shows of it."""

    def __init__(self, number: t.Any, chance: t.Any) -> None:
        self.chance = chance
        self.number = number
        self.shown = [(-10_000.0, instance(number=number))]  # from when on the list shows what
        self.free_at = -3000.0  # when its last run ends
        self.last = Status.FAIL
        self.reruns = 0
        self.mine = 0
        self.overtaken = False
        self.collisions = 0

    def overtake(self, when: t.Any, delay: t.Any) -> None:
        """Somebody else starts it anew, if the service lets them."""
        if when >= self.free_at and self.last is Status.FAIL:
            self.rerun(when, delay, mine=False)

    def rerun(self, when: t.Any, delay: t.Any, *, mine: t.Any = True) -> None:
        """Start it anew; the list shows nothing of it for *delay* seconds, then waiting, running and the end, each at its time."""
        self.mine += mine
        if when < self.free_at or self.last is not Status.FAIL:
            self.collisions += 1
        self.reruns += 1
        old = self.shown[-1][1]
        start = when + self.chance.choice([0, 0.001, 3, 20])
        end = start + self.chance.choice([2, 15, 200])
        self.last = self.chance.choice([Status.FAIL, Status.FAIL, Status.SUCCESS])
        waiting = {"start_time": self.chance.choice([None, old.start_time]), "end_time": self.chance.choice([None, old.end_time])}
        for begin, status, times in (
            (when, Status.WAITING, waiting),
            (start, Status.RUNNING, {"start_time": at(start), "end_time": None}),
            (end, self.last, {"start_time": at(start), "end_time": at(end)}),
        ):
            self.shown.append((max(begin, when + delay), dataclasses.replace(old, status=status, status_text=status.value, **times)))
        self.free_at = end

    def look(self, now: t.Any) -> t.Any:
        return [one for begin, one in self.shown if begin <= now][-1]


class Run:
    """Plays of one since that share a ledger, one pass at a time."""

    def __init__(self, seed: t.Any, attempts: t.Any, batch_size: t.Any, max_parallel: t.Any) -> None:
        self.chance = random.Random(seed)
        self.services = {key(number): Service(number, self.chance) for number in range(3)}
        self.attempts, self.limits = attempts, Limits(batch_size=batch_size, max_parallel=max_parallel)
        self.now = 1.0
        self.since = 0.0
        self.explicit = False
        self.refused: set[InstanceKey] = set()
        self.fresh_ledger()

    def fresh_ledger(self) -> None:
        self.raw = header_line(at(self.now), "h", "p", "w")

    def decisions(self) -> t.Any:
        contents = parse(self.raw, at(self.now))
        assert contents is not None
        assert contents.damaged == 0
        quiet = contents.born_ms + SETTLE if self.explicit and at(self.since) < contents.born_ms else None
        wanted = Policy(at(self.since), FAIL, SETTLE, attempts=self.attempts, quiet_until=quiet)
        return [decide(one.look(self.now), wanted, at(self.now), contents.sent.get(name)) for name, one in self.services.items()]

    def one_pass(self, fault: t.Any) -> None:
        for batch in plan(self.decisions(), self.limits).batches:
            kind = fault if self.chance.random() < 0.6 else "none"
            keys = [one.key for one in batch.instances]
            intents = [
                Sent.of(one.instance, at(self.now), attempt=one.attempt, batch=len(keys), again=one.rerun) for one in batch.decisions
            ]
            line = intent_line(intents)
            if kind == "killed while writing":
                self.raw += line[: self.chance.randrange(len(line))]
                self.raw = self.raw[: self.raw.rindex(b"\n") + 1]
                return
            self.raw += line
            if kind == "killed before sending":
                return
            if not self.post(kind, keys):
                return
            self.now += 0.01

    def post(self, kind: t.Any, keys: t.Any) -> t.Any:
        """Send, take the answer, write it down; False if the process is dead."""
        delay = self.chance.choice([0, 0, 5, 29])
        took = self.chance.choice([0.05, 30.0]) if kind in ("lost", "answer lost", "killed after sending") else 0.05
        hit = {
            "none": keys,
            "answer lost": keys,
            "killed after sending": keys,
            "refused": keys[1:] if self.chance.random() < 0.5 else [],
        }.get(kind, [])
        if kind == "refused" and len(keys) == 1:
            hit = []
            self.refused.add(keys[0])
        if kind == "overtaken":
            self.services[keys[0]].overtake(self.now, delay)
            hit = keys[1:] if self.chance.random() < 0.5 else []
            for name in keys:
                self.services[name].overtaken = True
        for name in hit:
            self.services[name].rerun(self.now + took, delay)
        if kind == "killed after sending":
            return False
        self.now += took
        outcome = {"none": "accepted", "refused": "refused", "overtaken": "active", "throttled": "not_sent"}.get(kind, "unknown")
        line = outcome_line(keys, outcome, "r", at(self.now), "")
        if self.chance.random() < 0.1:  # killed while writing the outcome, which is not synced: the line is torn or gone
            self.raw = (self.raw + line[: self.chance.randrange(len(line))]).rpartition(b"\n")[0] + b"\n"
            return False
        self.raw += line
        return True

    def finish(self) -> t.Any:
        """Passes without faults until nothing is open."""
        for _pass in range(200):
            self.one_pass("none")
            decisions = self.decisions()
            if not any(one.action.open for one in decisions):
                return {one.instance.key: one for one in decisions}
            self.now += 7
        raise AssertionError(f"still open after 200 passes: {decisions}")


FAULTS = ["none", "refused", "overtaken", "lost", "answer lost", "throttled"]
FAULTS += ["killed while writing", "killed before sending", "killed after sending"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.sampled_from(FAULTS)), st.tuples(st.just("time"), st.sampled_from([0.001, 1, 10, 31, 61, 300]))
    ),
    max_size=25,
)


def check(run: t.Any) -> t.Any:
    """The model's verdict: nothing was started while it ran or after it had succeeded, and every report equals the truth."""
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
            assert (decision.action, name in run.refused) == (Action.REFUSED, True)
    return final


@given(st.integers(0, 10**9), EVENTS, st.integers(1, 3), st.integers(1, 3), st.sampled_from([None, 1, 2]))
@settings(max_examples=120)
def test_a_run_with_every_fault_reruns_nothing_twice_and_loses_nothing(
    seed: int, events: t.Any, attempts: int, batch_size: int, max_parallel: int | None
) -> None:
    run = Run(seed, attempts, batch_size, max_parallel)
    for kind, detail in events:
        if kind == "pass":
            run.one_pass(detail)
        else:
            run.now += detail
    for name, decision in check(run).items():
        service = run.services[name]
        assert decision.rerun is (service.mine > 0) or (decision.rerun is None and service.overtaken), (service.mine, decision)


@given(st.integers(0, 10**9), EVENTS, EVENTS, st.integers(1, 3))
@settings(max_examples=100)
def test_a_run_continued_on_another_machine_reruns_nothing_twice(seed: t.Any, events: t.Any, later: t.Any, batch_size: t.Any) -> None:
    run = Run(seed, 1, batch_size, None)
    for half in (events, later):
        for kind, detail in half:
            if kind == "pass":
                run.one_pass(detail)
            else:
                run.now += detail
        if half is events:
            run.now += 31  # the call that was on its way when the first machine died has ended
            run.explicit = True
            run.refused.clear()
            run.fresh_ledger()
    check(run)


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.booleans(), st.sampled_from(FAULTS), st.sampled_from([0.001, 0.2, 5, 61])), max_size=25),
    st.integers(1, 900),
)
@settings(max_examples=100)
def test_two_plays_that_begin_in_the_same_second_rerun_nothing_twice(seed: t.Any, events: t.Any, later_ms: t.Any) -> None:
    run = Run(seed, 1, 2, None)
    begin = run.since, later_ms / 1000
    run.now = 0.0
    run.fresh_ledger()
    for second, fault, pause in events:
        run.since = begin[second]
        run.now = max(run.now, run.since)
        run.one_pass(fault)
        run.now += pause
    for since in begin:
        run.since = since
        check(run)


def test_the_simulation_notices_a_rule_that_is_missing(monkeypatch: t.Any) -> None:
    """Without a settle time the same runs do start something twice: the verdict above can fail."""
    caught = 0
    monkeypatch.setitem(globals(), "SETTLE", 0)
    for seed in range(25):
        run = Run(seed, 3, 2, None)
        for _pass in range(8):
            run.one_pass("answer lost")
            run.now += 1
        run.finish()
        caught += any(service.collisions for service in run.services.values())
    assert caught > 8
