# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module supplement_missing: missing instances are created once, in the order of the jobs, and only if they were approved."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._journal.pauses import PauseBook
from ansible_collections.dataarts.factory.plugins.module_utils._models.pause import MadeBy
from ansible_collections.dataarts.factory.plugins.module_utils._runner import rerun_pauses, supplement_data
from tests.support.logic import Result, by_action, call
from tests.support.scenarios import FREE, SUPPLY_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

from .test_missing import whole_hour

Json = dict[str, t.Any]
Make = Callable[..., Result]


def instances(*missing: int, status: str = "success") -> list[Json]:
    """Instances of an hourly job for twelve hours, without those *missing* hours ago."""
    return [{"plan_time": whole_hour(hours), "status": status} for hours in range(12) if hours not in missing]


def night(*jobs: Json, **switches: t.Any) -> Json:
    return small_night(jobs=list(jobs), speed=600, switches={**FREE, **V1, **V2, **switches})


def sales() -> Json:
    """A job with three missing plan times."""
    return {"name": "sales", "instances": instances(3, 6, 7)}


@pytest.fixture
def make(service: t.Any, tmp_path: Path) -> Make:
    """Function that calls the module with one journal and changed options."""

    def called(check: bool = False, **changes: t.Any) -> Result:
        given = {"planned_after": str(whole_hour(11)), "settle_time": 1, "poll_interval": 1, "journal": str(tmp_path / "state"), **changes}
        return call("supplement_missing", options(service, **given), check=check)

    return called


def made(service: t.Any) -> list[tuple[str, int]]:
    """(job, plan time) of the instances that PatchData created, in the order of the requests."""
    return [(entry["job_name"], moment["plan_time"]) for entry in service.journal() for moment in entry["instances"]]


def states(result: Result) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for gap in result["gaps"]:
        shown.setdefault(gap["job_name"], []).append(gap["state"])
    return shown


def test_everything_is_made_once(service: t.Any, make: Make) -> None:
    service.reset(night(sales()))
    checked = make(check=True)
    assert (checked["failed"], checked["changed"], made(service)) == (False, True, [])
    first = make()
    assert (first["failed"], first["changed"], states(first)) == (False, True, {"sales": ["made", "made"]}), first
    assert made(service) == [("sales", whole_hour(hours)) for hours in (7, 6, 3)]
    again = make()
    assert (again["failed"], again["changed"], again["gaps"]) == (False, False, [])
    assert len(made(service)) == 3


def test_what_is_not_due_yet_by_the_services_clock_is_not_missing(service: t.Any, make: Make) -> None:
    """This machine's clock is ahead, as far as signatures are accepted, and the window ends at a fixed time.

    The service would create an instance again that PatchData had created too early.
    """
    skew = -840
    now = (int(time.time()) + skew) // 60 * 60
    listed = [{"plan_time": (now - 60 * minutes) * 1000, "status": "success"} for minutes in range(40)]
    service.reset(night({"name": "ticks", "cron": "0 * * * * ?", "instances": listed}, clock_skew_seconds=skew))
    result = make(planned_after=str((now - 1500) * 1000), planned_before=str((now + 1200) * 1000))
    assert (result["failed"], result["gaps"], made(service)) == (False, [], [])


@pytest.mark.parametrize("broken", [False, True], ids=["made", "failed"])
def test_jobs_are_paused_while_their_instances_are_made(service: t.Any, make: Make, broken: bool) -> None:
    job = {**sales(), "status": "SCHEDULING", **({"patch_fails": [whole_hour(7)]} if broken else {})}
    fine = {"name": "fine", "status": "SCHEDULING", "instances": instances()}
    service.reset(night(job, fine))
    result = make(pause_schedules=True)
    assert result["failed"] is broken, result
    kinds = [entry["kind"] for entry in service.journal()]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("stop_schedule", "start_schedule", {"patch_data"})
    assert {entry["job_name"] for entry in service.journal() if entry["kind"].endswith("_schedule")} == {"sales"}
    assert service.state()["schedules"][WORKSPACE_ID] == {"sales": "SCHEDULING", "fine": "SCHEDULING"}


def test_nothing_is_made_where_a_job_cannot_be_paused(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "status": "SCHEDULING"}))
    service.inject({"route": "v1_stop_job", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "times": 9})
    result = make(pause_schedules=True)
    assert (result["failed"], service.journal()) == (True, [])
    assert "job sales could not be paused: no" in result["msg"]


def test_stages_of_a_repair_have_one_pause_which_the_last_one_ends(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "status": "SCHEDULING"}))
    snapshot = make(stage="find", pause_schedules=True)
    assert (snapshot["paused_jobs"], service.journal()) == (["sales"], [])
    made = make(stage="before_reruns", pause_schedules=True, snapshots={WORKSPACE_ID: snapshot})
    assert not made["failed"], made
    assert service.state()["schedules"][WORKSPACE_ID] == {"sales": "STOPPED"}
    ended = make(stage="end", pause_schedules=True, snapshots={WORKSPACE_ID: made})
    assert (ended["failed"], ended["changed"], ended["journal_history"]["open_pauses"]) == (False, True, [])
    assert service.state()["schedules"][WORKSPACE_ID] == {"sales": "SCHEDULING"}
    again = make(stage="end", pause_schedules=True, snapshots={WORKSPACE_ID: {**made, "changed": False}})
    assert (again["failed"], again["changed"]) == (False, False)


@pytest.mark.parametrize("loss", ["damaged", "removed"])
@pytest.mark.parametrize("stage", ["after_reruns", "end"])
def test_stages_after_the_journal_was_lost_start_again_what_was_paused_and_nothing_else(
    service: t.Any, make: Make, tmp_path: Path, stage: str, loss: str
) -> None:
    """Each stage is a separate process. The role passes on what the reruns between them have paused, also in other workspaces."""
    jobs = [{**sales(), "status": "SCHEDULING"}, {"name": "closed", "status": "STOPPED", "instances": instances()}]
    there = [{"name": name, "status": "SCHEDULING", "instances": instances()} for name in ("parts", "fine")]
    both = night(*jobs)
    both["accounts"][0]["workspaces"].append({"id": SUPPLY_ID, "name": "supply", "jobs": there})
    service.reset(both)
    where = {"journal": str(tmp_path / "journal.db"), "pause_schedules": True}
    result = make(stage="before_reruns", **where, snapshots={WORKSPACE_ID: make(stage="find", **where)})
    assert (result["failed"], result["paused_jobs"]) == (False, ["sales"])
    named = {"state": "stopped", "jobs": ["parts"], "workspace_id": SUPPLY_ID, "journal": where["journal"]}
    call("job_schedule", options(service, **named))
    if loss == "damaged":
        (tmp_path / "journal.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    else:
        (tmp_path / "journal.db").unlink()
    for name in dict.fromkeys((stage, "end")):
        result = make(stage=name, **where, snapshots={WORKSPACE_ID: {**result, "paused_by_reruns": [[SUPPLY_ID, "parts"]]}})
        assert (result["failed"], result["paused_jobs"]) == (False, ["sales"]), result
    assert result["journal_history"]["open_pauses"] == []
    assert service.state()["schedules"][WORKSPACE_ID] == {"sales": "SCHEDULING", "closed": "STOPPED"}
    assert service.state()["schedules"][SUPPLY_ID] == {"parts": "SCHEDULING", "fine": "SCHEDULING"}


def test_a_job_that_the_last_stage_cannot_start_is_named(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "status": "SCHEDULING"}))
    made = make(stage="before_reruns", pause_schedules=True, snapshots={WORKSPACE_ID: make(stage="find", pause_schedules=True)})
    service.inject({"route": "v1_start_job", "kind": "status", "status": 400, "code": "DLF.30118", "message": "no", "times": 9})
    ended = make(stage="end", pause_schedules=True, snapshots={WORKSPACE_ID: made})
    assert ended["error"]["kind"] == "incomplete"
    assert "Job sales was paused and could not be started again: DLF.30118 no" in ended["msg"]
    assert [pause["job_name"] for pause in ended["journal_history"]["open_pauses"]] == ["sales"]


def test_a_stage_that_fails_as_a_whole_starts_again_what_it_has_paused(service: t.Any, make: Make) -> None:
    """No other stage follows it."""
    service.reset(night({**sales(), "status": "SCHEDULING"}))
    snapshot = make(stage="find", pause_schedules=True)
    service.inject({"route": "supplements", "kind": "status", "status": 403, "code": "DLF.3051", "message": "no", "times": 9})
    made = make(stage="before_reruns", pause_schedules=True, snapshots={WORKSPACE_ID: snapshot})
    assert made["failed"]
    assert [entry["kind"] for entry in service.journal()] == ["stop_schedule", "start_schedule"]


def test_a_pause_is_kept_for_as_long_as_the_instances_take_to_be_made(
    service: t.Any, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other runs see that a living run needs it, even after its first lease would have expired."""
    monkeypatch.setattr(rerun_pauses, "_LEAST_LEASE_MS", 1)
    service.reset({**night({**sales(), "status": "SCHEDULING"}), "speed": 1, "run_seconds": 9})
    seen: list[list[str]] = []
    progress = supplement_data._Starting._progress

    def watched(work: t.Any, row: t.Any) -> t.Any:
        seen.extend(pause["needed_by"] for pause in call("rerun_history_info", {"journal": str(tmp_path / "state")})["open_pauses"])
        return progress(work, row)

    monkeypatch.setattr(supplement_data._Starting, "_progress", watched)
    assert not make(pause_schedules=True)["failed"]
    assert len(seen) > 6, "longer than the lease of four seconds"
    assert all(seen), seen


def test_an_instance_between_them_that_is_not_of_the_schedule_is_not_one_of_them(service: t.Any, make: Make) -> None:
    by_hand = {"plan_time": whole_hour(7) + 900_000, "status": "success", "type": 2}
    service.reset(night({**sales(), "instances": [*sales()["instances"], by_hand]}))
    first = make()
    assert (first["failed"], states(first)) == (False, {"sales": ["made", "made", "made"]}), first
    assert len(made(service)) == 3


@pytest.mark.parametrize("compares", ["plan_time", "start_time"])
def test_what_somebody_else_made_meanwhile_is_not_made_again(service: t.Any, make: Make, tmp_path: Path, compares: str) -> None:
    """Only the list shows it: it is in another journal, and has ended before this request. Under both meanings of the list's window."""
    service.reset(night({**sales(), "patch_fails": [whole_hour(7)]}, window_compares=compares))
    absent = make(stage="find")
    theirs = {"name": "by_hand", "job_name": "sales", **{name: absent["gaps"][0][name] for name in ("start_date", "end_date")}}
    by_hand = call("supplement_data", options(service, **theirs, journal=str(tmp_path / "theirs"), settle_time=1, poll_interval=1))
    assert [sum(date[word] for date in by_hand["dates"]) for word in ("succeeded", "failed")] == [1, 1]
    assert [instance["plan_time"] for instance in by_hand["missed"]] == [whole_hour(7)]
    assert states(make(stage="before_reruns", snapshots={WORKSPACE_ID: absent})) == {"sales": ["gone", "made"]}
    assert made(service) == [("sales", whole_hour(hours)) for hours in (7, 6, 3)]


def test_jobs_are_made_after_those_that_they_depend_on(service: t.Any, make: Make) -> None:
    report = {"name": "a_report", "depends_on": ["sales"], "instances": instances(9)}
    service.reset(night(report, sales()))
    assert not make()["failed"]
    assert [name for name, _moment in made(service)] == ["sales", "sales", "sales", "a_report"]


def test_what_somebody_stopped_is_left_alone(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "status": "STOPPED"}))
    result = make()
    assert (result["failed"], result["changed"], states(result), made(service)) == (False, False, {"sales": ["left_alone"] * 2}, [])
    result = make(stopped_jobs=True)
    assert (result["failed"], states(result), len(made(service))) == (False, {"sales": ["made"] * 2}, 3)


def test_what_somebody_stopped_since_the_plan_is_not_made(service: t.Any, make: Make) -> None:
    """Unless stopped_jobs asks for it."""
    service.reset(night(sales()))
    snapshot = make(stage="find")
    service.reset(night({**sales(), "status": "STOPPED"}))
    later = make(stage="before_reruns", snapshots={WORKSPACE_ID: snapshot})
    assert (later["failed"], states(later), made(service)) == (True, {"sales": ["failed"] * 2}, [])
    assert "the job is stopped now. Run the repair again" in later["msg"]
    assert states(make(stage="before_reruns", snapshots={WORKSPACE_ID: snapshot}, stopped_jobs=True)) == {"sales": ["made"] * 2}


@pytest.mark.parametrize("paused", [True, False])
def test_what_this_repair_has_paused_is_made_although_the_journal_was_lost(
    service: t.Any, make: Make, tmp_path: Path, paused: bool
) -> None:
    service.reset(night({**sales(), "status": "STOPPED"}))
    planned = make(stage="find", stopped_jobs=True, pause_schedules=True)
    gaps = [{**gap, "stage": "after_reruns"} for gap in planned["gaps"]]
    snapshot = {**planned, "gaps": gaps, "paused_jobs": ["sales"] if paused else []}
    after = make(stage="after_reruns", snapshots={WORKSPACE_ID: snapshot}, pause_schedules=True)
    assert (states(after), after["failed"]) == ({"sales": ["made" if paused else "failed"] * 2}, not paused)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 */10 * * * ?", "it has 7 plan times in this gap now, not those that were missing. Run the repair again"),
        ("0 0 */2 * * ?", "it has 1 plan time in this gap now"),
        ("0 30 * * * ?", "it has 1 plan time in this gap now"),
        ("0 30 */12 * * ?", "it has no plan time in this gap now. Run the repair again"),
        ("every day", "cannot be read now, 'every day' has 2 fields instead of 6 or 7"),
    ],
)
def test_what_a_changed_schedule_would_make_instead_is_not_made(service: t.Any, make: Make, cron: str, words: str) -> None:
    """Between the plan and the end of the reruns lie hours, and PatchData goes by the schedule that the job has then."""
    even = whole_hour(7) if datetime.fromtimestamp(whole_hour(7) / 1000, timezone.utc).hour % 2 else whole_hour(8)
    gone = {even, even + 3_600_000}
    listed = [{"plan_time": whole_hour(hours), "status": "success"} for hours in range(12) if whole_hour(hours) not in gone]
    service.reset(night({"name": "sales", "instances": listed}))
    snapshot = make(stage="find")
    service.reset(night({"name": "sales", "cron": cron, "instances": listed}))
    later = make(stage="before_reruns", snapshots={WORKSPACE_ID: snapshot})
    assert (later["failed"], later["error"]["kind"], states(later), made(service)) == (True, "incomplete", {"sales": ["failed"]}, [])
    assert words in later["msg"]
    service.reset(night({"name": "sales", "version": 2, "instances": listed}))
    assert states(make(stage="before_reruns", snapshots={WORKSPACE_ID: snapshot})) == {"sales": ["made"]}


def test_what_an_earlier_version_of_a_job_may_not_have_planned_is_left_alone(service: t.Any, make: Make) -> None:
    """A job that ran every six hours until it was changed to hourly, with one instance missing since then."""
    listed = [{"plan_time": whole_hour(hours), "status": "success", "version": 1 if hours > 4 else 2} for hours in (11, 5, 3, 1, 0)]
    service.reset(night({"name": "sales", "version": 2, "instances": listed}))
    result = make()
    assert (result["failed"], states(result), made(service)) == (
        False,
        {"sales": ["left_alone"] * 2 + ["made"]},
        [("sales", whole_hour(2))],
    )
    assert {gap["msg"] for gap in result["gaps"] if gap["state"] == "left_alone"} == {
        "an earlier version of the job was in force, maybe with another schedule"
    }
    assert (make(stopped_jobs=True)["failed"], len(made(service))) == (False, 7)


@pytest.mark.parametrize(("made_by", "state"), [(MadeBy.RERUN, "made"), (MadeBy.TASK, "left_alone")])
def test_what_a_rerun_has_paused_counts_as_scheduled(service: t.Any, make: Make, tmp_path: Path, made_by: MadeBy, state: str) -> None:
    """A killed repair leaves its jobs paused. The next one continues its plan, and its reruns resume them."""
    service.reset(night(sales()))
    checked = make(check=True)
    service.reset(night({**sales(), "status": "STOPPED"}))
    project_id = options(service)["project_id"]
    with Journal(str(tmp_path / "state"), password=None, project_id=project_id) as journal:
        PauseBook(journal, project_id, WORKSPACE_ID).begin("sales", made_by, "dead", ("", "", ""), checked["since"], 0)
    assert states(make()) == {"sales": [state] * 2}
    if made_by is MadeBy.RERUN:
        again = make(approved={"gaps": [gap["name"] for gap in checked["gaps"]]})
        assert (again["failed"], again["changed"]) == (False, False), again["msg"]


@pytest.mark.parametrize(("by_us", "jobs"), [(True, ["sales"]), (False, [])])
def test_a_job_of_which_a_rerun_is_in_progress_still_counts_as_failed(
    service: t.Any, make: Make, tmp_path: Path, by_us: bool, jobs: list[str]
) -> None:
    """A repair that was killed during its reruns is started again: downstream instances are still created after the reruns."""
    fates = [*instances(3), {"plan_time": whole_hour(3), "status": "fail" if by_us else "running"}]
    service.reset(small_night(jobs=[{"name": "sales", "instances": fates, "run_seconds": 3600}], switches={**FREE, **V1, **V2}))
    if by_us:
        given = {"jobs": ["sales"], "planned_after": str(whole_hour(11)), "settle_time": 1, "journal": str(tmp_path / "state")}
        assert by_action(call("job_rerun", options(service, **given)))
    assert make(check=True)["failed_jobs"] == jobs


def test_only_what_was_approved_is_made(service: t.Any, make: Make) -> None:
    service.reset(night(sales(), {"name": "stock", "instances": instances(2)}))
    names = [gap["name"] for gap in make(check=True)["gaps"]]
    for approved, words in (
        ([], "not approved"),
        (names[:1], "not approved"),
        ([*names, "repair_0"], "no longer missing: PatchData repair_0"),
    ):
        result = make(approved={"gaps": approved})
        assert (result["failed"], result["error"]["kind"], words in result["msg"], made(service)) == (True, "limit", True, []), result[
            "msg"
        ]
    assert states(make(approved={"gaps": names})) == {"sales": ["made", "made"], "stock": ["made"]}


def test_an_approval_binds_how_it_is_made(service: t.Any, make: Make) -> None:
    service.reset(night(sales()))
    checked = make(check=True, parallel=2)
    plan = {"gaps": [gap["name"] for gap in checked["gaps"]], "options": checked["options"]}
    changes: list[tuple[Json, str]] = [
        ({}, "parallel was 2 and is 1"),
        ({"parallel": 2, "pause_schedules": True}, "pause_schedules was False and is True"),
        ({"parallel": 2, "not_between": ["00:00-00:01 +00:00"]}, "not_between was not set and is ['00:00-00:01 +00:00']"),
    ]
    for options_now, words in changes:
        result = make(approved=plan, **options_now)
        assert (result["failed"], result["error"]["kind"], words in result["msg"]) == (True, "limit", True), result["msg"]
    assert made(service) == []
    assert states(make(approved=plan, parallel=2)) == {"sales": ["made", "made"]}
    assert not make(approved={"gaps": [], "options": checked["options"]})["failed"], "nothing is made"


def test_an_approved_repair_that_was_interrupted_goes_on(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "run_seconds": 600}, {"name": "stock", "instances": instances(2), "run_seconds": 360_000}))
    names = [gap["name"] for gap in make(check=True)["gaps"]]
    late = make(approved={"gaps": names}, wait_timeout=0)
    assert (late["failed"], late["error"]["kind"], late["changed"]) == (True, "incomplete", True)
    running = make(check=True, approved={"gaps": names})
    assert [(gap["state"], gap["instances"]) for gap in running["gaps"] if gap["job_name"] == "stock"] == [("missing", 1)]
    service.advance(360_000)
    done = make(approved={"gaps": names})
    assert not done["failed"], done["msg"]
    assert sorted(made(service)) == sorted([*(("sales", whole_hour(hours)) for hours in (7, 6, 3)), ("stock", whole_hour(2))])
    assert make(approved={"gaps": names})["changed"] is False
    checked = make(check=True, approved={"gaps": names})
    assert (checked["changed"], checked["gaps"]) == (False, [])


def test_what_was_made_before_is_known_to_every_later_one(service: t.Any, make: Make) -> None:
    """A repair may end between creating instances and rerunning those that ran without them."""
    service.reset(night({**sales(), "patch_fails": [whole_hour(7)]}))
    assert make(stage="find")["made_before"] == []
    gaps = make()["gaps"]
    later = make(stage="find")
    named = ("workspace_id", "job_name", "name", "start_date", "end_date")
    assert [[gap[name] for name in named] for gap in later["made_before"]] == [[gap[name] for name in named] for gap in gaps]
    assert make(stage="find", planned_after=str(whole_hour(4)))["made_before"] == later["made_before"][1:]
    before = {"stage": "before_reruns", "snapshots": {WORKSPACE_ID: later}}
    assert make(**before)["made_before"] == later["made_before"]


@pytest.mark.parametrize("paused", [False, True])
def test_what_a_repair_made_and_stopped_whose_journal_is_lost_is_known_by_the_list(
    service: t.Any, make: Make, tmp_path: Path, paused: bool
) -> None:
    """It was killed after creating instances and before its reruns."""
    other = {"name": "stock", "depends_on": ["sales"], "instances": instances(4)}
    service.reset(night(sales(), other, {"name": "closed", "status": "STOPPED", "instances": instances()}))
    journal = {"journal": str(tmp_path / "journal.db"), "pause_schedules": paused}
    snapshot = make(stage="find", jobs=["*"], **journal)
    made = make(stage="before_reruns", jobs=["*"], snapshots={WORKSPACE_ID: snapshot}, **journal)
    assert (made["failed"], made["paused_jobs"]) == (False, ["sales", "stock"] if paused else [])
    (tmp_path / "journal.db").unlink()
    for check in (True, False):
        later = make(check, stage="find", jobs=["*"], **{**journal, "pause_schedules": False})
        assert sorted(gap["name"] for gap in later["made_before"]) == sorted(gap["name"] for gap in made["gaps"])
        warned = [text for text in later["warnings"] if "does not know the repair" in text]
        assert [text.partition(":")[0] for text in warned] == (["sales and stock"] if paused else [])


def test_of_two_repairs_whose_gaps_differ_and_overlap_one_is_sent(service: t.Any, make: Make) -> None:
    """One window includes a plan time that the other does not, so the names of their PatchData differ, and their claims do not conflict."""
    service.reset(night({"name": "sales", "instances": instances(6, 7)}))
    service.inject({"route": "write", "kind": "latency", "seconds": 3600, "when": "before_effect"})
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(make)
        try:
            while not any(request["method"] == "POST" for request in service.requests()):
                assert not first.done(), first.result()
                time.sleep(0.01)
            second = make(planned_after=str(whole_hour(6)))
            assert (second["failed"], second["changed"], states(second)) == (True, False, {"sales": ["failed"]}), second
            assert "was sent a moment ago" in second["msg"]
        finally:
            service.clear_faults()
        assert states(first.result()) == {"sales": ["made"]}
    assert made(service) == [("sales", whole_hour(hours)) for hours in (7, 6)]
    again = make(planned_after=str(whole_hour(6)))
    assert (again["failed"], again["gaps"], len(made(service))) == (False, [], 2)


@pytest.mark.parametrize("workspace_id", [WORKSPACE_ID, SUPPLY_ID])
def test_what_patch_data_of_a_job_above_makes_is_not_made_twice(service: t.Any, make: Make, tmp_path: Path, workspace_id: str) -> None:
    """PatchData of a job may include downstream jobs (depend_jobs). It is listed only in its own workspace, and not immediately."""
    report = {
        "name": "report",
        "depends_on": [{"workspace": workspace_id, "job": "stock"}],
        "instances": instances(5),
        "run_seconds": 9_000,
    }
    scenario = night(report)
    workspaces = scenario["accounts"][0]["workspaces"]
    workspaces.append({"id": SUPPLY_ID, "name": "supply", "jobs": []})
    stock = {"name": "stock", "instances": instances(), "run_seconds": 9_000}
    next(entry for entry in workspaces if entry["id"] == workspace_id)["jobs"].append(stock)
    service.reset(scenario)
    moments = {"start_date": str(whole_hour(5) - 1000), "end_date": str(whole_hour(5) + 1000)}
    named = {"name": "stock_again", "job_name": "stock", "depend_jobs": [{"job_name": "report", "workspace_id": WORKSPACE_ID}]}
    given = {**moments, **named, "workspace_id": workspace_id, "wait": False, "journal": str(tmp_path / "state"), "settle_time": 1}
    service.inject({"route": "write", "kind": "latency", "seconds": 3600, "when": "before_effect", "times": 1})
    with ThreadPoolExecutor(1) as threads:
        above = threads.submit(call, "supplement_data", options(service, **given))
        try:
            while not any(request["method"] == "POST" for request in service.requests()):
                assert not above.done(), above.result()
                time.sleep(0.01)
            early = make(jobs=["report"])
        finally:
            service.clear_faults()
        assert not above.result()["failed"], above.result()
    assert (early["failed"], states(early)) == (True, {"report": ["failed"]}), early
    assert "PatchData stock_again was sent a moment ago" in early["msg"]
    everything = [(instance["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"]]
    assert sorted(everything) == [("report", whole_hour(5)), ("stock", whole_hour(5))]
    assert make(jobs=["report"])["gaps"] == []


def test_an_instance_that_fails_is_told(service: t.Any, make: Make) -> None:
    service.reset(night({**sales(), "patch_fails": [whole_hour(7)]}, {"name": "stock", "instances": instances(2)}))
    result = make()
    assert (result["failed"], result["error"]["kind"]) == (True, "incomplete")
    assert states(result) == {"sales": ["failed", "made"], "stock": ["made"]}
    assert "sales" in result["msg"]
    assert "without success" in result["msg"]


def test_a_schedule_that_cannot_be_read_is_told(service: t.Any, make: Make) -> None:
    service.reset(night(sales(), {"name": "odd", "cron": "every day", "instances": []}))
    result = make()
    assert (result["failed"], states(result)) == (True, {"sales": ["made", "made"]})
    assert "the schedule of job odd cannot be read" in result["msg"]
    assert not make(jobs=["sales"])["failed"]


def test_where_schedules_cannot_be_read_the_way_on_is_a_rerun(service: t.Any, make: Make) -> None:
    service.reset(night(sales(), v1_open=False))
    result = make()
    assert (result["failed"], result["error"]["kind"], made(service)) == (True, "not_published", [])
    assert result["msg"].endswith("rerun what failed with playbook dataarts.factory.rerun_failed.")


@pytest.mark.parametrize(
    "changes",
    [
        {"not_between": ["00:00-23:59"]},
        {"parallel": 6},
        {"wait_timeout": -1},
        {"poll_interval": 0},
        {"settle_time": -1},
        {"max_instances": -1},
        {"snapshots": {"other": 1}},
        {"snapshots": {"other": {"workspace_id": "other", "upstream": {"a": 1}}}},
        {"snapshots": {"other": {"workspace_id": "other", "upstream": {}, "gaps": [{"state": "missing"}]}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("check", [True, False])
def test_what_is_asked_for_wrongly_is_refused_once_and_before_anything_is_made(
    service: t.Any, make: Make, changes: Json, check: bool
) -> None:
    service.reset(night(sales()))
    result = make(check=check, **changes)
    (name,) = changes
    assert (result["failed"], result["error"]["kind"], made(service)) == (True, "option", [])
    assert result["msg"].count(name) == 1


def test_a_job_that_does_not_exist_is_named(service: t.Any, make: Make) -> None:
    service.reset(night(sales()))
    result = make(jobs=["sales", "sals"])
    assert (result["failed"], result["error"]["kind"], made(service)) == (True, "not_found", [])
    assert "job sals: " in result["msg"]
    assert "Did you mean sales?" in result["msg"]


def test_more_than_the_limit_is_refused(service: t.Any, make: Make) -> None:
    service.reset(night(sales()))
    result = make(max_instances=2)
    assert (result["failed"], result["error"]["kind"], made(service)) == (True, "limit", [])
    assert "3 instances missing, and max_instances is 2" in result["msg"]


@pytest.mark.parametrize("seconds", [6, 3600])
def test_quiet_hours_are_waited_for_as_reruns_wait_for_them(service: t.Any, make: Make, seconds: int) -> None:
    """Failed instances may depend on created ones, so this waits if the reruns wait."""
    service.reset({**night(sales()), "speed": 1, "run_seconds": 0.2})
    now = datetime.now(timezone.utc)
    until = now + timedelta(seconds=seconds)
    result = make(not_between=[f"{now - timedelta(hours=1):%H:%M}-{until:%H:%M:%S} UTC"], wait_timeout=60, pause_schedules=True)
    assert (result["failed"], states(result)) == (seconds > 60, {"sales": ["failed" if seconds > 60 else "made"] * 2}), result
    asked = [entry["time"] for entry in service.requests() if entry["method"] == "POST"]
    if seconds < 60:
        assert {entry["kind"] for entry in service.journal()} == {"stop_schedule", "patch_data", "start_schedule"}
        assert min(asked) >= int(until.timestamp()) * 1000
    else:
        assert "quiet hours" in result["msg"]
        assert asked == []


def test_quiet_hours_that_end_too_late_keep_back_what_was_not_paused(service: t.Any, make: Make) -> None:
    """Even if they end before the first request would be sent, because the service is slow."""
    service.reset({**night(sales()), "speed": 1, "run_seconds": 0.2})
    now = datetime.now(timezone.utc)
    until = now + timedelta(seconds=12)
    # the first list finds what is missing; the second one is read before anything is sent
    service.inject({"route": "supplements", "kind": "latency", "seconds": 14, "skip": 1})
    result = make(not_between=[f"{now - timedelta(hours=1):%H:%M}-{until:%H:%M:%S} UTC"], wait_timeout=1, pause_schedules=True)
    assert (result["failed"], states(result)) == (True, {"sales": ["failed"] * 2}), result
    assert "quiet hours" in result["msg"]
    assert service.journal() == []


def test_what_depends_on_a_failed_job_is_made_after_the_reruns(service: t.Any, make: Make) -> None:
    stock = {"name": "stock", "instances": instances(status="fail")}
    report = {"name": "report", "depends_on": ["stock"], "instances": instances(5)}
    service.reset(night(sales(), stock, report))
    snapshot = make(stage="find")
    before = make(stage="before_reruns", snapshots={WORKSPACE_ID: snapshot})
    assert ({gap["job_name"]: gap["stage"] for gap in before["gaps"]}, states(before)) == (
        {"sales": "before_reruns", "report": "after_reruns"},
        {"sales": ["made", "made"], "report": ["missing"]},
    )
    late = make(stage="after_reruns", snapshots={WORKSPACE_ID: before})  # the reruns did not bring stock to success
    assert (late["failed"], states(late)["report"], len(made(service))) == (True, ["failed"], 3)
    assert "depends on stock, which did not succeed" in late["msg"]
    after = make(stage="after_reruns", snapshots={WORKSPACE_ID: {**before, "failed_jobs": []}})
    assert (after["failed"], states(after)["report"], made(service)[-1]) == (False, ["made"], ("report", whole_hour(5)))


def test_what_no_order_is_right_for_is_refused(service: t.Any, make: Make) -> None:
    stock = {"name": "stock", "instances": instances(status="fail")}
    report = {"name": "report", "depends_on": ["stock"], "instances": instances(5)}
    board = {"name": "board", "depends_on": ["report"], "instances": instances(status="fail")}
    service.reset(night(stock, report, board))
    result = make(stage="before_reruns", snapshots={WORKSPACE_ID: make(stage="find")})
    assert (result["failed"], result["error"]["kind"], made(service)) == (True, "limit", [])
    assert "first with dataarts_jobs set to stock" in result["msg"]


def test_a_stage_needs_its_snapshot(make: Make) -> None:
    result = make(stage="before_reruns", snapshots={WORKSPACE_ID: {"workspace_id": WORKSPACE_ID}})
    assert (result["failed"], result["error"]["kind"]) == (True, "option")
