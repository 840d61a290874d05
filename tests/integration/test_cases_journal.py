# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal with several controllers, damaged files, instances whose key changes, approvals, and the question whose rerun it was."""

from __future__ import annotations

import shutil
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._journal.journal import Journal
from ansible_collections.dataarts.factory.plugins.module_utils._journal.sqlite import SqliteDatabase
from emulator.running import Running
from tests.support.journaled import Controller, begin, let_settle, module_options, once, shown_after, wait_for
from tests.support.logic import Result, by_action, call, passes, reruns
from tests.support.long import whole_plays
from tests.support.postgresql import PASSWORD, PostgresServer, postgres_server
from tests.support.scenarios import PROJECT_ID, WORKSPACE_ID

#: 32 failures in one workspace, whose reruns take half a second.
CROWD = [{"name": f"job_{number:02}", "failed": 2, "run_seconds": 30} for number in range(16)]
#: Parts of an instance's identity that a rerun may change.
RENAMED = [{"submit_time_after_rerun": "new"}, {"instance_id_after_rerun": "new"}]
RENAMED.append({**RENAMED[0], **RENAMED[1]})


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(params=whole_plays(["sqlite", "postgresql"]))
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, t.Any]:
    """Options for a journal that several controllers share."""
    if request.param == "sqlite":
        return {"journal": str(tmp_path / "journal.db")}
    server: PostgresServer = request.getfixturevalue("postgresql")
    return {"journal": server.uri(server.database()), "journal_password": PASSWORD}


def own(*results: Result) -> list[tuple[str, int]]:
    """Instances that these runs report as their own reruns."""
    return [
        (instance["job_name"], instance["plan_time"])
        for result in results
        for instance in result["instances"]
        if instance["rerun"] and not instance["adopted"]
    ]


# Two controllers at once (T10), and whose rerun it was (E13).


@pytest.mark.parametrize("visible_after", [0.0, pytest.param(1.0, marks=pytest.mark.long)])
def test_two_controllers_in_the_same_second(service: Running, tmp_path: Path, shared: dict[str, t.Any], visible_after: float) -> None:
    begin(service, *CROWD, rerun_visible_after=shown_after(visible_after), retry_of_active="accept")
    given = module_options(service, **shared, settle_time=3)
    controllers = [Controller(given, tmp_path / name).ready() for name in ("first", "second")]
    for controller in controllers:
        controller.go()
    results = [controller.result() for controller in controllers]
    assert reruns(service.journal()) == once(service)
    assert [(result["failed"], len(result["instances"])) for result in results] == [(False, 32)] * 2
    assert sorted(own(*results)) == sorted(once(service)), "each is the rerun of one of them"


@pytest.mark.long
def test_four_controllers_of_which_two_are_killed(service: Running, tmp_path: Path, shared: dict[str, t.Any]) -> None:
    """The others rerun exactly what the killed ones have not sent."""
    begin(service, *CROWD, rerun_visible_after=shown_after(0.3), retry_of_active="accept")
    given = module_options(service, **shared, settle_time=3, since=str(service.now_ms()))
    controllers = [Controller(given, tmp_path / str(number)).ready() for number in range(4)]
    for number, controller in enumerate(controllers):
        controller.go()
        if number < 2:
            _first_rerun(service, number)
            controller.kill()
    results = [controller.result() for controller in controllers[2:]]
    assert reruns(service.journal()) == once(service)
    assert not any(result["failed"] for result in results)


def _first_rerun(service: Running, number: int) -> None:
    before = len(service.journal()) if number else 0
    wait_for(lambda: len(service.journal()) > before)


def test_a_module_that_is_run_twice_knows_its_own_reruns(service: Running, tmp_path: Path) -> None:
    """ansible-core does so after a lost connection to a jump host: same task, same state."""
    begin(service, *CROWD[:3])
    state = call("job_rerun", module_options(service, tmp_path / "journal"))["pass_state"]
    last = passes(module_options(service, tmp_path / "journal", pass_state=state))[-1]
    assert reruns(service.journal()) == once(service)
    assert sorted(own(last)) == sorted(once(service))


@pytest.mark.parametrize("since_given", [True, False])
def test_a_second_task_says_that_another_one_reran_them(service: Running, tmp_path: Path, since_given: bool) -> None:
    begin(service, *CROWD[:3])
    first = passes(module_options(service, tmp_path / "journal"))
    again = {"since": str(first[0]["since"])} if since_given else {}
    second = passes(module_options(service, tmp_path / "journal", **again))[-1]
    assert reruns(service.journal()) == once(service)
    assert (sorted(own(first[-1])), own(second)) == (sorted(once(service)), [])
    assert second["changed"] is False


# Other runs rerun an instance after this one has used its attempts.


@pytest.mark.parametrize(
    ("attempts", "skew", "fault"),
    [
        (1, -30, {"kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission"}),
        (2, 0, {"kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission"}),
        (1, 0, {"kind": "drop", "when": "before_effect"}),
        (2, 0, None),
    ],
)
def test_a_run_that_is_started_again_does_not_forget_what_it_sent_because_another_one_tried(
    service: Running, tmp_path: Path, attempts: int, skew: int, fault: dict[str, t.Any] | None
) -> None:
    """Whether the other run's rerun was refused, lost or accepted: the same command sends nothing, however often it is repeated."""
    begin(service, {"name": "daily_sales", "failed": 1, "runs": ["fail"] * 9}, scheduler_skew_seconds=skew)
    given = module_options(service, tmp_path / "journal", max_retries=0)
    first = passes({**given, "attempts": attempts})
    let_settle(service)
    if fault is not None:
        service.inject({"route": "retry", **fault})
    call("job_rerun", given)
    wait_for(lambda: all(instance["runs"][-1]["status"] == "fail" for instance in service.instances("daily_sales")))
    service.clear_faults()
    writes = len(service.journal())
    assert writes == attempts + (fault is None)
    for _paste in range(2):
        let_settle(service)
        again = passes({**given, "attempts": attempts, "since": str(first[0]["since"])})[-1]
        assert [instance["action"] for instance in again["instances"]] == ["failed_again"]
    assert len(service.journal()) == writes


# A journal that cannot be read (T6).


def overwritten(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look like one" * 100)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def with_a_broken_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


DAMAGES: list[Callable[[Path], None]] = [overwritten, cut_short, with_a_broken_page]


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_unreadable_journal_holds_every_run_back_until_reruns_show(
    service: Running, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Run 1 sends a rerun that shows late; run 2 is interrupted during its hold-off; run 3 has no since."""
    begin(service, rerun_visible_after=shown_after(2), retry_of_active="accept")
    journal = tmp_path / "journal.db"
    given = module_options(service, journal, settle_time=4)
    call("job_rerun", given)
    damage(journal)
    assert (call("job_rerun", given)["changed"], call("job_rerun", given)["changed"]) == (False, False)
    last = passes(given)[-1]
    assert reruns(service.journal()) == once(service)
    assert last["failed"] is False
    assert [path.name for path in tmp_path.iterdir() if path.name != "journal.db"], "it was set aside, not thrown away"


@pytest.mark.parametrize("step_ms", [-3_600_000, 60_000, 3_600_000])
def test_a_step_of_the_journals_clock_does_not_shorten_that(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_ms: int
) -> None:
    """The clock is set during the second run's hold-off, or between the second and the third run."""
    begin(service, rerun_visible_after=shown_after(2), retry_of_active="accept")
    journal = tmp_path / "journal.db"
    given = module_options(service, journal, settle_time=4)
    call("job_rerun", given)
    overwritten(journal)
    second = call("job_rerun", given)
    clock_ms = SqliteDatabase.clock_ms
    monkeypatch.setattr(SqliteDatabase, "clock_ms", lambda database: clock_ms(database) + step_ms)
    assert not call("job_rerun", given)["changed"]
    assert not call("job_rerun", {**given, "pass_state": second["pass_state"]})["changed"]
    assert passes(given)[-1]["failed"] is False
    assert reruns(service.journal()) == once(service)


@pytest.mark.parametrize("downstream", ["cancelled", "stale"])
def test_an_unreadable_journal_may_have_known_of_dependants(service: Running, tmp_path: Path, downstream: str) -> None:
    """The earlier reruns are lost with it, so a run without since cannot know their downstream instances, and fails."""
    begin(service)
    journal = tmp_path / "journal.db"
    given = module_options(service, journal)
    first = passes({**given, "downstream": downstream})
    assert first[-1]["failed"] is False
    overwritten(journal)
    lost = passes({**given, "downstream": downstream})[-1]
    assert (lost["failed"], "was set aside" in lost["msg"], "Set since" in lost["msg"]) == (True, True, True)
    assert passes({**given, "downstream": downstream, "since": str(first[0]["since"])})[-1]["failed"] is False
    assert passes({**given, "downstream": "report"})[-1]["failed"] is False
    assert reruns(service.journal()) == once(service)


@pytest.mark.parametrize("skew", [0, 5])
@pytest.mark.parametrize("damage", DAMAGES)
def test_an_unreadable_journal_lifts_no_daily_limit(service: Running, tmp_path: Path, damage: Callable[[Path], None], skew: int) -> None:
    """Even if the scheduler's clock is ahead, so that the rerun seems to have started after the journal was set aside."""
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}, scheduler_skew_seconds=skew)
    journal = tmp_path / "journal.db"
    given = module_options(service, journal, max_reruns_per_day=1)
    assert by_action(passes(given)[-1]).keys() == {"failed_again"}
    damage(journal)
    for dummy_run in range(2):
        last = passes(given)[-1]
        assert reruns(service.journal()) == once(service)
        assert by_action(last).keys() == {"failed_again"}
        let_settle(service, 8)


@pytest.mark.parametrize("since_given", [False, True])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_that_goes_away_in_the_middle_of_a_run(service: Running, tmp_path: Path, replaced: bool, since_given: bool) -> None:
    """Somebody deletes it after the reruns were sent and before they show. Earlier requests count as unknown."""
    begin(service, *CROWD[:2], rerun_visible_after=shown_after(0.6), retry_of_active="accept")
    journal = tmp_path / "journal.db"
    gone: list[Result] = []

    def delete(result: Result) -> None:
        if result["changed"] and not gone:
            gone.append(result)
            journal.unlink()
            if replaced:
                Journal(str(journal), password=None, project_id=PROJECT_ID).cover(["another"], service.now_ms())

    given = module_options(service, journal, settle_time=2, **({"since": str(service.now_ms())} if since_given else {}))
    last = passes(given, between=delete)[-1]
    assert gone
    assert reruns(service.journal()) == once(service)
    assert by_action(last) == {"done": sorted(once(service))}


@pytest.mark.parametrize("since_given", [False, True])
def test_a_journal_that_lacks_the_last_claims_in_the_middle_of_a_run(service: Running, tmp_path: Path, since_given: bool) -> None:
    """A copy is restored, or a standby server takes over, after the reruns were sent and before they show. The run notices it in its next pass, and
    the journal says so from then on: with the same since, at once, nothing is sent twice."""
    begin(service, *CROWD[:2], rerun_visible_after=shown_after(1), retry_of_active="accept")
    journal, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    with Journal(str(journal), password=None, project_id=PROJECT_ID) as earlier:
        earlier.cover([WORKSPACE_ID], service.now_ms() - 86_400_000)
    shutil.copy(journal, copy)
    given = module_options(service, journal, settle_time=2, **({"since": str(service.now_ms())} if since_given else {}))
    first, last = passes(given, between=lambda result: shutil.copy(copy, journal) if result["changed"] else None)[-2:]
    assert first["changed"]
    assert (last["failed"], last["changed"], "as if a copy had been restored. Start again with the same since" in last["msg"]) == (
        True,
        False,
        True,
    )
    waiting, *dummy, again = passes({**given, "since": str(first["since"])})
    assert "may have lost its newest records" in " ".join(waiting["warnings"])
    assert reruns(service.journal()) == once(service)
    assert by_action(again) == {"done": sorted(once(service))}


# A rerun that changes submit_time or instance_id (T11).


@pytest.mark.parametrize("renamed", RENAMED)
@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_a_renamed_instance_is_one_instance(service: Running, tmp_path: Path, renamed: dict[str, str], api_version: str) -> None:
    begin(service, *CROWD[:2], rerun_visible_after=shown_after(0.5), scheduler_skew_seconds=0, **renamed)
    service.inject({"route": "retry", "kind": "drop"})
    last = passes(module_options(service, tmp_path / "journal", api_version=api_version))[-1]
    assert reruns(service.journal()) == once(service)
    assert (last["failed"], last["summary"]["total"]) == (False, 4)
    assert by_action(last) == {"done": sorted(once(service))}
    assert all(instance["rerun"] for instance in last["instances"])


@pytest.mark.parametrize("renamed", RENAMED)
def test_a_renamed_instance_counts_once_for_attempts_and_daily_limit(service: Running, tmp_path: Path, renamed: dict[str, str]) -> None:
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}, **renamed)
    given = module_options(service, tmp_path / "journal", attempts=2, max_reruns_per_day=3)
    first = passes(given)[-1]
    assert [(instance["action"], instance["attempts"]) for instance in first["instances"]] == [("failed_again", 2)]
    for _run in range(3):
        let_settle(service)
        assert by_action(passes(given)[-1]).keys() == {"failed_again"}
    assert list(reruns(service.journal()).values()) == [3]


@pytest.mark.parametrize("renamed", RENAMED)
def test_named_instances_that_are_renamed(service: Running, tmp_path: Path, renamed: dict[str, str]) -> None:
    begin(service, rerun_visible_after=shown_after(0.5), scheduler_skew_seconds=0, **renamed)
    (instance,) = service.instances("daily_sales")
    named = {name: str(instance[name]) for name in ("plan_time", "submit_time")} | {"job_id": instance["job_id"]}
    given = module_options(service, tmp_path / "journal", job_name="daily_sales", task_retrys=[named])
    del given["poll_interval"]
    service.inject({"route": "retry", "kind": "drop"})
    result = call("job_instance_retry", given)
    assert reruns(service.journal()) == once(service)
    assert (result["failed"], [reported["rerun"] for reported in result["instances"]]) == (False, [True])


@pytest.mark.parametrize("renamed", RENAMED)
@pytest.mark.parametrize("submit_time_of", ["job", "instance"])
def test_a_renamed_instance_next_to_another_of_the_same_planned_run(
    service: Running, tmp_path: Path, renamed: dict[str, str], submit_time_of: str
) -> None:
    """A normal and a PatchData instance are rerun one after the other. The second failed later, and is not taken for the first one's rerun."""
    other = {"type": 5, "start_time": "-30m", "end_time": "-20m"}
    begin(
        service,
        {"name": "daily_sales", "instances": [{"plan_time": "-1h", **more} for more in ({}, other)]},
        submit_time_of=submit_time_of,
        **renamed,
    )
    last = passes(module_options(service, tmp_path / "journal", max_parallel=1))[-1]
    assert [instance["runs"][-1]["status"] for instance in service.instances("daily_sales")] == ["success", "success"]
    assert [(instance["action"], instance["rerun"]) for instance in last["instances"]] == [("done", True)] * 2
    assert sum(reruns(service.journal()).values()) == 2


# An approved plan is carried out once (T14).


@pytest.mark.parametrize("same_journal", [True, False])
def test_an_approved_plan_is_carried_out_once(service: Running, tmp_path: Path, same_journal: bool) -> None:
    """Three plays use it. The instance fails again in between, and another one fails."""
    begin(service, {"name": "daily_sales", "instances": [{"plan_time": "-1h", "runs": ["fail"]}]}, scheduler_skew_seconds=0)
    checked = call("job_rerun", module_options(service, tmp_path / "0"), check=True)
    approved = {name: checked[name] for name in ("plan_id", "plan_record")}
    for number in range(3):
        journal = tmp_path / ("0" if same_journal else str(number))
        passes(module_options(service, journal, **approved))
    assert list(reruns(service.journal()).values()) == [1]
    service.add("daily_sales", {"plan_time": "-30m", "status": "fail"}, workspace_id=WORKSPACE_ID)
    refused = passes(module_options(service, tmp_path / "0", **approved))[-1]
    assert refused["failed"]
    assert list(reruns(service.journal()).values()) == [1], "a later failure was not approved"


def test_an_approved_plan_that_is_interrupted_goes_on(service: Running, tmp_path: Path) -> None:
    begin(service, *CROWD[:3])
    checked = call("job_rerun", module_options(service, tmp_path / "journal", max_parallel=1), check=True)
    approved = {name: checked[name] for name in ("plan_id", "plan_record")}
    deadline = time.monotonic() + 30
    while not reruns(service.journal()) and time.monotonic() < deadline:  # a new journal holds off for the settle time
        call("job_rerun", module_options(service, tmp_path / "journal", **approved, max_parallel=1))
    assert len(reruns(service.journal())) == 1
    last = passes(module_options(service, tmp_path / "journal", **approved, max_parallel=1))[-1]
    assert (last["failed"], reruns(service.journal())) == (False, once(service))
