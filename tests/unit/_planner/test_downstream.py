# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rerun of an instance means for its dependants, and the decisions about them: the tables of ``downstream.py``."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Attempt, AttemptKind
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._models.downstream import Effect, Graph, Renewal, Root
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner.downstream import (
    Knowledge,
    decide_dependants,
    dependants_of,
    rerun_earlier,
    roots_of,
)
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import at, attempt, instance, policy

#: The upstream's first run ended long ago, its new one ends 100 seconds after T.
NEW_END = 100
JOBS = "abcdefgh"
#: An instance: status, start, end.
Seen = tuple[Status, t.Optional[float], t.Optional[float]]
OLD: Seen = (Status.SUCCESS, -3600, -3000)
FRESH: Seen = (Status.SUCCESS, 110, 120)
CANCELLED: Seen = (Status.MANUAL_STOP, None, -2900)


def made(letter: str, seen: Seen, **more: t.Any) -> JobInstance:
    """The instance of job *letter*."""
    status, start, end = seen
    built = instance(status, start, end, job_name=letter, job_id=str(100 + JOBS.index(letter)), instance_id=letter)
    return dataclasses.replace(built, **more)


def graph(edges: str, *instances: JobInstance, depth: int = 50, unlisted: t.Mapping[str, str] | None = None) -> Graph:
    """A graph in which the second letter of each word depends on the first: ``ab bc``."""
    by_name = {member.job_name: member for member in instances}
    parents: dict[InstanceKey, frozenset[InstanceKey]] = {}
    for pair in edges.split():
        above, below = pair[0], pair[1]
        key = by_name[below].key
        parents[key] = parents.get(key, frozenset()) | {by_name[above].key}
    named = {by_name[name].key: text for name, text in (unlisted or {}).items()}
    return Graph(parents, {member.key: member for member in instances}, depth, {}, named)


def renewed(letter: str = "a", renewal: Renewal = Renewal.RENEWED) -> Root:
    seen: Seen = {
        Renewal.RENEWED: (Status.SUCCESS, 10, NEW_END),
        Renewal.COMING: (Status.FAIL, -5000, -4000),
        Renewal.MISSED: (Status.FAIL, 10, NEW_END),
    }[renewal]
    return Root(made(letter, seen), renewal)


def knowledge(
    effective: t.Mapping[InstanceKey, t.Sequence[Attempt]] | None = None, stops: t.Mapping[InstanceKey, t.Sequence[Attempt]] | None = None
) -> Knowledge:
    return Knowledge(policy(), at(0), {}, effective or {}, stops or {})


def effects(edges: str, *below: JobInstance, roots: t.Sequence[Root] | None = None, depth: int = 50) -> dict[str, str]:
    """Name of a dependant -> its effect; those without one are left out."""
    above = list(roots or [renewed()])
    drawn = graph(edges, *(root.instance for root in above), *below, depth=depth)
    dependants = dependants_of({root.instance.key: root for root in above}, drawn)
    return {dependant.instance.job_name: dependant.effect.value for dependant in dependants if dependant.effect}


@pytest.mark.parametrize(
    ("seen", "more", "renewal", "effect"),
    [
        (OLD, {}, Renewal.RENEWED, "stale"),
        (OLD, {}, Renewal.COMING, "stale"),
        (OLD, {}, Renewal.MISSED, None),
        (FRESH, {}, Renewal.RENEWED, None),
        (FRESH, {}, Renewal.COMING, "stale"),
        ((Status.SUCCESS, NEW_END, 130), {}, Renewal.RENEWED, None),
        ((Status.SUCCESS, NEW_END - 0.001, 130), {}, Renewal.RENEWED, "stale"),
        (OLD, {"force_success": True}, Renewal.RENEWED, "by_hand"),
        (OLD, {"ignore_success": True}, Renewal.RENEWED, "by_hand"),
        ((Status.FORCE_SUCCESS, -3600, -3000), {}, Renewal.RENEWED, "by_hand"),
        (CANCELLED, {}, Renewal.RENEWED, "cancelled"),
        (CANCELLED, {}, Renewal.COMING, "cancelled"),
        (CANCELLED, {}, Renewal.MISSED, "cancelled"),
        ((Status.MANUAL_STOP, None, None), {}, Renewal.RENEWED, "cancelled"),
        ((Status.MANUAL_STOP, -2900, -2900), {}, Renewal.RENEWED, "cancelled"),
        ((Status.MANUAL_STOP, -2900, -2800), {}, Renewal.RENEWED, "by_hand"),
        ((Status.MANUAL_STOP, -2900, None), {}, Renewal.RENEWED, "by_hand"),
        ((Status.WAITING, None, None), {}, Renewal.RENEWED, "waits"),
        ((Status.WAITING, None, None), {}, Renewal.MISSED, "waits"),
        ((Status.RUNNING, 110, None), {}, Renewal.RENEWED, "waits"),
        ((Status.RUNNING, 50, None), {}, Renewal.RENEWED, "waits"),
        ((Status.FAIL, -3600, -3000), {}, Renewal.RENEWED, None),
        ((Status.PAUSE, -3600, None), {}, Renewal.RENEWED, None),
        ((Status.SKIP_BY_DEPEND, None, None), {}, Renewal.RENEWED, None),
    ],
)
def test_the_effect_on_one_below(seen: Seen, more: dict[str, t.Any], renewal: Renewal, effect: str | None) -> None:
    assert effects("ab", made("b", seen, **more), roots=[renewed("a", renewal)]) == ({"b": effect} if effect else {})


@pytest.mark.parametrize(
    ("edges", "below", "depth", "expected"),
    [
        # Behind an outdated instance everything is outdated, however late it started; a start after all of them is not.
        ("ab bc", {"b": OLD, "c": FRESH}, 50, {"b": "stale", "c": "stale"}),
        ("ab bc", {"b": FRESH, "c": (Status.SUCCESS, 115, 140)}, 50, {"c": "stale"}),
        ("ab bc", {"b": FRESH, "c": (Status.SUCCESS, 125, 140)}, 50, {}),
        ("ab bc", {"b": (Status.FAIL, -3600, -3000), "c": OLD}, 50, {"c": "stale"}),
        ("ab bc", {"b": CANCELLED, "c": OLD}, 50, {"b": "cancelled", "c": "stale"}),
        ("ab bc", {"b": (Status.WAITING, None, None), "c": OLD}, 50, {"b": "waits", "c": "stale"}),
        ("ab bc cd", {"b": OLD, "c": OLD, "d": OLD}, 2, {"b": "stale", "c": "stale"}),
        ("ab ac bd cd", {"b": FRESH, "c": OLD, "d": (Status.SUCCESS, 125, 140)}, 50, {"c": "stale", "d": "stale"}),
        # A circle is never up to date, wherever it is entered.
        ("ab bc cb", {"b": FRESH, "c": (Status.SUCCESS, 125, 140)}, 50, {"b": "stale", "c": "stale"}),
        ("ab bb", {"b": FRESH}, 50, {}),
    ],
)
def test_the_effect_further_down(edges: str, below: dict[str, Seen], depth: int, expected: dict[str, str]) -> None:
    assert effects(edges, *(made(name, seen) for name, seen in below.items()), depth=depth) == expected


def test_an_instance_that_was_rerun_too_early_is_old_itself() -> None:
    early = Root(made("b", (Status.SUCCESS, 20, 60)), Renewal.RENEWED)
    assert effects("ab", roots=[renewed(), early]) == {"b": "stale"}
    late = Root(made("b", FRESH), Renewal.RENEWED)
    assert effects("ab", roots=[renewed(), late]) == {}


def planned(
    edges: str,
    *below: JobInstance,
    mode: str = "stale",
    renewal: Renewal = Renewal.RENEWED,
    attempts: t.Mapping[str, Attempt] | None = None,
    unlisted: t.Mapping[str, str] | None = None,
    now: float = 200,
    rerun_since: int | None = None,
    stops: t.Mapping[str, t.Sequence[Attempt]] | None = None,
    **changes: t.Any,
) -> dict[str, Decision]:
    """Name of a dependant -> its decision."""
    root = renewed("a", renewal)
    drawn = graph(edges, root.instance, *below, unlisted=unlisted)
    made_attempts = {made(name, OLD).key: attempt for name, attempt in (attempts or {}).items()}
    effective = {key: [attempt] for key, attempt in made_attempts.items()}
    stopped = {made(name, OLD).key: of_name for name, of_name in (stops or {}).items()}
    known = Knowledge(policy(**changes), at(now), made_attempts, effective, stopped, rerun_since)
    decisions = decide_dependants(dependants_of({root.instance.key: root}, drawn), mode, known, drawn)
    return {decision.instance.job_name: decision for decision in decisions}


@pytest.mark.parametrize(
    ("seen", "cancelled", "stale"),
    [
        (OLD, None, "retry"),
        (FRESH, None, None),
        (CANCELLED, "retry", "retry"),
        ((Status.MANUAL_STOP, -2900, -2800), None, None),
        ((Status.WAITING, None, None), None, None),
        ((Status.RUNNING, 110, None), None, None),
        ((Status.RUNNING, 50, None), None, "wait"),
        ((Status.FAIL, -3600, -3000), None, None),
    ],
)
def test_what_joins_the_plan(seen: Seen, cancelled: str | None, stale: str | None) -> None:
    for mode, action in (("ignore", None), ("report", None), ("cancelled", cancelled), ("stale", stale)):
        decisions = planned("ab", made("b", seen), mode=mode)
        assert [decision.action.value for decision in decisions.values()] == ([action] if action else []), mode


@pytest.mark.parametrize(
    ("edges", "below", "mode", "blocked"),
    [
        ("ab bc cb", {"b": OLD, "c": OLD}, "stale", {"b": "in a circle", "c": "in a circle"}),
        ("ab bc cb cd", {"b": OLD, "c": OLD, "d": OLD}, "stale", {"b": "in a circle", "c": "in a circle", "d": "or behind one"}),
        ("ab bc", {"b": OLD, "c": CANCELLED}, "cancelled", {"c": "set downstream to stale"}),
        ("ab bc", {"b": (Status.MANUAL_STOP, -2900, -2800), "c": OLD}, "stale", {"c": "a person stopped"}),
    ],
)
def test_what_is_left_to_a_person(edges: str, below: dict[str, Seen], mode: str, blocked: dict[str, str]) -> None:
    decisions = planned(edges, *(made(name, seen) for name, seen in below.items()), mode=mode)
    left = {name: decision.reason for name, decision in decisions.items() if decision.action is Action.BLOCKED}
    assert left.keys() == blocked.keys()
    assert all(blocked[name] in reason for name, reason in left.items()), left


def test_what_could_not_be_listed_is_not_sent() -> None:
    decision = planned("ab", made("b", OLD), unlisted={"b": "no permission"})["b"]
    assert (decision.action, decision.attempts) == (Action.BLOCKED, 0)
    assert decision.reason.endswith("its state could not be read, so it is not sent: no permission")


def reran(when: float, seen: Seen = OLD, outcome: str = "accepted") -> Attempt:
    return attempt(outcome, when, before=made("b", seen))


def stop_of(letter: str) -> Attempt:
    """A stop, in order to rerun it, of the run that has hung since -3600."""
    stop = attempt("accepted", -3100, before=made(letter, (Status.RUNNING_EXCEPTION, -3600, None)))
    return dataclasses.replace(stop, kind=AttemptKind.STOP_AND_RERUN)


@pytest.mark.parametrize(
    ("seen", "made_at", "now", "action"),
    [
        # Sent after the new end: shown unchanged, running, succeeded, failed.
        (OLD, 105, 110, Action.SETTLING),
        (OLD, 105, 400, Action.WAIT),
        (OLD, 105, 10_000, Action.WAIT),
        ((Status.RUNNING, 110, None), 105, 200, Action.WAIT),
        (FRESH, 105, 200, Action.DONE),
        ((Status.FAIL, 110, 120), 105, 200, Action.FAILED_AGAIN),
        # Sent by a clock that is behind the one that stamps ends.
        (OLD, 90, 10_000, Action.WAIT),
        # An earlier rerun, which has shown, and was outdated by a further new end above it.
        ((Status.SUCCESS, 40, 50), 30, 200, Action.RETRY),
        ((Status.FAIL, 40, 50), 30, 200, Action.RETRY),
    ],
)
def test_a_stale_one_is_rerun_once_for_each_new_end(seen: Seen, made_at: float, now: float, action: Action) -> None:
    decisions = planned("ab", made("b", seen), attempts={"b": reran(made_at)}, now=now)
    assert {name: decision.action for name, decision in decisions.items()} == {"b": action}
    assert decisions["b"].downstream is Effect.STALE


@pytest.mark.parametrize("outcome", ["unknown", "intended"])
def test_a_lost_answer_is_read_back_before_it_is_sent_again(outcome: str) -> None:
    early = planned("ab", made("b", OLD), attempts={"b": reran(105, outcome=outcome)}, now=120)["b"]
    late = planned("ab", made("b", OLD), attempts={"b": reran(105, outcome=outcome)}, now=400)["b"]
    assert (early.action, late.action) == (Action.SETTLING, Action.RETRY)
    assert late.superseded is not None


def test_one_that_is_to_wait_for_a_rerun_joins_before_that_has_ended() -> None:
    decision = planned("ab", made("b", OLD), renewal=Renewal.COMING)["b"]
    assert decision.action is Action.RETRY, "the order keeps it back"
    assert decision.reason == "succeeded on old data of job a, planned 2026-11-23T01:00:01Z: last started 2026-11-23T02:00:00Z"


@pytest.mark.parametrize(
    ("seen", "made_before", "is_root"),
    [
        ((Status.FAIL, -3600, -3000), None, Renewal.COMING),
        ((Status.SUCCESS, 10, 100), reran(5, (Status.FAIL, -3600, -3000)), Renewal.RENEWED),
        ((Status.FAIL, 10, 100), reran(5, (Status.FAIL, -3600, -3000)), Renewal.MISSED),
        ((Status.RUNNING, 10, None), reran(5, (Status.FAIL, -3600, -3000)), Renewal.COMING),
        (OLD, None, None),
        ((Status.RUNNING, -10, None), None, None),
        ((Status.SUCCESS, 10, 100), None, None),
        # A rerun of a dependant is not one of the selection.
        ((Status.SUCCESS, 10, 100), reran(5, OLD), None),
    ],
)
def test_what_counts_as_rerun(seen: Seen, made_before: Attempt | None, is_root: Renewal | None) -> None:
    decision = decide(made("b", seen), policy(), at(200), made_before, [made_before] if made_before else ())
    roots = roots_of([decision], knowledge())
    assert [root.renewal for root in roots.values()] == ([is_root] if is_root else [])


def test_a_start_since_counts_where_the_journal_does_not_know() -> None:
    decision = decide(made("b", (Status.SUCCESS, 10, 100)), policy(), at(200), None)
    assert [root.renewal for root in roots_of([decision], knowledge(), unknown_past=True).values()] == [Renewal.RENEWED]


def test_what_was_rerun_as_selected_and_again_as_stale_stays_a_root() -> None:
    """Otherwise its dependants would be forgotten once it is up to date."""
    first = reran(5, (Status.FAIL, -3600, -3000))
    second = reran(300, (Status.SUCCESS, 10, 100))
    decision = decide(made("b", (Status.SUCCESS, 310, 400)), policy(), at(500), second, [first, second])
    key = decision.instance.key
    assert roots_of([decision], knowledge({key: [second]})) == {}
    assert [root.renewal for root in roots_of([decision], knowledge({key: [first, second]})).values()] == [Renewal.RENEWED]


@pytest.mark.parametrize(("end", "outdated"), [(NEW_END, ""), (None, "job a, planned 2026-11-23T01:00:01Z")])
def test_a_decision_tells_what_above_it_is_not_up_to_date_yet(end: float | None, outdated: str) -> None:
    renewal = Renewal.COMING if end is None else Renewal.RENEWED
    assert planned("ab", made("b", OLD), renewal=renewal)["b"].upstream_outdated == outdated


FAILED: Seen = (Status.FAIL, -3600, -3000)


@pytest.mark.parametrize(
    ("seen", "more", "tried", "stopped", "is_root"),
    [
        # By a run that has ended, was killed, or is another one: it is new data, whoever sent it.
        ((Status.SUCCESS, -500, -400), {}, reran(-600, FAILED), False, Renewal.RENEWED),
        ((Status.SUCCESS, -500, -400), {}, reran(-600, FAILED, "intended"), False, Renewal.RENEWED),
        ((Status.RUNNING, -500, None), {}, reran(-600, FAILED), False, Renewal.COMING),
        ((Status.WAITING, None, None), {}, reran(-600, FAILED), False, Renewal.COMING),
        # Not new data, rerun again, or a person's.
        (FAILED, {}, reran(-600, FAILED), False, None),
        ((Status.FAIL, -500, -400), {}, reran(-600, FAILED), False, None),
        ((Status.SUCCESS, -3600, -3000), {"force_success": True}, reran(-600, FAILED), False, None),
        ((Status.MANUAL_STOP, -500, -400), {}, reran(-600, FAILED), False, None),
        ((Status.SUCCESS, -500, -400), {}, None, False, None),
        # Reruns of this run are decided here, see roots_of.
        ((Status.SUCCESS, 10, 100), {}, reran(5, FAILED), False, None),
        # A rerun of a dependant is not one of the selection; a rerun after a stop for it is.
        ((Status.SUCCESS, -500, -400), {}, reran(-600, OLD), False, None),
        ((Status.SUCCESS, -500, -400), {}, reran(-600, (Status.MANUAL_STOP, -3600, -3000)), False, None),
        ((Status.SUCCESS, -500, -400), {}, reran(-600, (Status.MANUAL_STOP, -3600, -3000)), True, Renewal.RENEWED),
    ],
)
def test_what_an_earlier_run_has_rerun(
    seen: Seen, more: dict[str, t.Any], tried: Attempt | None, stopped: bool, is_root: Renewal | None
) -> None:
    decision = decide(made("b", seen, **more), policy(), at(200), tried, [tried] if tried else ())
    key = decision.instance.key
    stops = {key: [stop_of("b")]} if stopped else {}
    before = rerun_earlier([decision], knowledge({key: [tried] if tried else []}, stops))
    assert [root.renewal for root in before.roots.values()] == ([is_root] if is_root else [])
    assert before.since == (at(-600) if is_root else None)


def test_what_was_stopped_to_be_rerun_is_a_root_while_it_is_rerun() -> None:
    """Its rerun answers manual-stop, like that of a cancelled dependant."""
    tried = reran(5, (Status.MANUAL_STOP, -3600, -3000))
    decision = decide(made("b", (Status.RUNNING, 10, None)), policy(), at(200), tried, [tried])
    key = decision.instance.key
    assert roots_of([decision], knowledge({key: [tried]})) == {}
    assert [root.renewal for root in roots_of([decision], knowledge({key: [tried]}, {key: [stop_of("b")]})).values()] == [Renewal.COMING]


@pytest.mark.parametrize(
    ("seen", "tried", "action"),
    [
        # The root's new end is before this run, which begins at 1,000. Nothing was sent for the dependant: it joins.
        (OLD, None, Action.RETRY),
        (CANCELLED, None, Action.RETRY),
        (FRESH, None, None),
        (FAILED, None, None),
        # The earlier run had sent it: wait, do not send twice; a failure counts like any other, a success needs nothing.
        ((Status.RUNNING, 110, None), reran(105), Action.WAIT),
        ((Status.WAITING, None, None), reran(105), Action.WAIT),
        ((Status.FAIL, 110, 120), reran(105), Action.RETRY),
        (FRESH, reran(105), None),
        ((Status.RUNNING, 110, None), reran(105, CANCELLED), Action.WAIT),
        ((Status.MANUAL_STOP, 110, 120), reran(105), None),
        # A person stopped the waiting instance after it had been rerun on the new data; and before.
        ((Status.MANUAL_STOP, None, 120), reran(105), None),
        ((Status.MANUAL_STOP, None, 120), reran(105, CANCELLED), None),
        ((Status.MANUAL_STOP, None, 120), reran(99, CANCELLED), Action.RETRY),
        ((Status.MANUAL_STOP, None, 120), None, Action.RETRY),
        (CANCELLED, reran(105, CANCELLED, "intended"), Action.RETRY),
        # The same, shown unchanged: held for fifteen minutes, as for every run.
        (OLD, reran(105), Action.WAIT),
        (OLD, reran(995), Action.SETTLING),
        (OLD, reran(99), Action.RETRY),
        (OLD, reran(105, outcome="intended"), Action.RETRY),
        (OLD, reran(995, outcome="intended"), Action.SETTLING),
        (CANCELLED, reran(995, CANCELLED), Action.SETTLING),
        # Sent before the rerun above it: does not apply.
        ((Status.FAIL, 1, 2), reran(0), None),
    ],
)
def test_what_an_earlier_run_left_below(seen: Seen, tried: Attempt | None, action: Action | None) -> None:
    decisions = planned("ab", made("b", seen), attempts={"b": tried} if tried else {}, rerun_since=at(5), now=1000, since=at(1000))
    assert [decision.action for decision in decisions.values()] == ([action] if action else [])


@pytest.mark.parametrize(("seen", "mode", "joins"), [(OLD, "stale", True), (OLD, "cancelled", False), (CANCELLED, "cancelled", True)])
def test_what_failed_after_an_earlier_run_had_rerun_it_joins_where_that_would_rerun_it(seen: Seen, mode: str, joins: bool) -> None:
    failed = made("b", (Status.FAIL, 110, 120))
    decisions = planned("ab", failed, mode=mode, attempts={"b": reran(105, seen)}, rerun_since=at(5), now=1000, since=at(1000))
    assert [decision.action for decision in decisions.values()] == ([Action.RETRY] if joins else [])


def by_task(when: float, seen: Seen, outcome: str = "accepted", run_id: str = "task") -> Attempt:
    """A task's stop of b in the state *seen*; its id is its time."""
    stop = attempt(outcome, when, before=made("b", seen), run_id=run_id)
    return dataclasses.replace(stop, kind=AttemptKind.STOP, attempt_id=at(when))


@pytest.mark.parametrize(
    ("seen", "tried", "stop", "action"),
    [
        # A task stopped it while waiting: before anything was sent, after this run had sent it (any number of times), before another run had.
        (CANCELLED, None, by_task(-2950, (Status.WAITING, None, None)), None),
        ((Status.MANUAL_STOP, None, 120), None, by_task(119, (Status.WAITING, None, None)), None),
        ((Status.MANUAL_STOP, None, 120), reran(105, CANCELLED), by_task(119, (Status.WAITING, None, None)), Action.STOPPED),
        ((Status.MANUAL_STOP, None, 120), reran(-500, CANCELLED), by_task(-510, (Status.WAITING, None, None)), Action.RETRY),
        ((Status.MANUAL_STOP, 110, 120), reran(105), by_task(119, (Status.RUNNING, 110, None)), Action.STOPPED),
        # The waiting dependant was rerun before and is then stopped, by a task or by its own run's timeout_action; it still has new data to come.
        ((Status.MANUAL_STOP, None, -100), reran(-500, CANCELLED), by_task(-101, (Status.WAITING, None, None)), None),
        (
            (Status.MANUAL_STOP, None, -100),
            reran(-500, CANCELLED),
            by_task(-101, (Status.WAITING, None, None), run_id="run-1"),
            Action.RETRY,
        ),
        # A refused stop, and one that may still hit a rerun.
        ((Status.MANUAL_STOP, None, 120), None, by_task(119, (Status.WAITING, None, None), outcome="rejected"), Action.RETRY),
        (OLD, None, by_task(115, (Status.RUNNING, -3600, None), outcome="unknown"), Action.SETTLING),
        (OLD, None, by_task(10, (Status.RUNNING, -3600, None), outcome="unknown"), Action.RETRY),
    ],
)
def test_what_a_task_has_stopped(seen: Seen, tried: Attempt | None, stop: Attempt, action: Action | None) -> None:
    attempts = {"b": dataclasses.replace(tried, attempt_id=tried.sent_ms)} if tried else {}
    decisions = planned("ab", made("b", seen), attempts=attempts, stops={"b": [stop]}, now=125)
    assert [decision.action for decision in decisions.values()] == ([action] if action else [])


@pytest.mark.parametrize("joined", [frozenset(), frozenset({7})])
def test_what_another_run_was_rerunning_is_old_where_it_ended_before_what_is_above_it(joined: frozenset[int]) -> None:
    """It had not ended when this run first listed, so it belongs to this run; but it read the old data."""
    tried = dataclasses.replace(reran(-5, (Status.FAIL, -3600, -3000)), attempt_id=7)
    decisions = planned("ab", made("b", (Status.SUCCESS, -4, 50)), attempts={"b": tried}, joined=joined)
    assert [decision.action for decision in decisions.values()] == [Action.RETRY]


def test_what_depends_on_one_that_a_person_stopped_after_it_was_rerun_is_left_to_a_person() -> None:
    stopped = made("b", (Status.MANUAL_STOP, None, 120))
    attempts = {"b": reran(105, CANCELLED)}
    decisions = planned("ab bc", stopped, made("c", OLD), attempts=attempts, rerun_since=at(5), now=1000, since=at(1000))
    assert {name: decision.action for name, decision in decisions.items()} == {"c": Action.BLOCKED}
    assert "which a person stopped" in decisions["c"].reason
