# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons of failures: what is read, with how many requests, and what happens if they cannot be read."""

from __future__ import annotations

import collections
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._planner.reason_policy import NEVER, ONLY
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reasons import grouped, normalised
from emulator.running import Running, running
from tests.emulator.signed_requests import listed, retry, retry_body
from tests.support.journaled import wait_for
from tests.support.logic import Result, call, passes, reruns
from tests.support.scenarios import BOTH, FREE, OPEN, V2, small_night
from tests.support.workspace import options

CAUSES: dict[str, dict[str, t.Any]] = {
    "no_table": {"error": "Table 'ods.orders_{number}' not found", "node": 0, "retries": 2},
    "no_right": {"error": "OBS: no permission for obs://bucket/{id}", "node": 1},
    "timeout": {"error": "执行超时，已运行{number}秒", "node": 0},
    "memory": {"error": "Container {id} ended with exit code 137", "node": 0},
    "locked": {"error": "Lock wait timeout exceeded [ErrorCode: 1205] at {time}", "node": 1},
    "refused": {"error": "Connection to 10.0.0.{number}:8000 refused", "node": 0},
    "quality": {"error": "quality rule 'r{number}' of job {job} is violated", "node": 2},
}
REASONS = {
    "Table … not found",
    "OBS: no permission for …",
    "执行超时，已运行…秒",
    "Container … ended with exit code 137",
    "Lock wait timeout exceeded [ErrorCode: 1205] at …",
    "Connection to … refused",
    "quality rule … of job … is violated",
}
NODES = [
    {"name": "read_orders", "type": "DLISQL"},
    {"name": "load_orders", "type": "OBSManager"},
    {"name": "check_orders", "type": "Shell"},
]
TWO_CAUSES = [
    {"name": "daily_sales", "nodes": NODES, "cause": "no_table", "failed": 30, "every": "20m"},
    {"name": "hourly_stock", "nodes": NODES, "cause": "no_right", "failed": 2, "succeeded": 2},
]


@pytest.fixture(scope="module")
def emulated() -> t.Iterator[Running]:
    """One emulator for this module."""
    with running(small_night()) as service:
        yield service


@pytest.fixture
def night(emulated: Running, tmp_path: Path) -> t.Callable[..., dict[str, t.Any]]:
    """Function that resets the emulator to a night with two causes and returns options: ``night({switches}, options of job_rerun)``."""

    def begin(switches: dict[str, t.Any] | None = None, /, there: t.Any = None, **changes: t.Any) -> dict[str, t.Any]:
        emulated.reset(small_night(jobs=there or TWO_CAUSES, causes=CAUSES, switches={**BOTH, **FREE, **(switches or {})}))
        given = {"journal": str(tmp_path / "journal.db"), "settle_time": 1, "poll_interval": 1, **changes}
        return options(emulated, **given)

    return begin


def details_read(service: Running) -> int:
    """Number of requests for instance details."""
    return sum(entry["route"] == "v1_instance" for entry in service.requests())


def shown(result: Result) -> list[tuple[int, str, list[str], list[str]]]:
    """Reasons of a result: count, reason, nodes, and node types without spaces."""
    return [
        (group["count"], group["reason"], group["nodes"], [kind.replace(" ", "") for kind in group["node_types"]])
        for group in result["reasons"]
    ]


BOTH_REASONS = [
    (30, "Table … not found", ["read_orders"], ["DLISQL"]),
    (2, "OBS: no permission for …", ["load_orders"], ["OBSManager"]),
]


class TestAPlan:
    def test_shows_each_reason_with_its_node_for_one_request_each(self, emulated: Running, night: t.Any) -> None:
        result = call("job_rerun", night({"node_types": "joined"}), check=True)
        assert shown(result) == BOTH_REASONS
        assert result["plan"][-2:] == [
            "  30 × node read_orders (DLISQL): Table … not found",
            "  2 × node load_orders (OBSManager): OBS: no permission for …",
        ]
        assert details_read(emulated) == 2
        assert result["problems"] == []
        read = [instance for instance in result["instances"] if instance["failure"]["read"]]
        assert {instance["job_name"] for instance in read} == {"daily_sales", "hourly_stock"}
        assert len(read) == 2
        assert all(instance["failure"]["log_path"].startswith("obs://") for instance in read)
        assert {instance["failure"]["retries"] for instance in result["instances"] if instance["job_name"] == "daily_sales"} == {2}

    @pytest.mark.parametrize(("mode", "requests"), [("all", 32), ("none", 0)])
    def test_all_reads_every_failure_and_none_none(self, emulated: Running, night: t.Any, mode: str, requests: int) -> None:
        result = call("job_rerun", night(reasons=mode), check=True)
        assert [group[:2] for group in shown(result)] == [group[:2] for group in BOTH_REASONS]
        assert details_read(emulated) == requests
        assert [bool(instance["failure"]["read"]) for instance in result["instances"]] == [mode == "all"] * 32

    @pytest.mark.parametrize(("jobs", "lists"), [(["daily_sales"], 1), (["daily_sales", "hourly_stock"], 2)])
    def test_where_v2_listed_the_messages_are_those_of_v1(self, emulated: Running, night: t.Any, jobs: list[str], lists: int) -> None:
        result = call("job_rerun", night(jobs=jobs), check=True)
        assert result["api_versions"]["list"] == "v2"
        assert shown(result) == BOTH_REASONS[:lists]
        routes = collections.Counter(entry["route"] for entry in emulated.requests())
        assert (routes["v1_instance"], routes["v1_list"]) == (lists, lists)

    @pytest.mark.parametrize("mode", ["auto", "all"])
    @pytest.mark.parametrize("api_version", ["v1", "v2"])
    def test_one_api_generation_alone(self, emulated: Running, night: t.Any, mode: str, api_version: str) -> None:
        result = call("job_rerun", night(reasons=mode, api_version=api_version), check=True)
        closed = api_version == "v2"
        assert shown(result) == ([(32, "", [], [])] if closed else BOTH_REASONS)
        assert bool(details_read(emulated)) is not closed
        assert len(result["problems"]) == (closed and mode == "all")
        assert not any("×" in line for line in result["plan"]) or not closed

    @pytest.mark.parametrize("error", ["node", "instance"])
    def test_where_the_detail_says_why_it_is_asked(self, night: t.Any, error: str) -> None:
        result = call(
            "job_rerun", night({"detail_error": error, "node_types": "apart"}, jobs=["hourly_stock"], api_version="auto"), check=True
        )
        assert shown(result) == BOTH_REASONS[1:]
        assert result["reasons"][0]["node_types"] == ["OBS Manager"]

    def test_the_second_reading_of_a_failure_costs_nothing(self, emulated: Running, night: t.Any) -> None:
        given = night(jobs=["daily_sales"])
        first = call("job_rerun", {**given, "pass_state": {"run_id": "r", "plan_only": True}})
        before = len(emulated.requests())
        second = call("job_rerun", {**given, "pass_state": {**first["pass_state"], "plan_only": True}})
        assert shown(second) == shown(first) == BOTH_REASONS[:1]
        again = collections.Counter(entry["route"] for entry in emulated.requests()[before:])
        assert (again["v1_instance"], again["v1_list"]) == (0, 0)

    def test_no_more_than_ten_details_of_a_workspace(self, emulated: Running, night: t.Any) -> None:
        jobs = [{"name": f"job_{number:02}", "error": f"error of kind {chr(97 + number)}", "failed": 2} for number in range(14)]
        result = call("job_rerun", night(there=jobs), check=True)
        assert details_read(emulated) == 10
        assert len(result["reasons"]) == 14
        assert result["plan"][-1] == "  18 × 9 other reasons"


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("fault", "noted", "tries"),
        [
            ({"kind": "status", "status": 404, "code": "APIGW.0101", "message": "The API does not exist"}, False, 4),
            ({"kind": "status", "status": 403, "code": "DLF.6888", "message": "no permission"}, True, 4),
            ({"kind": "malformed"}, True, 10),
            ({"kind": "status", "status": 400, "code": "DLF.30137", "message": "Job instance does not exist."}, False, 10),
        ],
    )
    def test_one_note_and_the_plan_goes_on(self, emulated: Running, night: t.Any, fault: dict[str, t.Any], noted: bool, tries: int) -> None:
        given = night(max_retries=0)
        emulated.inject({"route": "v1_instance", "times": None, **fault})
        result = call("job_rerun", given, check=True)
        assert not result["failed"]
        assert [group[:2] for group in shown(result)] == [group[:2] for group in BOTH_REASONS]
        assert all(group[2:] == ([], []) for group in shown(result))
        assert len(result["problems"]) == noted, result["problems"]
        assert details_read(emulated) <= tries
        assert result["plan"][-2:] == ["  30 × Table … not found", "  2 × OBS: no permission for …"]

    @pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "malformed"}])
    def test_a_service_in_trouble_is_not_asked_for_each(self, emulated: Running, night: t.Any, fault: dict[str, t.Any]) -> None:
        given = night(max_retries=0, reasons="all")
        emulated.inject({"route": "v1_instance", "times": None, **fault})
        result = call("job_rerun", given, check=True)
        assert len(result["problems"]) == 1
        assert details_read(emulated) <= 12

    def test_an_instance_that_moved_on_says_nothing_about_its_failure(self, emulated: Running, night: t.Any) -> None:
        """Somebody reruns it between the list and the detail, whose node is not that of this failure."""
        given = night({"rerun_visible_after": 0}, there=[{**TWO_CAUSES[1], "runs": [{"status": "hang"}]}])
        emulated.inject({"route": "v1_instance", "kind": "latency", "seconds": 60, "when": "before_effect"})
        entries = [entry for entry in listed(emulated, "hourly_stock").data["instances"] if entry["status"] == "fail"]

        def rerun_by_somebody() -> None:
            wait_for(lambda: emulated.requests("v1_instance"))
            retry(emulated, "hourly_stock", retry_body(entries))
            emulated.clear_faults()

        somebody = threading.Thread(target=rerun_by_somebody)
        somebody.start()
        result = call("job_rerun", given, check=True)
        somebody.join()
        assert shown(result) == [(2, "OBS: no permission for …", [], [])]


def test_what_failed_again_is_read_for_itself(emulated: Running, night: t.Any) -> None:
    fates = [
        {"status": "fail", "error": "Table 'x1' not found", "node": 0},
        {"status": "fail", "error": "disk full", "node": 2, "retries": 5},
    ]
    jobs = [
        {"name": "daily_sales", "nodes": NODES, "cause": "no_right", "failed": 3},
        {"name": "weekly_report", "nodes": NODES, "cause": "no_table", "instances": [{"plan_time": "-2h", "runs": [fates[1]]}]},
    ]
    results = passes(night(there=jobs), between=lambda result: emulated.advance(2))
    (last,) = [instance for instance in results[-1]["instances"] if instance["job_name"] == "weekly_report"]
    assert (last["action"], last["failure"]["node"], last["failure"]["retries"]) == ("failed_again", "check_orders", 5)
    assert (last["failure"]["message"], last["failure"]["read"]) == ("disk full", True)
    assert shown(results[-1]) == [(1, "disk full", ["check_orders"], ["Shell"])]
    assert results[-1]["reasons"][0]["broken"] == 1
    assert details_read(emulated) == 3


class TestOtherWorkspaces:
    """400 failures with seven causes in twelve workspaces."""

    NAMES = tuple(f"ws{number:02}" for number in range(12))
    FAILED = (34, 33)  # of alternate workspaces; two less in the last

    def scenario(self) -> dict[str, t.Any]:
        workspaces = []
        for number, name in enumerate(self.NAMES):
            failed = self.FAILED[number % 2] - (2 if number == 11 else 0)
            causes = [list(CAUSES)[(number + step) % 7] for step in range(3)]
            sizes = (failed - 10, 6, 4)
            jobs = [
                {"name": f"job_{step}", "nodes": NODES, "cause": cause, "failed": size, "every": "20m"}
                for step, (cause, size) in enumerate(zip(causes, sizes, strict=True))
            ]
            workspaces.append({"id": name.ljust(32, "0"), "name": name, "jobs": jobs})
        return small_night(workspaces=workspaces, causes=CAUSES, switches={**BOTH, **FREE})

    def test_are_seven_groups_with_the_right_counts_for_a_request_of_each_job_and_node(self, emulated: Running, tmp_path: Path) -> None:
        emulated.reset(self.scenario())
        truth: collections.Counter[str] = collections.Counter()
        pairs = set()
        for workspace in self.scenario()["accounts"][0]["workspaces"]:
            for job in workspace["jobs"]:
                truth[job["cause"]] += job["failed"]
                pairs.add((workspace["name"], job["name"], CAUSES[job["cause"]]["node"]))
        instances: list[Result] = []
        for name in self.NAMES:
            given = options(emulated, workspace_id=name.ljust(32, "0"), journal=str(tmp_path / "journal.db"))
            result = call("job_rerun", given, check=True)
            instances += result["instances"]
        assert sum(truth.values()) == len(instances) == 400
        groups = grouped({**instance, "broken": True} for instance in instances)
        assert {group["reason"] for group in groups} == REASONS
        assert {group["reason"]: group["count"] for group in groups} == {
            normalised(CAUSES[name]["error"].format(id=5, number=7, time="2026-11-29 01:02:03", job="job_0"), "job_0"): count
            for name, count in truth.items()
        }
        assert all(len(group["nodes"]) == 1 for group in groups)
        assert details_read(emulated) <= len(pairs)


@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
def test_a_list_of_failures_has_reasons_too(emulated: Running, night: t.Any, api_version: str) -> None:
    given = night(OPEN[api_version], api_version=api_version, statuses=["fail"], journal=None, settle_time=None, poll_interval=None)
    result = call("job_instance_info", given)
    assert result["total"] == 32
    assert shown(result) == ([(32, "", [], [])] if api_version == "v2" else BOTH_REASONS)
    assert {instance["failure"]["node"] for instance in result["instances"]} == (
        {None} if api_version == "v2" else {"read_orders", "load_orders"}
    )
    assert call("job_instance_info", {**given, "statuses": ["success"]})["reasons"] == []


@pytest.mark.parametrize("jobs", [["*"], ["daily_sales", "hourly_stock"]])
def test_a_rerun_without_v1_goes_on(emulated: Running, night: t.Any, jobs: list[str]) -> None:
    """If jobs are listed by name, v1 is found to be closed only when it is asked for the messages that v2's list does not have."""
    passes(night({**V2, "v1_open": False}, jobs=jobs))
    assert sum(reruns(emulated.journal()).values()) == 32


def test_a_list_without_v1_has_none(emulated: Running, night: t.Any) -> None:
    agreeing = {"clock_skew_seconds": 0}  # a wrong clock would cause a warning
    result = call("job_instance_info", night({**V2, **agreeing, "v1_open": False}, journal=None, settle_time=None, poll_interval=None))
    assert (shown(result), result["warnings"], details_read(emulated)) == ([(32, "", [], [])], [], 0)


class TestPolicies:
    """Both jobs of the night: 30 instances failed because of a table, 2 because of a permission."""

    def counted(self, service: Running) -> dict[str, int]:
        """Number of reruns by job, in the emulator's journal."""
        counts: collections.Counter[str] = collections.Counter()
        for (job, _plan_time), times in reruns(service.journal()).items():
            counts[job] += times
        return dict(counts)

    @pytest.mark.parametrize("api_version", ["auto", "v1"])
    @pytest.mark.parametrize(
        ("rules", "rerun"),
        [
            ({"never_rerun_reasons": ["no permission"]}, {"daily_sales": 30}),
            ({"never_rerun_reasons": ["OBS Manager"]}, {"daily_sales": 30}),
            ({"never_rerun_reasons": ["Table … not found", "quota"]}, {"hourly_stock": 2}),
            ({"rerun_only_reasons": ["table*not found"]}, {"daily_sales": 30}),
            ({"rerun_only_reasons": ["timeout"]}, {}),
            ({"rerun_only_reasons": ["OBS", "table"], "never_rerun_reasons": ["DLISQL"]}, {"hourly_stock": 2}),
            ({"never_rerun_reasons": []}, {"daily_sales": 30, "hourly_stock": 2}),
        ],
    )
    def test_what_a_policy_names_is_sent_or_not(
        self, emulated: Running, night: t.Any, api_version: str, rules: t.Any, rerun: t.Any
    ) -> None:
        results = passes(night(api_version=api_version, wait=False, **rules))
        assert self.counted(emulated) == rerun
        left = [instance for instance in results[-1]["instances"] if instance["policy"] is not None]
        assert len(left) == 32 - sum(rerun.values())
        assert {(instance["action"], instance["standing"]) for instance in left} <= {("blocked", "blocked")}
        assert results[-1]["failed"] is bool(left)

    def test_plan_and_result_name_the_pattern(self, emulated: Running, night: t.Any) -> None:
        result = call("job_rerun", night(never_rerun_reasons=["no permission"]), check=True)
        assert "  left to a person: 2, never_rerun_reasons: no permission" in result["plan"]
        left = [instance for instance in result["instances"] if instance["policy"]]
        assert [instance["policy"] for instance in left] == [{"option": NEVER, "pattern": "no permission", "read": True}] * 2
        assert all(
            "never_rerun_reasons names its reason (OBS: no permission for …): no permission" in instance["reason"] for instance in left
        )
        assert details_read(emulated) == 32

    @pytest.mark.parametrize("option", [NEVER, ONLY])
    @pytest.mark.parametrize(
        "switches", [{"v1_open": False}, {"fault": {"kind": "status", "status": 403, "code": "DLF.6888"}}, {"fault": {"kind": "malformed"}}]
    )
    def test_what_cannot_be_read_is_never_sent(self, emulated: Running, night: t.Any, option: str, switches: dict[str, t.Any]) -> None:
        fault = switches.get("fault")
        changes = {"wait": False, "max_retries": 0, option: ["nothing like it"]}
        given = night({name: value for name, value in switches.items() if name != "fault"}, **changes)
        if fault:
            emulated.inject({"route": "v1_instance", "times": None, **fault})
        results = passes(given)
        assert self.counted(emulated) == {}
        assert {instance["policy"]["read"] for instance in results[-1]["instances"]} == {False}
        assert f"  left to a person: 32, {option}: the reason could not be read" in results[0]["plan"]
        assert sum("could not be read" in problem for problem in results[0]["problems"]) == 1
        assert results[-1]["failed"]

    @pytest.mark.parametrize("api_version", ["auto", "v1"])
    @pytest.mark.parametrize(("length", "by_pattern"), [(1900, True), (10_000, False)])
    def test_a_long_message_is_read_to_its_end_or_not_sent(
        self, emulated: Running, night: t.Any, api_version: str, length: int, by_pattern: bool
    ) -> None:
        given = night(never_rerun_reasons=["no permission for obs"], wait=False, api_version=api_version)
        causes = {"long": {"error": "at com.example.Step " * (length // 20) + "\x1b[31mno\x1b[0m\npermission for obs://bucket", "node": 1}}
        emulated.reset(small_night(jobs=[{**TWO_CAUSES[1], "cause": "long"}], causes=causes, switches={**BOTH, **FREE}))
        results = passes(given)
        assert self.counted(emulated) == {}
        assert {instance["policy"]["read"] for instance in results[-1]["instances"]} == {by_pattern}
        assert {len(instance["failure"]["message"]) for instance in results[-1]["instances"]} == {500}
        assert results[-1]["failed"]

    def test_another_policy_is_another_plan(self, emulated: Running, night: t.Any) -> None:
        given = night(jobs=["daily_sales"], never_rerun_reasons=["no permission"], wait=False)
        plan = call("job_rerun", given, check=True)
        approved = {**given, "plan_id": plan["plan_id"], "plan_record": plan["plan_record"]}
        other = passes({**approved, "never_rerun_reasons": ["quota"]})[-1]
        assert (other["failed"], other["error"]["kind"]) == (True, "limit")
        assert "never_rerun_reasons was ['no permission'] and is ['quota']" in other["msg"]
        assert self.counted(emulated) == {}
        assert not passes(approved)[-1]["failed"]
        assert self.counted(emulated) == {"daily_sales": 30}

    @pytest.mark.parametrize("rules", [{NEVER: ["*"]}, {ONLY: [" "]}, {ONLY: []}])
    def test_a_policy_that_can_only_be_a_slip_is_refused(self, emulated: Running, night: t.Any, rules: dict[str, t.Any]) -> None:
        result = call("job_rerun", night(**rules))
        assert (result["failed"], result["error"]["kind"]) == (True, "option")
        assert emulated.requests() == []
