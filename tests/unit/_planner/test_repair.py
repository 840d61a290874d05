# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair makes before the reruns and what after, in which waves, and whether it was approved."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.gap import FAILED, GONE, Gap
from ansible_collections.dataarts.factory.plugins.module_utils._models.patch_data import PatchDataRow
from ansible_collections.dataarts.factory.plugins.module_utils._planner.repair import (
    AFTER,
    BEFORE,
    RepairSnapshot,
    approved_names,
    being_made,
    changes,
    held_back,
    left_alone,
    made_meanwhile,
    missing_at,
    stages,
    waves,
    workspaces_above,
)

HOUR = 3_600_000
START = 1_795_000_000_000
HERE, THERE = "sales_id", "supply_id"
Above = t.Mapping[str, t.Sequence[str]]


def gap(job: str, *, hour: int = 0, number: int = 1, where: str = HERE, status: str = "SCHEDULING") -> Gap:
    """A gap of *number* instances of an hourly *job*, from *hour* on."""
    begin = START + hour * HOUR
    return Gap(where, job, f"{where}.{job}.{hour}", number, begin - 1000, begin + (number - 1) * HOUR + 1000, job_status=status)


def snapshot(*missing: Gap, above: Above | None = None, failed: t.Collection[str] = (), where: str = HERE) -> RepairSnapshot:
    """*above*: job -> the jobs it depends on; ``there.job`` is in the other workspace."""
    pairs = {
        job: [(THERE, name[6:]) if name.startswith("there.") else (where, name) for name in names] for job, names in (above or {}).items()
    }
    return RepairSnapshot(where, missing, pairs, frozenset(failed))


SUPPLY = snapshot(gap("stock", where=THERE), where=THERE)


@pytest.mark.parametrize(
    ("snapshots", "stage", "refused"),
    [
        pytest.param([snapshot(gap("sales"))], {"sales": BEFORE}, set(), id="nothing failed"),
        pytest.param([snapshot(gap("sales"), failed=["stock"])], {"sales": BEFORE}, set(), id="what failed has nothing to do with it"),
        pytest.param([snapshot(gap("sales"), failed=["sales"])], {"sales": BEFORE}, set(), id="other instances of the same job failed"),
        pytest.param(
            [snapshot(gap("sales"), above={"board": ["sales"]}, failed=["board"])], {"sales": BEFORE}, set(), id="what failed needs it"
        ),
        pytest.param(
            [snapshot(gap("board"), above={"board": ["sales"]}, failed=["sales"])], {"board": AFTER}, set(), id="it needs what failed"
        ),
        pytest.param(
            [snapshot(gap("board"), above={"board": ["mart"], "mart": ["sales"]}, failed=["sales"])],
            {"board": AFTER},
            set(),
            id="over a job that is well",
        ),
        pytest.param(
            [snapshot(gap("board"), above={"board": ["there.stock"]}), snapshot(failed=["stock"], where=THERE)],
            {"board": AFTER},
            set(),
            id="it needs what failed in another workspace",
        ),
        pytest.param(
            [snapshot(gap("sales"), gap("board"), above={"board": ["sales"]})],
            {"sales": BEFORE, "board": BEFORE},
            set(),
            id="both missing here, which waves put in order",
        ),
        pytest.param(
            [snapshot(gap("board"), above={"board": ["there.stock"]}), SUPPLY],
            {"board": AFTER, "stock": BEFORE},
            set(),
            id="both missing, in two workspaces",
        ),
        pytest.param(
            [snapshot(gap("mart"), above={"mart": ["sales"], "board": ["mart"]}, failed=["sales", "board"])],
            {"mart": AFTER},
            {HERE},
            id="missing between two that failed",
        ),
        pytest.param(
            [
                snapshot(gap("board"), above={"board": ["there.stock"]}),
                snapshot(gap("stock", where=THERE), above={"stock": ["parts"]}, failed=["parts"], where=THERE),
            ],
            {"board": AFTER, "stock": AFTER},
            {HERE},
            id="both after the reruns, in two workspaces",
        ),
        pytest.param(
            [snapshot(gap("sales"), above={"sales": ["board"], "board": ["sales"]}, failed=["board"])],
            {"sales": AFTER},
            {HERE},
            id="a circle",
        ),
    ],
)
def test_stages(snapshots: list[RepairSnapshot], stage: dict[str, str], refused: set[str]) -> None:
    result = stages(snapshots)
    named = {gap.name: gap.job_name for snapshot in snapshots for gap in snapshot.missing}
    assert ({named[name]: where for name, where in result.stage.items()}, set(result.refused)) == (stage, refused)


@pytest.mark.parametrize(
    ("snapshots", "jobs"),
    [
        ([snapshot(gap("mart"), above={"mart": ["sales"]})], []),
        ([snapshot(gap("mart"), above={"mart": ["sales"]}, failed=["mart", "other"])], []),
        ([snapshot(gap("mart"), gap("other"), above={"mart": ["a"], "a": ["sales"]}, failed=["sales"])], ["mart"]),
        ([snapshot(gap("board"), above={"board": ["there.stock"]}), snapshot(failed=["stock"], where=THERE)], ["board"]),
        ([snapshot(gap("board"), above={"board": ["there.stock"]}, failed=["stock"])], []),
    ],
)
def test_what_depends_on_what_is_broken_still_is_not_made(snapshots: list[RepairSnapshot], jobs: list[str]) -> None:
    assert set(held_back(snapshots)) == {f"{HERE}.{job}.0" for job in jobs}


def test_where_patch_data_may_include_what_is_missing() -> None:
    """In the workspaces of all jobs above, even those that were not read."""
    chain = [snapshot(gap("digest"), above={"digest": ["loads"], "loads": ["there.stock"], "board": []}), SUPPLY]
    assert workspaces_above([gap("digest")], chain) == {HERE, THERE}
    assert workspaces_above([gap("digest")], chain[:1]) == {HERE, THERE}
    assert workspaces_above([gap("board")], chain) == set()


def test_what_is_refused_says_how_to_go_on() -> None:
    (text,) = stages([snapshot(gap("mart"), above={"mart": ["sales"], "board": ["mart"]}, failed=["sales", "board"])]).refused.values()
    assert "job board failed and depends on missing instances of mart, which themselves depend on sales" in text
    assert "first with dataarts_jobs set to sales, then without it" in text


@pytest.mark.parametrize(
    ("missing", "above", "expected"),
    [
        ([], {}, []),
        ([gap("b"), gap("a")], {}, [["a.0", "b.0"]]),
        ([gap("a", hour=5), gap("a"), gap("b", hour=1)], {}, [["a.0", "b.1"], ["a.5"]]),
        ([gap("a"), gap("b")], {"a": [(HERE, "b")]}, [["b.0"], ["a.0"]]),
        ([gap("a"), gap("b"), gap("b", hour=3)], {"a": [(HERE, "x")], "x": [(HERE, "b")]}, [["b.0"], ["b.3"], ["a.0"]]),
        ([gap("a"), gap("b")], {"a": [(HERE, "b")], "b": [(HERE, "a")]}, [["a.0", "b.0"]]),
    ],
)
def test_rounds(missing: list[Gap], above: t.Mapping[str, t.Sequence[tuple[str, str]]], expected: list[list[str]]) -> None:
    assert [[gap.name.removeprefix(f"{HERE}.") for gap in row] for row in waves(missing, above)] == expected


@pytest.mark.parametrize(
    ("due", "approved", "made", "words"),
    [
        ([], set(), set(), ""),
        (["a"], {"a"}, set(), ""),
        (["a"], set(), set(), "not approved: 1 of a planned"),
        (["a", "b"], {"a"}, set(), "not approved: 1 of b planned"),
        ([], {"a"}, set(), "approved, but no longer missing: PatchData sales_id.a.0"),
        ([], {"a"}, {"a"}, ""),
        (["b"], {"a", "b"}, {"a"}, ""),
        (["b"], {"a"}, {"a"}, "not approved: 1 of b planned"),
    ],
)
def test_only_what_was_approved(due: list[str], approved: set[str], made: set[str], words: str) -> None:
    def names(jobs: t.Iterable[str]) -> frozenset[str]:
        return frozenset(gap(job).name for job in jobs)

    text = changes([gap(job) for job in due], names(approved), names(made))
    assert (words in text) if words else (text == "")


@pytest.mark.parametrize(
    ("plan", "names"),
    [({"gaps": ["a", "b"]}, {"a", "b"}), ({"gaps": []}, set()), ({"plan_id": "1-2-3-4"}, set()), ({"gaps": "a"}, set())],
)
def test_names_of_an_approval(plan: dict[str, t.Any], names: set[str]) -> None:
    assert approved_names(plan) == names


@pytest.mark.parametrize(
    ("plan", "moment"),
    [
        (None, 50),
        ({}, 50),
        ({"missing_at": None}, 50),
        ({"missing_at": 40}, 40),
        ({"missing_at": "40"}, 40),
        ({"missing_at": 60}, 50),
        ({"missing_at": "soon"}, 50),
        ({"missing_at": True}, 50),
        ({"missing_at": 0}, 50),
    ],
)
def test_what_is_due_after_the_plan_is_not_a_change(plan: dict[str, t.Any] | None, moment: int) -> None:
    assert missing_at(plan, 50) == moment


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        ([], ""),
        ([-1, 3], ""),
        ([0, 1, 2], GONE),
        ([0, 0, 1], FAILED),
        ([1], FAILED),
    ],
)
def test_what_was_made_meanwhile(hours: list[int], state: str) -> None:
    assert made_meanwhile(gap("a", number=3), [START + hour * HOUR for hour in hours])[0] == state


def row(*jobs: str, begin: int = 0, end: int = 9, status: str = "RUNNING", name: str = "by_hand") -> PatchDataRow:
    return PatchDataRow(name, status, jobs or ("a",), START + begin * HOUR, START + end * HOUR, 1, START, None, None, None)


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([], ""),
        ([row()], "by_hand"),
        ([row(status="SUCCESS")], ""),
        ([row(status="CANCEL")], ""),
        ([row(status="a new word")], "by_hand"),
        ([row("b")], ""),
        ([row(begin=6)], ""),
        ([row(end=4)], ""),
        ([row(end=5)], "by_hand"),
        ([row(name=gap("a", hour=5).name)], ""),
        ([row("b", "a")], "by_hand"),
    ],
)
def test_what_another_patch_data_makes(rows: list[PatchDataRow], name: str) -> None:
    assert being_made(gap("a", hour=5), {HERE: rows}) == name


@pytest.mark.parametrize(
    ("there", "name"),
    [
        (row(), ""),  # only the other workspace's job of that name
        (row("b"), ""),
        (row("b", "a"), "by_hand"),  # with a downstream job, which may be this workspace's
        (row("a", "b"), "by_hand"),
        (row("b", "a", status="SUCCESS"), ""),
        (row("b", "a", name=gap("a", hour=5).name), gap("a", hour=5).name),  # a run is identified by name and workspace
    ],
)
def test_two_workspaces_with_jobs_of_the_same_name_and_the_patch_data_of_one(there: PatchDataRow, name: str) -> None:
    assert being_made(gap("a", hour=5), {HERE: [], THERE: [there]}) == name


@pytest.mark.parametrize(
    ("status", "stopped_jobs", "alone"),
    [
        ("SCHEDULING", False, False),
        ("STOPPED", False, True),
        ("PAUSED", False, True),
        ("STOPPED", True, False),
        ("a new word", False, True),
    ],
)
def test_jobs_that_somebody_stopped(status: str, stopped_jobs: bool, alone: bool) -> None:
    assert bool(left_alone(gap("a", status=status), stopped_jobs=stopped_jobs)) == alone


def test_a_snapshot_is_what_its_result_says() -> None:
    shown = {"workspace_id": HERE, "job_name": "a", "name": "n", "instances": 2, "start_date": "1795000000000", "end_date": "1795003601000"}
    result = {
        "workspace_id": HERE,
        "gaps": [{**shown, "state": "missing"}, {**shown, "state": "left_alone"}],
        "upstream": {"a": [[THERE, "b"]]},
        "failed_jobs": ["c"],
    }
    assert RepairSnapshot.of(result) == RepairSnapshot(
        HERE, (Gap(HERE, "a", "n", 2, 1795000000000, 1795003601000, job_status=""),), {"a": [(THERE, "b")]}, frozenset({"c"})
    )
    assert [RepairSnapshot.of(other) for other in (None, {}, {"workspace_id": HERE})] == [None] * 3
