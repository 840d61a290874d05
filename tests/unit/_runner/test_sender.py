# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent of a batch of which another run has claimed a part."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import Accepted
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.server_clock import ServiceClock
from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Failure, Intent, Outcome
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance
from ansible_collections.dataarts.factory.plugins.module_utils._models.run_scope import RunScope
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import History
from ansible_collections.dataarts.factory.plugins.module_utils._runner import sender
from ansible_collections.dataarts.factory.plugins.module_utils._runner.snapshot import Snapshot
from tests.unit.building import SINCE, T, at, instance

Post = Callable[[t.Sequence[JobInstance]], Accepted]


class Setting:
    """A run with a journal, and another run that shares it.

    :ivar posted: instance_ids of what was sent.
    """

    def __init__(self, path: Path) -> None:
        self.journal = Journal(str(path / "journal.db"), password=None, project_id="p")
        self.elapsed = 0.0
        self.clock = ServiceClock(wall=lambda: T / 1000, elapsed=lambda: self.elapsed)
        self.client = Client(None, clock=self.clock)
        self.posted: list[str | None] = []

    def sender(self) -> sender.Sender:
        scope = RunScope(SINCE, False, Window(0, T))
        seen = Snapshot((), T, stopwatch(), scope, History({}, {}), (), uncovered=False)
        return sender.Sender(self.journal, self.client, seen, sender.RunIdentity("run-1", "here", "me"))

    def post(self, instances: t.Sequence[JobInstance]) -> Accepted:
        assert self.client.before_each_write is not None
        self.client.before_each_write()
        self.posted += [listed.instance_id for listed in instances]
        return Accepted("r-1", "v2")

    def claim_elsewhere(self, listed: JobInstance, supersedes: Attempt | None = None) -> Attempt:
        """Another run claims the failure of *listed*."""
        made = Attempt(Failure.of(listed), listed.job_name, "run-2", SINCE, 1, 1, T, T, 0)
        (claimed,) = self.journal.claim([Intent(made, supersedes)])
        assert claimed is not None
        return claimed

    def outcomes(self) -> dict[tuple[str, str | None], Outcome]:
        """(run, instance_id) of each attempt, and its outcome."""
        return {(attempt.run_id, attempt.failure.instance_id): attempt.outcome for attempt in self.journal.history()}


@pytest.fixture
def setting(tmp_path: Path) -> t.Iterator[Setting]:
    made = Setting(tmp_path)
    yield made
    made.journal.close()


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
    """The service might rerun the other run's once more. What is not sent is free for the next pass."""
    decisions = due(*(instance(number=1, instance_id=name) for name in ("a", "b")), instance(number=2, instance_id="c"))
    setting.claim_elsewhere(decisions[claimed].instance)
    exchange = setting.sender().send(decisions, setting.post)
    assert setting.posted == ["c"]
    assert [decision.action for decision in exchange.after] == [Action.SETTLING, Action.SETTLING, Action.RETRY]
    taken, left = ("a", "b") if claimed == 0 else ("b", "a")
    assert setting.outcomes() == {
        ("run-2", taken): Outcome.INTENDED,
        ("run-1", left): Outcome.NOT_EXECUTED,
        ("run-1", "c"): Outcome.ACCEPTED,
    }


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
    """The service asks to wait, and its Date steps with that answer. Meanwhile another run takes the claim over."""
    began = stopwatch()
    monkeypatch.setattr(sender, "stopwatch", lambda: began + setting.elapsed)
    (decision,) = due(instance(number=1, instance_id="1"))
    setting.clock.learn(at(0), 0.0, 0.0)

    def post(instances: t.Sequence[JobInstance]) -> Accepted:
        assert setting.client.before_each_write is not None
        setting.client.before_each_write()
        setting.elapsed = 5.0
        setting.clock.learn(at(5 + step), 5.0, 5.0)
        (seen,) = setting.journal.history()
        setting.claim_elsewhere(decision.instance, seen)
        return setting.post(instances)

    exchange = setting.sender().send([decision], post)
    assert (setting.posted, [after.action for after in exchange.after]) == ([], [Action.SETTLING])
