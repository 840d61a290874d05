# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete lists and the choice of the API generation, with the emulator's undocumented behaviours."""

from __future__ import annotations

import socket
import time
import types
import typing as t
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api import workspace_lists
from ansible_collections.dataarts.factory.plugins.module_utils._api.instance_query import list_selected
from ansible_collections.dataarts.factory.plugins.module_utils._api.management import Management
from ansible_collections.dataarts.factory.plugins.module_utils._api.service_time import timed
from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._config.regions import Hosts
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import RateLimiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import Session
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import RelatedJobs, RetryOptions
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import select
from ansible_collections.dataarts.factory.plugins.module_utils._planner.identity import with_twins
from emulator.running import Running, running
from tests.support.logic import call
from tests.support.scenarios import ACCESS_KEY, BOTH, PROJECT_ID, SECRET_KEY, STUDIO_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import options

HOUR = 3_600_000
DAY = 24 * HOUR
#: Number of jobs planned in the same millisecond; more than a page.
AT_MIDNIGHT = 1010
#: Number of instances of one job; more than a page.
IN_SERIES = 1010
ROUTES = ["v1.list", "v2.list", "v1.jobs", "v2.jobs", "v1.restart", "v2.retry", "v1.job", "v2.depend"]
ROUTES += ["management.workspaces", "management.instances"]


def session(service: Running, **changes: t.Any) -> Session:
    """A session without rate limits."""
    client = Client(AkSkAuth(ACCESS_KEY, SECRET_KEY), max_retries=1, rate_limiter=RateLimiter(dict.fromkeys(ROUTES, 1e6)))
    hosts = Hosts(**{"region": None, "endpoint": service.endpoint, "endpoint_v1": service.endpoint_v1, **changes})
    return Session(client, hosts, PROJECT_ID)


def factory(service: Running, api_version: str = "auto", **changes: t.Any) -> WorkspaceApi:
    return WorkspaceApi(session(service, **changes), WORKSPACE_ID, api_version)


def crowd() -> dict[str, t.Any]:
    """A busy workspace: jobs with one instance each, planned in the same millisecond, and a job with instances every ten minutes."""
    jobs: list[dict[str, t.Any]] = [
        {"name": f"nightly_{number:04}", "instances": [{"plan_time": "-30h", "status": "fail" if number % 2 else "success"}]}
        for number in range(AT_MIDNIGHT)
    ]
    jobs.append({"name": "every_ten_minutes", "failed": IN_SERIES, "every": "10m"})
    return small_night(jobs=jobs, switches={"flow_control": False})


@pytest.fixture(scope="module")
def busy() -> Iterator[Running]:
    with running(crowd()) as service:
        yield service


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(small_night()) as service:
        yield service


@pytest.fixture
def service(emulator: Running) -> Running:
    emulator.reset(small_night(switches={"flow_control": False}))
    return emulator


def last_days(service: Running, days: float) -> Window:
    now = service.now_ms()
    return Window(now - int(days * DAY), now)


def known(service: Running) -> set[tuple[str, int]]:
    """(job name, instance id) of all instances."""
    jobs = service.state()["workspaces"][WORKSPACE_ID]
    return {(name, instance["instance_id"]) for name, instances in jobs.items() for instance in instances}


def named(instances: t.Iterable[JobInstance]) -> list[tuple[str, int]]:
    return [(instance.job_name, int(str(instance.instance_id))) for instance in instances]


def spans(service: Running, route: str, names: tuple[str, str]) -> list[int]:
    """Window lengths in ms of all list requests."""
    queries = [parse_qs(request["query"]) for request in service.requests(route)]
    return [int(query[names[1]][0]) - int(query[names[0]][0]) for query in queries]


class TestComplete:
    @pytest.mark.parametrize(
        ("unit", "beyond", "order"),
        [
            ("record", "empty", "oldest"),
            *(
                pytest.param(*row, marks=pytest.mark.long)
                for row in (("page", "first_page", "newest"), ("page", "empty", "random"), ("record", "first_page", "random"))
            ),
        ],
    )
    def test_a_busy_workspace_in_one_walk(self, busy: Running, unit: str, beyond: str, order: str) -> None:
        busy.reset()
        busy.set(**V1, offset_unit=unit, offset_beyond=beyond, list_order=order)
        listed = named(factory(busy, "v1").list_workspace(last_days(busy, 20)).whole())
        assert len(listed) == len(set(listed)) == AT_MIDNIGHT + IN_SERIES
        assert set(listed) == known(busy)
        assert max(spans(busy, "v1_list", ("minPlanTime", "maxPlanTime"))) < 7 * DAY

    @pytest.mark.parametrize("unit", ["page", "record"])
    def test_jobs_page_by_page(self, busy: Running, unit: str) -> None:
        busy.reset()
        busy.set(**BOTH, offset_unit=unit)
        for version in ("v1", "v2"):
            names = [job.name for job in factory(busy, version).list_jobs()]
            assert len(names) == AT_MIDNIGHT + 1
            assert set(names) == {name for name, _number in known(busy)}

    def test_a_job_by_itself_and_windows_longer_than_a_month(self, busy: Running) -> None:
        busy.reset()
        busy.set(**V2)
        listed = named(factory(busy, "v2").list_instances(last_days(busy, 80), job_name="every_ten_minutes"))
        assert len(listed) == len(set(listed)) == IN_SERIES
        assert max(spans(busy, "v2_list", ("min_plan_time", "max_plan_time"))) < 30 * DAY
        assert busy.requests("v1_list") == []

    def test_a_list_shorter_than_its_total_is_an_error_that_says_where(self, service: Running) -> None:
        service.set(**V2)
        service.inject({"route": "v2_list", "kind": "malformed", "text": '{"total": 5, "instances": []}', "times": 3})
        with pytest.raises(ApiError) as caught:
            factory(service).list_instances(last_days(service, 1), job_name="daily_sales")
        error = caught.value
        assert error.kind is Kind.BAD_ANSWER
        assert "the service counts 5 instances of job daily_sales from 20" in str(error)
        assert "but lists 0" in str(error)

    def test_an_answer_of_another_shape_names_call_and_field(self, service: Running) -> None:
        service.set(**V2)
        service.inject({"route": "v2_list", "kind": "malformed", "text": '{"total": 1, "instances": [{"job_name": []}]}', "times": 1})
        with pytest.raises(ApiError) as caught:
            factory(service).list_instances(last_days(service, 1), job_name="daily_sales")
        error = caught.value
        assert (error.kind, error.method, error.status) == (Kind.BAD_ANSWER, "GET", 200)
        assert error.path == f"/v2/{PROJECT_ID}/factory/jobs/daily_sales/instances/detail"
        assert "instance 1 of the list has no plan_time" in str(error)


class TestGenerations:
    def test_both_say_the_same(self, service: Running) -> None:
        service.set(**BOTH, v1_job_id="text_comma", status_spelling="short")
        window = last_days(service, 2)
        by_v2 = [
            instance
            for name in ("daily_sales", "hourly_stock", "weekly_report")
            for instance in factory(service, "v2").list_instances(window, job_name=name)
        ]
        by_v1 = factory(service, "v1").list_workspace(window).whole()
        assert len(by_v1) == 8
        assert sorted((instance.key, instance.status, instance.start_time, instance.instance_id) for instance in by_v1) == sorted(
            (instance.key, instance.status, instance.start_time, instance.instance_id) for instance in by_v2
        )

    def test_v1_takes_a_name_exactly(self, service: Running) -> None:
        service.reset(small_night(jobs=[{"name": "sales", "failed": 1}, {"name": "sales_eu", "failed": 2}], switches=V1))
        assert {instance.job_name for instance in factory(service, "v1").list_instances(last_days(service, 2), job_name="sales")} == {
            "sales"
        }
        assert [job.name for job in factory(service).list_jobs("sales")] == ["sales"]
        assert factory(service).list_jobs("sale") == []

    @pytest.mark.parametrize("switch", ["v2_list_open", "v2_open"])
    def test_auto_falls_back_once_and_keeps_to_it(self, service: Running, switch: str) -> None:
        service.set(**{**BOTH, switch: False})
        auto = factory(service)
        for _time in range(2):
            assert len(auto.list_instances(last_days(service, 2), job_name="daily_sales")) == 5
        assert auto.api_versions["list"] == "v1"
        assert len(service.requests("v2_list")) == 1

    @pytest.mark.parametrize(("version", "other"), [("v2", "v1"), ("v1", "v2")])
    def test_an_explicit_version_does_not_fall_back(self, service: Running, version: str, other: str) -> None:
        service.set(**{**BOTH, f"{version}_open": False})
        with pytest.raises(ApiError) as caught:
            factory(service, version).list_instances(last_days(service, 1), job_name="daily_sales")
        assert caught.value.kind is Kind.NOT_PUBLISHED
        assert f"api_version is {version}" in caught.value.hint
        assert f"auto or {other}" in caught.value.hint
        assert service.requests(f"{other}_list") == []

    def test_without_a_v1_host_the_error_names_the_option(self, service: Running) -> None:
        service.set(v2_open=False)
        with pytest.raises(ApiError) as caught:
            factory(service, endpoint_v1=None).list_instances(last_days(service, 1), job_name="daily_sales")
        assert "set endpoint_v1" in caught.value.hint

    def test_without_v1_a_workspace_is_listed_job_by_job(self, service: Running) -> None:
        service.set(**V2, v1_open=False)
        auto = factory(service)
        assert set(named(auto.list_workspace(last_days(service, 2)).whole())) == known(service)
        assert auto.api_versions == {"list_workspace": "v2", "jobs": "v2", "list": "v2"}
        assert not auto.walks_workspace
        assert len(auto.list_workspace(last_days(service, 2)).whole()) == 8
        assert len(service.requests("v1_list")) == 1

    def test_a_v1_host_out_of_reach_is_a_warning(self, service: Running) -> None:
        service.set(**V2)
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
            auto = factory(service, endpoint_v1=f"http://127.0.0.1:{bound.getsockname()[1]}")
            assert set(named(auto.list_workspace(last_days(service, 2)).whole())) == known(service)
        assert [text for text in auto.session.client.warnings if "cannot be reached" in text and "api_version" in text]

    @pytest.mark.parametrize("lost", ["v1", "everything"])
    def test_a_v1_host_that_comes_back_is_asked_again(self, service: Running, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
        """A watcher that runs for days must not list jobs one by one forever because of one network failure."""
        service.set(**BOTH)
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
            nowhere = f"http://127.0.0.1:{bound.getsockname()[1]}"
            auto = factory(service, endpoint_v1=nowhere, **({"endpoint": nowhere} if lost == "everything" else {}))
            if lost == "everything":
                with pytest.raises(ApiError) as caught:
                    auto.list_workspace(last_days(service, 2)).whole()
                assert caught.value.kind is Kind.UNREACHABLE
            else:
                auto.list_workspace(last_days(service, 2)).whole()
        auto.session.hosts = session(service).hosts
        if lost == "v1":
            auto.list_workspace(last_days(service, 2)).whole()
            assert service.requests("v1_list") == [], "it is not tried in every pass"
            later = time.monotonic() + workspace_lists.UNREACHABLE_SECONDS
            monkeypatch.setattr(workspace_lists, "time", types.SimpleNamespace(monotonic=lambda: later))
        assert set(named(auto.list_workspace(last_days(service, 2)).whole())) == known(service)
        assert len(service.requests("v1_list")) == 1
        assert auto.walks_workspace

    def test_filters_hold_in_both(self, service: Running) -> None:
        jobs = [{"name": "mixed", "failed": 2, "succeeded": 3, "instances": [{"plan_time": "-9h", "status": "manual-stop", "type": 5}]}]
        service.reset(small_night(jobs=jobs, switches={**BOTH, "flow_control": False, "status_spelling": "short"}))
        window = last_days(service, 2)
        for version in ("v1", "v2"):
            api = factory(service, version)
            for statuses, count in (
                ([Status.FAIL], 2),
                ([Status.SUCCESS], 3),
                ([Status.MANUAL_STOP], 1),
                ([Status.FAIL, Status.MANUAL_STOP], 3),
            ):
                assert len(api.list_instances(window, job_name="mixed", statuses=statuses)) == count
            assert len(api.list_instances(window, job_name="mixed", instance_type=InstanceType.PATCH_DATA)) == 1
            assert len(api.list_instances(window, job_name="mixed", instance_type=InstanceType.NORMAL)) == 5


class TestWrites:
    @pytest.mark.parametrize(("status", "body"), [("documented", "empty"), (200, "object"), (204, "empty")])
    def test_v2_reruns_several_and_v1_one(self, service: Running, status: t.Any, body: str) -> None:
        service.set(**BOTH, request_id_header=True, success_status=status, success_body=body)
        auto = factory(service)
        failed = auto.list_instances(last_days(service, 2), job_name="daily_sales", statuses=[Status.FAIL])
        by_v2 = auto.retry("daily_sales", failed[:2], RetryOptions())
        by_v1 = factory(service, "v1").retry("daily_sales", failed[2:], RetryOptions(retry_task_version="current_version"))
        first, second = service.journal()
        assert (first["kind"], len(first["instances"]), first["request_id"]) == ("retry", 2, by_v2)
        assert (second["kind"], len(second["instances"]), second["request_id"]) == ("restart", 1, by_v1)
        assert second["body"] == {"retry_location": "error_node", "job_param_version": "latest_version", "ignore_obs_monitor": True}
        headers = service.requests("v2_retry")[0]["headers"]
        assert (headers["workspace"], headers["X-Project-Id"]) == (WORKSPACE_ID, PROJECT_ID)
        assert headers["Content-Type"].lower() == "application/json;charset=utf-8"

    def test_where_v2_cannot_rerun_it_is_one_by_one(self, service: Running) -> None:
        service.set(**{**BOTH, "v2_retry_open": False})
        auto = factory(service)
        failed = auto.list_instances(last_days(service, 2), job_name="daily_sales", statuses=[Status.FAIL])
        assert not auto.one_by_one
        with pytest.raises(ApiError) as caught:
            auto.retry("daily_sales", failed, RetryOptions())
        assert caught.value.kind is Kind.NOT_PUBLISHED
        assert service.journal() == []
        assert (auto.one_by_one, auto.batch_limit(50)) == (True, 1)
        for instance in failed:
            auto.retry("daily_sales", [instance], RetryOptions())
        assert [len(entry["instances"]) for entry in service.journal()] == [1, 1, 1]
        assert len(service.requests("v2_retry")) == 1
        assert auto.api_versions == {"list": "v2", "retry": "v1"}

    def test_one_instance_falls_back_by_itself(self, service: Running) -> None:
        service.set(**V1, v2_retry_open=False)
        auto = factory(service)
        failed = auto.list_instances(last_days(service, 2), job_name="weekly_report")
        auto.retry("weekly_report", failed, RetryOptions())
        assert auto.api_versions["retry"] == "v1"

    def test_with_related_jobs(self, service: Running) -> None:
        service.set(**V2)
        window = last_days(service, 1)
        related = RelatedJobs(window.begin, window.end, (("hourly_stock", WORKSPACE_ID),), 2)
        request_id = factory(service).retry_related("daily_sales", related, RetryOptions())
        assert service.journal()[0]["request_id"] == request_id
        assert {instance["job_name"] for instance in service.journal()[0]["instances"]} == {"daily_sales", "hourly_stock"}


def twin_night(**switches: t.Any) -> dict[str, t.Any]:
    """A scenario with a normal and a PatchData instance of one job with the same key; both failed."""
    instances = [{"plan_time": "-3h", "status": "fail", "type": kind} for kind in (0, 5)]
    return small_night(jobs=[{"name": "mixed", "failed": 1, "instances": instances}], switches={"flow_control": False, **switches})


class TestTwins:
    """T13: a normal and a PatchData instance have the same v2 key, and only v1 can tell them apart."""

    @pytest.mark.parametrize("version", ["v1", "v2"])
    @pytest.mark.parametrize("jobs", ["mixed", "mix*"])
    def test_each_is_listed(self, service: Running, version: str, jobs: str) -> None:
        service.reset(twin_night(**BOTH))
        listed = list_selected(factory(service, version), select([jobs], last_days(service, 1))).whole()
        sharing = {instance.instance_type for instance in with_twins(listed) if instance.key.twin}
        assert sharing == {InstanceType.NORMAL, InstanceType.PATCH_DATA}
        assert len(listed) == len({instance.full_key for instance in listed}) == 3

    def test_each_is_listed_once_though_two_windows_show_it(self, service: Running) -> None:
        service.reset(twin_night(**V2, window_compares="start_time"))
        now = service.now_ms()
        window = Window(now - DAY, now - HOUR)
        assert len(list_selected(factory(service), select(["mixed"], window), since=now - DAY - HOUR).whole()) == 3

    def test_v1_restarts_one_of_them_where_v2_reruns_the_others(self, service: Running) -> None:
        service.reset(twin_night(**BOTH))
        auto = factory(service)
        listed = auto.list_instances(last_days(service, 1), job_name="mixed")
        by_type = {instance.instance_type: instance for instance in with_twins(listed) if instance.key.twin}
        normal, patch = by_type[InstanceType.NORMAL], by_type[InstanceType.PATCH_DATA]
        assert auto.can_restart_by_id()
        auto.restart("mixed", patch, RetryOptions())
        (entry,) = service.journal()
        assert (entry["kind"], [instance["instance_id"] for instance in entry["instances"]]) == ("restart", [int(str(patch.instance_id))])
        assert patch.instance_id != normal.instance_id
        assert auto.api_versions["restart"] == "v1"

    @pytest.mark.parametrize(
        ("version", "switches", "expected"), [("auto", {}, True), ("v1", {}, True), ("v2", {}, False), ("auto", {"v1_open": False}, False)]
    )
    def test_whether_v1_is_open_is_known_without_a_write(
        self, service: Running, version: str, switches: dict[str, t.Any], expected: bool
    ) -> None:
        service.set(**{**BOTH, **switches})
        api = factory(service, version)
        assert [api.can_restart_by_id() for dummy in range(2)] == [expected, expected]
        assert service.journal() == []
        assert [request["method"] for request in service.requests()] in ([], ["GET"], ["GET", "GET"])

    def test_the_list_of_the_workspace_shows_that_v1_is_open(self, service: Running) -> None:
        service.set(**BOTH)
        auto = factory(service)
        auto.list_workspace(last_days(service, 1)).whole()
        before = len(service.requests())
        assert auto.can_restart_by_id()
        assert len(service.requests()) == before

    def test_without_a_host_v1_cannot_restart(self, service: Running) -> None:
        service.set(**V2)
        assert not factory(service, endpoint_v1=None).can_restart_by_id()
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
            assert not factory(service, endpoint_v1=f"http://127.0.0.1:{bound.getsockname()[1]}").can_restart_by_id()

    def test_restart_where_v1_must_not_be_used(self, service: Running) -> None:
        service.set(**BOTH)
        api = factory(service, "v2")
        (failed,) = api.list_instances(last_days(service, 2), job_name="weekly_report")
        with pytest.raises(ApiError) as caught:
            api.restart("weekly_report", failed, RetryOptions())
        assert (caught.value.kind, caught.value.hint) == (Kind.NOT_PUBLISHED, "Set api_version to auto or v1.")
        with pytest.raises(ValueError):
            api.restart("weekly_report", replace(failed, key=failed.key._replace(workspace_id="other")), RetryOptions())


#: A real-time job with two nodes, one of which has a sub-job with failed instances. Lists of jobs do not show sub-jobs.
STREAM = [
    {"name": "daily_sales", "failed": 2},
    {"name": "stream", "job_type": "REAL_TIME", "nodes": ["parse", "load"]},
    {"name": "stream_parse", "job_type": "SUB_JOB", "type": 6, "failed": 3},
]


#: An API that is not published.
CLOSED = {"kind": "status", "status": 404, "code": "APIGW.0101", "message": "The API does not exist", "times": 99}


class TestSubJobs:
    """T17: sub-jobs of real-time jobs are listed, or it is reported that they cannot be."""

    @pytest.mark.parametrize("jobs", [["*"], ["stream*"], ["*_parse"], ["stream_parse"], ["daily_*", "stream_parse"]])
    @pytest.mark.parametrize("walked", [True, False])
    def test_they_are_listed(self, service: Running, walked: bool, jobs: list[str]) -> None:
        service.reset(small_night(jobs=STREAM, switches={**BOTH, "flow_control": False}))
        if not walked:
            service.inject({**CLOSED, "route": "v1_list"})
        listing = list_selected(factory(service), select(jobs, last_days(service, 1), statuses=["fail"]))
        assert sum(instance.job_name == "stream_parse" for instance in listing.whole()) == 3
        assert listing.notes == []

    @pytest.mark.parametrize("version", ["auto", "v2"])
    @pytest.mark.parametrize(
        ("jobs", "types", "said"),
        [
            (["*"], None, True),
            (["*_parse"], None, True),
            (["str*"], None, True),
            (["stream_[pl]*"], ["sub_job"], True),
            (["*"], ["normal"], False),
            (["*"], ["normal", "patch_data"], False),
            (["daily_*"], None, False),
            (["daily_*", "stream_parse"], None, True),
        ],
    )
    def test_where_v1_is_closed_the_real_time_job_is_named(
        self, service: Running, version: str, jobs: list[str], types: list[str] | None, said: bool
    ) -> None:
        service.reset(small_night(jobs=STREAM, switches={**V2, "v1_open": False, "flow_control": False}))
        selection = select(jobs, last_days(service, 1), statuses=["fail"], instance_types=types)
        listing = list_selected(factory(service, version), selection)
        text = "The sub-jobs of real-time job stream cannot be listed: v1 of the API, which names its nodes, is not open here."
        assert [note[: len(text)] for note in listing.notes] == ([text] if said else [])
        assert {instance.job_name for instance in listing.whole()} >= ({"stream_parse"} if "stream_parse" in jobs else set())

    def test_a_rerun_does_not_end_green_in_silence(self, service: Running, tmp_path: Path) -> None:
        service.reset(small_night(jobs=STREAM, switches={**V2, "v1_open": False, "flow_control": False}))
        result = call("job_rerun", options(service, journal=str(tmp_path), settle_time=1, poll_interval=1, wait=False))
        assert [text for text in result["problems"] if text.startswith("The sub-jobs of real-time job stream cannot be listed")]
        assert {entry["job_name"] for entry in service.journal()} == {"daily_sales"}

    def test_a_definition_that_cannot_be_read_is_a_problem_of_that_job(self, service: Running) -> None:
        service.reset(small_night(jobs=STREAM, switches={**BOTH, "flow_control": False}))
        service.inject({**CLOSED, "route": "v1_list"})
        service.inject({"route": "v1_job", "kind": "status", "status": 500, "times": 9})
        listing = list_selected(factory(service), select(["*"], last_days(service, 1)))
        assert {instance.job_name for instance in listing.instances} == {"daily_sales"}
        assert {name: error.kind for name, error in listing.problems.items()} == {"stream": Kind.SERVER}


def test_the_age_of_a_list_counts_from_before_its_first_request(service: Running) -> None:
    """T18: one of two jobs answers late. The time that :func:`timed` returns is not later than the first request."""
    service.set(**V2)
    service.inject({"route": "v2_list", "kind": "latency", "seconds": 1.5, "job_name": "hourly_stock", "times": 1})
    api = factory(service)
    before = service.now_ms()
    listing, asked = timed(
        api.session.client.clock, lambda: list_selected(api, select(["daily_sales", "hourly_stock"], last_days(service, 2)))
    )
    assert len(listing.whole()) == 7
    assert service.now_ms() - before >= 1500
    assert asked <= min(request["time"] for request in service.requests("v2_list"))


class TestReads:
    def test_a_job_and_what_depends_on_it(self, service: Running) -> None:
        jobs = [
            {"name": "upstream", "failed": 1},
            {"name": "downstream", "instances": [{"plan_time": "-1h", "status": "waiting"}], "depends_on": ["upstream"]},
        ]
        service.reset(small_night(jobs=jobs, switches={**BOTH, "depend_open": True, "flow_control": False}))
        auto = factory(service)
        assert auto.job_detail("upstream")["name"] == "upstream"
        instance = auto.list_instances(last_days(service, 1), job_name="upstream")[0]
        assert [(job.job_name, job.relation) for job in auto.depend_jobs("upstream")] == [("downstream", "child")]
        related = auto.depend_instances(str(instance.instance_id), relation="child", depth=5)
        assert "downstream" in {decision.instance.job_name for decision in related}
        service.set(depend_open=False)
        for version in ("auto", "v2"):
            with pytest.raises(ApiError) as caught:
                factory(service, version, endpoint_v1=None).depend_jobs("upstream")
            assert caught.value.kind is Kind.NOT_PUBLISHED
            assert caught.value.hint.startswith("Only v2 of the API has this call")

    def test_workspaces_over_several_pages(self, service: Running) -> None:
        count = 230
        workspaces = [{"id": f"{number:032x}", "name": f"team_{number}", "jobs": []} for number in range(count)]
        service.reset(small_night(workspaces=workspaces, switches={"flow_control": False}))
        management = Management(session(service))
        assert [instance.studio_instance_id for instance in management.studio_instances()] == [STUDIO_ID]
        listed = management.workspaces(STUDIO_ID)
        assert sorted(workspace.workspace_id for workspace in listed) == [f"{number:032x}" for number in range(count)]
        assert {workspace.project_id for workspace in listed} == {PROJECT_ID}


class TestSelected:
    def test_one_job_that_does_not_exist_does_not_stop_the_others(self, service: Running) -> None:
        service.set(**V2)
        listing = list_selected(factory(service), select(["daily_sales", "no_such_job", "weekly_report"], last_days(service, 2)))
        assert {instance.job_name for instance in listing.instances} == {"daily_sales", "weekly_report"}
        times = [instance.key.plan_time for instance in listing.instances]
        assert times == sorted(times)
        assert {name: error.kind for name, error in listing.problems.items()} == {"no_such_job": Kind.NOT_FOUND}
        with pytest.raises(ApiError):
            listing.whole()

    @pytest.mark.parametrize("v1_open", [True, False])
    def test_patterns_list_only_what_they_mean(self, service: Running, v1_open: bool) -> None:
        service.set(**{**(V1 if v1_open else V2), "v1_open": v1_open})
        listed = list_selected(factory(service), select(["*_s*"], last_days(service, 2), statuses=["fail"])).whole()
        assert {instance.job_name for instance in listed} == {"daily_sales", "hourly_stock"}
        assert len(listed) == 5
        assert not [request for request in service.requests("v2_list") if "weekly_report" in request["path"]]

    def test_many_names_are_one_walk(self, service: Running) -> None:
        # twenty may be a full page, after which the next page would be requested
        service.reset(small_night(jobs=[{"name": f"nightly_{number:02}", "failed": 1} for number in range(21)], switches=V1))
        names = [f"nightly_{number:02}" for number in range(0, 21, 2)]
        listed = list_selected(factory(service), select(names, last_days(service, 1))).whole()
        assert sorted(instance.job_name for instance in listed) == names
        assert (len(service.requests("v1_list")), service.requests("v2_list")) == (1, [])

    @pytest.mark.parametrize("compares", ["plan_time", "start_time"])
    def test_a_rerun_instance_is_found_whatever_windows_are_compared_with(self, service: Running, compares: str) -> None:
        service.set(**V2, window_compares=compares)
        auto = factory(service)
        since = service.now_ms()
        selection = select(["daily_sales"], Window(since - 2 * DAY, since - HOUR // 2))
        before = list_selected(auto, selection).whole()
        auto.retry("daily_sales", [instance for instance in before if instance.status is Status.FAIL], RetryOptions())
        service.advance(600)
        after = list_selected(auto, selection, since=since).whole()
        assert [instance.key for instance in after] == [instance.key for instance in before]
        assert {instance.status for instance in after} == {Status.SUCCESS}

    def test_an_error_that_all_jobs_would_meet_is_raised(self, service: Running) -> None:
        service.inject({"route": "v2_list", "kind": "status", "status": 403, "code": "DLF.6888", "message": "No permission", "times": 9})
        with pytest.raises(ApiError) as caught:
            list_selected(factory(service), select(["daily_sales", "hourly_stock"], last_days(service, 2)))
        assert caught.value.kind is Kind.NO_PERMISSION
