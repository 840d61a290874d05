# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps from decisions to requests, and their documented order."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import (
    account_spec,
    journal_spec,
    language_spec,
    rerun_spec,
    selection_spec,
    workspace_spec,
)
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, Slot
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner import pipeline
from ansible_collections.dataarts.factory.plugins.module_utils._planner.dependency_order import Beyond
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from ansible_collections.dataarts.factory.plugins.module_utils._planner.limits import Limits
from ansible_collections.dataarts.factory.plugins.module_utils._planner.pipeline import History, Order, assess, schedule
from ansible_collections.dataarts.factory.plugins.module_utils._planner.plan import Plan
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import SINCE, at, attempt, instance, key, policy

NOTHING = History({}, {})
#: Options that an approval does not cover: they show in the instances, are compared separately, or say who asks, how to read, and how long to watch.
NOT_APPROVED = {
    *account_spec(),
    *workspace_spec(),
    *journal_spec(),
    *language_spec(),
    *selection_spec(),
    *("statuses", "max_instances", "max_reruns_per_day", "downstream_depth", "other_workspaces"),
    *("since", "plan_id", "plan_record", "pass_state", "check_only", "purpose"),
    *("settle_time", "clock_slack", "reasons", "log_tail", "obs_endpoint"),
    *("batch_size", "deadline", "wait", "wait_timeout", "poll_interval"),
}


def options(**changes: t.Any) -> dict[str, t.Any]:
    return {**dict.fromkeys(rerun_spec()), **changes}


def decided(listed: t.Iterable[JobInstance], attempts: t.Mapping[InstanceKey, Attempt] | None = None, **changes: t.Any) -> list[Decision]:
    return [decide(seen, policy(**changes), at(40), (attempts or {}).get(seen.key)) for seen in listed]


def letters(plan: Plan) -> str:
    """The first letter of each action."""
    return "".join(decision.action.value[0] for decision in plan.decisions)


def edges(text: str) -> dict[InstanceKey, frozenset[InstanceKey]]:
    """``"1<0 2<01"``: 1 depends on 0, 2 on 0 and 1."""
    return {key(int(word[0])): frozenset(key(int(number)) for number in word[2:]) for word in text.split()}


def order(text: str, *, upstream_first: bool = True) -> Order:
    return Order(edges(text), Beyond(), upstream_first)


def planned(listed: t.Iterable[JobInstance], *, by_id: bool = False, **changes: t.Any) -> Plan:
    return assess(decided(listed), NOTHING, options(**changes), SINCE, by_id=by_id)


FOUR = [instance(number=number) for number in range(4)]


def test_the_documentation_names_the_steps_in_their_order() -> None:
    steps = re.findall(r"^([a-z ]+?)  +\S", str(pipeline.__doc__), re.MULTILINE)
    assert steps == [
        *(
            "decide",
            "hung instances",
            "downstream",
            "reasons policy",
            "daily limit",
            "twins",
            "approval",
            "start node",
            "dependency order",
            "urgency",
            "limits",
            "quiet hours",
            "batches",
        )
    ]


def test_without_anything_in_the_way_every_retry_is_sent_and_everything_is_kept() -> None:
    listed = [*FOUR, instance(Status.RUNNING, number=4), instance(Status.SUCCESS, number=5)]
    plan = schedule(planned(listed), None, Limits(batch_size=3))
    assert letters(plan) == "rrrrwd"
    assert [len(batch.decisions) for batch in plan.batches] == [3, 1]
    assert plan.plan_id.startswith("4-")
    assert set(plan.plan_record) == {"options", "instances"}


class TestDailyLimit:
    def test_counts_by_planned_run_whatever_the_submit_time(self) -> None:
        listed = [instance(number=0, submit=-5), instance(number=1), instance(number=2)]
        history = History({}, {Slot.of(instance(number=0)): (at(-9000), at(-100)), Slot.of(instance(number=1)): (at(-100),)})
        plan = assess(decided(listed), history, options(max_reruns_per_day=2), SINCE, by_id=False)
        assert letters(plan) == "frr"
        assert letters(assess(decided(listed), history, options(), SINCE, by_id=False)) == "rrr"

    def test_knows_the_newest_attempt_and_the_journal_that_was_set_aside(self) -> None:
        seen = instance()
        accepted = attempt("accepted", -2000, before=seen)
        plan = assess(decided([seen]), History({seen.key: accepted}, {}), options(max_reruns_per_day=9), SINCE, by_id=False)
        assert letters(plan) == "b"
        plan = assess(decided([seen]), History({}, {}, set_aside_ms=at(-1)), options(max_reruns_per_day=1), SINCE, by_id=False)
        assert letters(plan) == "f"

    def test_comes_before_the_twins(self) -> None:
        """A twin that was rerun often enough is not due, so no request that may also mean it is sent for the other."""
        first, second = with_twins([instance(instance_id="1"), instance(instance_id="2")])
        accepted = attempt("accepted", -2000, before=first)
        history = History({first.key: accepted}, {})
        plan = assess(decided([first, second]), history, options(max_reruns_per_day=9), SINCE, by_id=False)
        assert letters(plan) == "bb"
        assert "another instance of the job has the same plan_time" in plan.decisions[1].reason
        assert letters(assess(decided([first, second]), history, options(max_reruns_per_day=9), SINCE, by_id=True)) == "br"

    def test_comes_before_the_approval(self) -> None:
        """An instance that is not rerun is not part of the approved plan."""
        history = History({}, {Slot.of(FOUR[0]): (at(-100),)})
        plan = assess(decided(FOUR), history, options(max_reruns_per_day=1), SINCE, by_id=False)
        assert plan.plan_id == planned(FOUR[1:], max_reruns_per_day=1).plan_id


class TestTwins:
    TWINS = with_twins([instance(instance_id="1"), instance(instance_id="2")])

    def test_are_sent_alone_where_their_instance_id_can_be_used(self) -> None:
        plan = schedule(planned(self.TWINS, by_id=True), None, Limits())
        assert [len(batch.decisions) for batch in plan.batches] == [1, 1]

    def test_go_into_one_request_where_it_cannot(self) -> None:
        plan = schedule(planned(self.TWINS), None, Limits())
        assert [len(batch.decisions) for batch in plan.batches] == [2]

    def test_one_that_must_not_be_sent_does_not_belong_to_the_approved_plan(self) -> None:
        first, second = self.TWINS
        done = dataclasses.replace(second, status=Status.SUCCESS, status_text="success")
        assert planned([first, done]).plan_id.startswith("0-")
        assert planned([first, done], by_id=True).plan_id.startswith("1-")


class TestApproval:
    def test_the_approved_plan_is_sent(self) -> None:
        made = planned(FOUR)
        again = schedule(planned(FOUR, plan_id=f" {made.plan_id}\n", plan_record=made.plan_record), None, Limits())
        assert (again.refused, again.plan_id, again.plan_record) == (None, made.plan_id, made.plan_record)
        assert len(again.batches) == 1

    def test_another_plan_is_refused_as_a_whole_and_told_by_its_own_id(self) -> None:
        made = planned(FOUR[:3])
        now = schedule(planned(FOUR, plan_id=made.plan_id, plan_record=made.plan_record), order("1<0"), Limits())
        assert now.batches == ()
        assert now.refused is not None
        assert "the approved plan had 3 instances, now there are 4; 1 instance added (daily_sales planned " in now.refused
        assert now.plan_id == planned(FOUR).plan_id
        assert letters(now) == "rrrr", "what is refused as a whole needs no order"

    @pytest.mark.parametrize("name", sorted(rerun_spec().keys() - NOT_APPROVED))
    def test_other_options_are_another_plan(self, name: str) -> None:
        changes: dict[str, t.Any] = {name: "x"}
        made = planned(FOUR).plan_id
        now = planned(FOUR, plan_id=made, **changes)
        assert now.plan_id.split("-")[2] != made.split("-")[2]
        if any(decision.asks_rerun for decision in now.decisions):  # all but the policy that leaves everything out
            assert "the options are not those of the approved plan" in str(now.refused)

    def test_an_instance_that_failed_after_the_approval_is_not_sent_by_the_same_id(self) -> None:
        """With another since, the id would mean the failures of another moment."""
        made = planned(FOUR)
        later = SINCE + 3_600_000
        decisions = [decide(seen, policy(since=later), later, None) for seen in FOUR]
        refused = assess(decisions, NOTHING, options(plan_id=made.plan_id), later, by_id=False).refused
        assert refused is not None
        assert "it was approved for since 2026-11-23T03:00:00Z, and since is 2026-11-23T04:00:00Z" in refused

    def test_a_pass_that_only_watches_has_nothing_to_refuse(self) -> None:
        made = planned(FOUR)
        running = [instance(Status.RUNNING, 10, None, number=number) for number in range(9)]
        assert planned(running, plan_id=made.plan_id).refused is None

    def test_a_run_that_goes_on_without_its_journal_counts_what_started_since(self) -> None:
        made = planned(FOUR)
        started = [instance(Status.SUCCESS, 10, 20, number=0), instance(Status.WAITING, number=1), *FOUR[2:]]
        assert planned(started, plan_id=made.plan_id).refused is None
        assert planned([*started, instance(number=9)], plan_id=made.plan_id).refused is not None

    def test_what_is_not_a_plan_id_is_an_option_that_cannot_be_used(self) -> None:
        with pytest.raises(OptionError, match="which is not a plan id"):
            planned(FOUR, plan_id="4-ab-cd")

    def test_comes_before_the_limits_so_that_what_is_queued_stays_part_of_the_plan(self) -> None:
        made = planned(FOUR)
        queued = schedule(made, order("1<0 3<2"), Limits(max_parallel=1))
        assert letters(queued) == "rwww"
        assert queued.plan_id == planned(FOUR).plan_id


class TestSchedule:
    def test_the_order_comes_before_the_limits(self) -> None:
        """An instance waiting for its upstream takes no place, and the upstream goes first."""
        plan = schedule(planned(FOUR), order("0<3 1<3 2<3"), Limits(max_parallel=1))
        assert letters(plan) == "wwwr"
        assert [decision.queued for decision in plan.decisions] == [2, 2, 2, 0]
        assert [decision.instance.key for batch in plan.batches for decision in batch.decisions] == [key(3)]

    def test_what_waits_in_a_later_stage_counts_for_max_instances(self) -> None:
        assert schedule(planned(FOUR), order("1<0 2<1 3<2"), Limits(max_instances=3)).refused is not None
        assert schedule(planned(FOUR), order("1<0 2<1 3<2"), Limits(max_instances=4)).refused is None

    def test_the_limits_come_before_the_requests(self) -> None:
        plan = schedule(planned(FOUR), None, Limits(max_parallel=3, batch_size=2))
        assert [len(batch.decisions) for batch in plan.batches] == [2, 1]
        assert letters(plan) == "rrrw"

    def test_a_refused_plan_stays_refused_for_its_first_reason(self) -> None:
        plan = dataclasses.replace(planned(FOUR), refused="first")
        refused = schedule(plan, None, Limits(max_instances=0))
        assert (refused.refused, refused.batches) == ("first", ())

    def test_with_any_order_what_waits_in_the_service_for_what_will_not_come_is_blocked(self) -> None:
        listed = [instance(Status.FAIL, 10, 20, number=0), instance(Status.WAITING, number=1), instance(number=2)]
        plan = schedule(planned(listed), order("1<0 2<0", upstream_first=False), Limits())
        assert letters(plan) == "fbr"

    def test_a_circle_is_an_option_that_cannot_be_used(self) -> None:
        with pytest.raises(OptionError, match="in a circle"):
            schedule(planned(FOUR), order("0<1 1<0"), Limits())


def test_the_steps_take_any_iterable_and_leave_their_input_alone() -> None:
    decisions = decided(FOUR)
    kept = list(decisions)
    plan = assess(iter(decisions), NOTHING, options(), SINCE, by_id=False)
    schedule(plan, order("1<0"), Limits(max_parallel=1))
    assert decisions == kept
    assert letters(plan) == "rrrr"
    assert all(decision.action is Action.RETRY for decision in plan.decisions)
