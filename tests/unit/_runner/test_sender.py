# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for a batch of which another run has claimed a part."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, JournalError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.server_clock import ServiceClock
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Failure, Intent, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import RunScope, Since
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import History
from ansible_collections.dataarts.factory.plugins.module_utils._planner.quiet_hours import QuietSpan
from ansible_collections.dataarts.factory.plugins.module_utils._runner import sender, write
from ansible_collections.dataarts.factory.plugins.module_utils._runner.snapshot import Snapshot
from tests.unit.building import SINCE, T, at, instance

Post = Callable[[t.Sequence[JobInstance]], t.Optional[str]]


class Setting:
    """A run with a journal, and another run that shares it.

    :ivar posted: instance_ids that were sent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "journal.db"
        self.journal, self.other = (Journal(str(self.path), password=None, project_id="p") for _run in range(2))
        self.elapsed = 0.0
        self.clock = ServiceClock(wall=lambda: T / 1000, elapsed=lambda: self.elapsed)
        self.client = Client(None, clock=self.clock)
        self.posted: list[str | None] = []

    def sender(self) -> sender.Sender:
        scope = RunScope(Since(SINCE, given=False), Window(0, T))
        seen = Snapshot((), T, stopwatch(), scope, History({}, {}), (), uncovered=False)
        return sender.Sender(self.journal, self.client, seen, sender.RunIdentity("run-1", "here", "me"))

    def post(self, instances: t.Sequence[JobInstance]) -> str | None:
        self.ask()
        self.posted += [listed.instance_id for listed in instances]
        return "r-1"

    def ask(self) -> None:
        """Ask the guard, as the client does just before the first byte of a write."""
        assert self.client.guard is not None
        self.client.guard()

    def claim_elsewhere(self, listed: JobInstance, supersedes: Attempt | None = None) -> Attempt:
        """Let another run claim the failure of *listed*."""
        made = Attempt(Failure.of(listed), listed.job_name, "run-2", SINCE, 1, 1, T, T, 0)
        self.other.read([made.failure.workspace_id], Window(0, T), T)
        (claimed,) = self.other.claim([Intent(made, supersedes)])
        assert claimed is not None
        return claimed

    def seen_by_others(self) -> dict[str | None, Outcome]:
        """instance_id -> outcome of its attempt, as another run reads it."""
        return {attempt.failure.instance_id: attempt.outcome for attempt in self.other.history()}

    def outcomes(self) -> dict[tuple[str, str | None], Outcome]:
        """(run, instance_id) -> outcome of the attempt."""
        return {(attempt.run_id, attempt.failure.instance_id): attempt.outcome for attempt in self.journal.history()}


@pytest.fixture
def setting(tmp_path: Path) -> t.Iterator[Setting]:
    made = Setting(tmp_path)
    yield made
    made.journal.close()
    made.other.close()


def due(*instances: JobInstance) -> list[Decision]:
    return [Decision(listed, Action.RETRY, "failed", attempts=1) for listed in with_twins(instances)]


def test_what_another_run_has_claimed_is_left_out_of_the_request(setting: Setting) -> None:
    decisions = due(*(instance(number=number, instance_id=str(number)) for number in (1, 2, 3)))
    setting.claim_elsewhere(decisions[1].instance)
    exchange = setting.sender().send(decisions, setting.post)
    assert setting.posted == ["1", "3"]
    assert [decision.action for decision in exchange.after] == [Action.RETRY, Action.SETTLING, Action.RETRY]


@pytest.mark.parametrize("claimed", [0, 1])
def test_a_twin_is_not_sent_by_the_key_of_one_that_another_run_has_claimed(setting: Setting, claimed: int) -> None:
    """The service might rerun the other run's instance once more. The unsent instance is free for the next pass, which knows about the other run."""
    decisions = due(*(instance(number=1, instance_id=name) for name in ("a", "b")), instance(number=2, instance_id="c"))
    setting.claim_elsewhere(decisions[claimed].instance)
    exchange = setting.sender().send(decisions, setting.post)
    assert setting.posted == ["c"]
    assert [decision.action for decision in exchange.after] == [Action.SETTLING, Action.SETTLING, Action.RETRY]
    assert setting.outcomes() == {("run-2", "ab"[claimed]): Outcome.INTENDED, ("run-1", "c"): Outcome.ACCEPTED}


def test_one_of_twins_whose_earlier_attempt_was_recorded_meanwhile_holds_back_the_other(setting: Setting) -> None:
    decisions = due(*(instance(number=1, instance_id=name) for name in ("a", "b")), instance(number=2, instance_id="c"))
    earlier = setting.claim_elsewhere(decisions[0].instance)
    setting.journal.read([earlier.failure.workspace_id], Window(0, T), T)
    decisions[0] = dataclasses.replace(decisions[0], superseded=earlier)
    setting.other.record([earlier], Outcome.ACCEPTED, now_ms=T)
    exchange = setting.sender().send([decisions[1], decisions[0], decisions[2]], setting.post)
    assert setting.posted == ["c"]
    assert [decision.action for decision in exchange.after] == [Action.SETTLING, Action.SETTLING, Action.RETRY]
    assert ("run-1", "a") not in setting.outcomes()


def test_of_twins_that_are_rerun_one_by_one_the_second_is_claimed_after_the_first(setting: Setting) -> None:
    sender_of_run = setting.sender()
    for decision in due(*(instance(number=1, instance_id=name) for name in ("a", "b"))):
        (after,) = sender_of_run.send([dataclasses.replace(decision, by_id=True, alone=True)], setting.post).after
        assert after.action is Action.RETRY
    assert setting.posted == ["a", "b"]


def test_a_request_that_means_all_is_not_sent_without_one_of_them(setting: Setting) -> None:
    decisions = due(*(instance(number=number, instance_id=str(number)) for number in (1, 2, 3)))
    setting.claim_elsewhere(decisions[1].instance)
    exchange = setting.sender().send(decisions, setting.post, whole=True)
    assert (setting.posted, {decision.action for decision in exchange.after}) == ([], {Action.SETTLING})
    assert [setting.outcomes()["run-1", name] for name in ("1", "3")] == [Outcome.NOT_EXECUTED] * 2


@pytest.mark.parametrize("step", [0, -30, 30])
def test_a_repeated_request_needs_its_claim_whatever_the_services_clock_does(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The service answers 429, and its Date jumps with that answer. Meanwhile another run takes the claim over."""
    began = stopwatch()
    monkeypatch.setattr(write, "stopwatch", lambda: began + setting.elapsed)
    (decision,) = due(instance(number=1, instance_id="1"))
    setting.clock.learn(at(0), 0.0, 0.0)

    def post(instances: t.Sequence[JobInstance]) -> str | None:
        setting.ask()
        setting.elapsed = 5.0
        setting.clock.learn(at(5 + step), 5.0, 5.0)
        (seen,) = setting.journal.history()
        setting.claim_elsewhere(decision.instance, seen)
        return setting.post(instances)

    exchange = setting.sender().send([decision], post)
    assert (setting.posted, [after.action for after in exchange.after]) == ([], [Action.SETTLING])


class TestAcceptedIsRecordedLater:
    """Acceptance is recorded with the next claim, or at the end; sharing the transaction makes requests cheap."""

    def test_with_the_next_claim(self, setting: Setting) -> None:
        first, second = due(instance(number=1, instance_id="1"), instance(number=2, instance_id="2"))
        sending = setting.sender()
        assert sending.send([first], setting.post).after[0].attempt.outcome is Outcome.ACCEPTED  # type: ignore[union-attr]
        assert setting.seen_by_others() == {"1": Outcome.INTENDED}

        def post(instances: t.Sequence[JobInstance]) -> str | None:
            assert setting.seen_by_others() == {"1": Outcome.ACCEPTED, "2": Outcome.INTENDED}
            return setting.post(instances)

        sending.send([second], post)
        sending.flush()
        sending.check()
        assert setting.seen_by_others() == {"1": Outcome.ACCEPTED, "2": Outcome.ACCEPTED}

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
    def test_when_the_journal_is_closed_whatever_ends_the_run(self, setting: Setting, error: type[BaseException]) -> None:
        with pytest.raises(error), setting.journal:
            setting.sender().send(due(instance(number=1, instance_id="1")), setting.post)
            raise error
        assert setting.seen_by_others() == {"1": Outcome.ACCEPTED}

    def test_before_this_run_reads(self, setting: Setting) -> None:
        setting.sender().send(due(instance(number=1, instance_id="1")), setting.post)
        assert setting.outcomes() == setting.outcomes() == {("run-1", "1"): Outcome.ACCEPTED}

    def test_what_is_not_accepted_is_recorded_at_once(self, setting: Setting) -> None:
        def refused(_instances: t.Sequence[JobInstance]) -> str | None:
            raise ApiError(Kind.INVALID, "no")

        sending = setting.sender()
        sending.send(due(instance(number=1, instance_id="1")), setting.post)
        sending.send(due(instance(number=2, instance_id="2")), refused)
        assert setting.seen_by_others() == {"1": Outcome.ACCEPTED, "2": Outcome.REJECTED}

    def test_that_it_cannot_be_recorded_is_said_and_nothing_more_is_sent(self, setting: Setting) -> None:
        sending = setting.sender()
        sending.send(due(instance(number=1, instance_id="1")), setting.post)
        setting.path.unlink()
        with pytest.raises(JournalError, match=r"replaced or removed.* What was sent is in the result; the next run settles it"):
            sending.send(due(instance(number=2, instance_id="2")), setting.post)
        sending.flush()
        with pytest.raises(JournalError, match="What was sent is in the result"):
            sending.check()
        assert setting.posted == ["1"]


def test_a_claim_says_how_long_its_request_may_be_in_flight(setting: Setting) -> None:
    """Even with settle_time 0, another run must not take over an attempt that is being sent; see test_reconcile.py."""
    setting.client.read_timeout = 7.0

    def post(instances: t.Sequence[JobInstance]) -> str | None:
        (seen,) = setting.other.read([instances[0].key.workspace_id], Window(0, T), T).attempts
        assert (seen.outcome, seen.settle_window_end(0) - seen.last_ms, seen.settle_window_end(60_000) - seen.last_ms) == (
            Outcome.INTENDED,
            int((write.STAMP_SECONDS + 7) * 1000),
            60_000,
        )
        return setting.post(instances)

    (after,) = setting.sender().send(due(instance(number=1, instance_id="1")), post).after
    assert after.attempt is not None
    assert after.attempt.settle_window_end(0) == after.attempt.last_ms, "once there is an outcome"


def test_nothing_is_sent_once_quiet_hours_have_begun_not_even_a_request_that_waits_to_be_repeated(setting: Setting) -> None:
    now: list[QuietSpan | None] = [None]
    scope = RunScope(Since(SINCE, given=False), Window(0, T))
    seen = Snapshot((), T, stopwatch(), scope, History({}, {}), (), uncovered=False)
    made = sender.Sender(setting.journal, setting.client, seen, sender.RunIdentity("run-1", "here", "me"), lambda: now[0])
    first, second, third = due(*(instance(number=number, instance_id=str(number)) for number in (1, 2, 3)))
    assert made.send([first], setting.post).error is None
    assert made.obstacle() is None

    def begins_meanwhile(instances: t.Sequence[JobInstance]) -> str | None:
        now[0] = QuietSpan(at(3600), "04:00-05:00 UTC")
        return setting.post(instances)

    for decision, post in ((second, begins_meanwhile), (third, setting.post)):
        exchange = made.send([decision], post)
        assert exchange.error is not None
        assert exchange.error.kind is Kind.STALE
        assert exchange.after[0].action is Action.WAIT
        assert "quiet hours 04:00-05:00 UTC (not_between) until" in exchange.after[0].reason
    made.flush()
    assert setting.posted == ["1"]
    assert setting.outcomes() == {("run-1", "1"): Outcome.ACCEPTED, ("run-1", "2"): Outcome.NOT_EXECUTED}
