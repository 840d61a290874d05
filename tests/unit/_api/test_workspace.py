# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests: host, method, path, query and headers; and the route that lists a selection. No request leaves this machine."""

from __future__ import annotations

import http.server
import json
import threading
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.base import (
    ASKED_V1,
    ASKED_V2,
    ScopedClient,
    asked_status,
    wanted_status,
    wanted_type,
)
from ansible_collections.dataarts.factory.plugins.module_utils._api.instance_query import names_without_instances
from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace_lists import _named_is_cheaper
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._config.regions import Hosts
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.lease import TokenAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import Session
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, JobInstance, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import RelatedJobs, RetryOptions, body_v2
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import select

WORKSPACE = "62fbba734e634c5087656fc3ff7adf34"
PROJECT = "62099355b894428e8916573ae635f1f9"
REGION = "eu-west-101"
V1 = "https://dayu-dlf.eu-west-101.myhuaweicloud.eu"
V2 = "https://dayu.eu-west-101.myhuaweicloud.eu"
DAY = 86_400_000
T = 1_795_402_800_000


def session(**hosts: t.Any) -> Session:
    return Session(Client(TokenAuth("token")), Hosts(**(hosts or {"region": REGION})), PROJECT)


def instance(
    number: int = 1, *, status: Status = Status.FAIL, start: int | None = None, name: str = "daily", instance_id: str | None = None
) -> JobInstance:
    return JobInstance(InstanceKey(WORKSPACE, "7", T + number, T), name, status, status.value, instance_id=instance_id, start_time=start)


class TestCalls:
    def test_the_retry_of_the_page(self) -> None:
        keys = [InstanceKey(WORKSPACE, "917567", 1732601580000, 1732239754684)]
        call = ScopedClient(session(), WORKSPACE).v2(
            "POST", "retry", "jobs", "test_job_name", "instances", "retry", body=body_v2(RetryOptions(), keys)
        )
        assert (call.method, call.base, call.writes, call.query) == ("POST", V2, True, ())
        assert call.path == "/v2/62099355b894428e8916573ae635f1f9/factory/jobs/test_job_name/instances/retry"
        assert dict(call.headers) == {"workspace": WORKSPACE, "X-Project-Id": PROJECT, "Content-Type": "application/json;charset=UTF-8"}
        assert json.loads(json.dumps(call.body))["task_retrys"][0]["job_id"] == 917567

    def test_a_read(self) -> None:
        query = {"limit": 1000, "offset": 0, "status": None, "preciseQuery": True}
        call = ScopedClient(session(), WORKSPACE).v1("GET", "list", "jobs", "instances", "detail", query=query)
        assert (call.method, call.base, call.route, call.writes, call.body) == ("GET", V1, "v1.list", False, None)
        assert call.path == f"/v1/{PROJECT}/jobs/instances/detail"
        assert call.query == (("limit", "1000"), ("offset", "0"), ("preciseQuery", "true"))
        assert dict(call.headers) == {"workspace": WORKSPACE, "X-Project-Id": PROJECT}

    def test_management_is_on_the_v2_host_and_in_no_workspace(self) -> None:
        call = ScopedClient(session()).management("workspaces", "workspaces", "b8fb", query={"limit": 100, "offset": 0})
        assert (call.base, call.path) == (V2, f"/v1/{PROJECT}/workspaces/b8fb")
        assert dict(call.headers) == {"X-Project-Id": PROJECT}

    @pytest.mark.parametrize(
        ("name", "segment"),
        [("a b", "a%20b"), ("a/b", "a%2Fb"), ("日销售", "%E6%97%A5%E9%94%80%E5%94%AE"), ("it's", "it%27s"), ("a%2Fb", "a%252Fb")],
    )
    def test_a_job_name_is_encoded_once(self, name: str, segment: str) -> None:
        call = ScopedClient(session(), WORKSPACE).v2("GET", "list", "jobs", name, "instances", "detail")
        assert call.path == f"/v2/{PROJECT}/factory/jobs/{segment}/instances/detail"

    @pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "x" * 10_000])
    def test_a_job_name_that_would_change_the_url_is_refused(self, name: str) -> None:
        with pytest.raises(OptionError):
            ScopedClient(session(), WORKSPACE).v2("GET", "list", "jobs", name, "instances", "detail")

    @pytest.mark.parametrize("workspace_id", ["", "a b", "a\r\nX-Evil: 1", "é", "x" * 129])
    def test_a_workspace_id_that_cannot_be_a_header_is_refused(self, workspace_id: str) -> None:
        with pytest.raises(OptionError) as caught:
            WorkspaceApi(session(), workspace_id)
        assert "workspace_id" in str(caught.value)

    def test_an_unknown_version_is_refused(self) -> None:
        with pytest.raises(OptionError) as caught:
            WorkspaceApi(session(), WORKSPACE, "v3")
        assert "Use auto, v2 or v1" in str(caught.value)


class Accepting(http.server.BaseHTTPRequestHandler):
    """Answers every POST with 202, which is not documented, and every GET with an empty list."""

    def do_GET(self) -> None:
        body = b'{"total": 0, "instances": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(202)
        self.send_header("X-Request-Id", "r-1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: t.Any) -> None:
        """Log nothing."""


@pytest.fixture
def accepting() -> t.Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Accepting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=60)


def test_an_undocumented_success_of_a_write_is_not_a_success(accepting: str) -> None:
    factory = WorkspaceApi(session(region=None, endpoint=accepting, endpoint_v1=accepting), WORKSPACE)
    writes: list[t.Callable[[], object]] = [
        lambda: factory.retry("daily", [instance()], RetryOptions()),
        lambda: factory.retry_related("daily", RelatedJobs(T, T, (("b", WORKSPACE),)), RetryOptions()),
    ]
    for write in writes:
        with pytest.raises(ApiError) as caught:
            write()
        assert (caught.value.kind, caught.value.status, caught.value.request_id) == (Kind.AMBIGUOUS, 202, "r-1")


def test_messages_are_asked_for_only_where_there_can_be_instances(accepting: str) -> None:
    factory = WorkspaceApi(session(region=None, endpoint=accepting, endpoint_v1=accepting), WORKSPACE)
    assert factory.messages([instance(start=T + 3 * 365 * DAY)]) == {}
    assert factory.session.client.counts["GET"] < 10


class TestFilters:
    @pytest.mark.parametrize(
        ("statuses", "v1", "v2"),
        [
            (None, None, None),
            ([], None, None),
            ([Status.FAIL], "fail", "fail"),
            ([Status.FAIL, Status.FAIL], "fail", "fail"),
            ([Status.FAIL, Status.SUCCESS], None, None),
            ([Status.FAIL, Status.MANUAL_STOP], None, None),
            ([Status.SUCCESS], None, "success"),
            ([Status.MANUAL_STOP], None, None),
            ([Status.WAITING_CONFIRM], None, None),
            ([Status.FORCE_SUCCESS], None, None),
        ],
    )
    def test_which_status_is_asked_for(self, statuses: list[Status] | None, v1: str | None, v2: str | None) -> None:
        assert (asked_status(statuses, ASKED_V1), asked_status(statuses, ASKED_V2)) == (v1, v2)

    def test_forced_and_ignored_outcomes_match_by_their_flag(self) -> None:
        forced = JobInstance(instance().key, "a", Status.SUCCESS, "success", force_success=True)
        assert wanted_status(forced, [Status.FORCE_SUCCESS])
        assert wanted_status(forced, [Status.SUCCESS])
        assert not wanted_status(forced, [Status.IGNORE_SUCCESS])
        assert not wanted_status(instance(status=Status.SUCCESS), [Status.FORCE_SUCCESS])
        assert wanted_status(forced, None)

    def test_types(self) -> None:
        patch = JobInstance(instance().key, "a", Status.FAIL, "fail", instance_type=InstanceType.PATCH_DATA)
        assert wanted_type(patch, None)
        assert wanted_type(patch, InstanceType.PATCH_DATA)
        assert not wanted_type(patch, InstanceType.NORMAL)
        assert wanted_type(instance(), InstanceType.NORMAL)


class TestVersions:
    @pytest.mark.parametrize(("version", "one_by_one", "limit"), [("auto", False, 50), ("v2", False, 50), ("v1", True, 1)])
    def test_instances_of_one_call(self, version: str, one_by_one: bool, limit: int) -> None:
        factory = WorkspaceApi(session(), WORKSPACE, version)
        assert (factory.one_by_one, factory.batch_limit(50)) == (one_by_one, limit)

    def test_only_v2_reruns_with_related_jobs(self) -> None:
        with pytest.raises(ApiError) as caught:
            WorkspaceApi(session(), WORKSPACE, "v1").retry_related("a", RelatedJobs(T, T, (("b", WORKSPACE),)), RetryOptions())
        assert caught.value.kind is Kind.NOT_PUBLISHED
        assert caught.value.hint == "Set api_version to auto or v2."

    def test_only_v1_shows_a_job(self) -> None:
        with pytest.raises(ApiError) as caught:
            WorkspaceApi(session(), WORKSPACE, "v2").job_detail("a")
        assert caught.value.hint == "Set api_version to auto or v1."

    def test_v1_reruns_one_instance_and_by_its_id(self) -> None:
        factory = WorkspaceApi(session(), WORKSPACE, "v1")
        with pytest.raises(ApiError) as caught:
            factory.retry("daily", [instance(1), instance(2)], RetryOptions())
        assert (caught.value.kind, caught.value.hint) == (Kind.NOT_PUBLISHED, "Send them one by one.")
        with pytest.raises(ApiError) as caught:
            factory.retry("daily", [instance(1)], RetryOptions())
        assert caught.value.kind is Kind.INVALID
        assert "api_version to v2" in caught.value.hint

    def test_instances_of_another_workspace_are_never_sent(self) -> None:
        foreign = JobInstance(InstanceKey("other", "7", T, T), "daily", Status.FAIL, "fail")
        with pytest.raises(ValueError):
            WorkspaceApi(session(), WORKSPACE).retry("daily", [foreign], RetryOptions())
        with pytest.raises(ValueError):
            WorkspaceApi(session(), WORKSPACE).retry("daily", [], RetryOptions())

    def test_the_walk_needs_a_v1_host(self) -> None:
        hosts = {"region": REGION, "endpoint": "https://gateway.example.org"}
        assert not WorkspaceApi(session(**hosts), WORKSPACE).walks_workspace
        assert WorkspaceApi(session(**hosts, endpoint_v1="https://other.example.org"), WORKSPACE).walks_workspace
        assert not WorkspaceApi(session(), WORKSPACE, "v2").walks_workspace

    def test_a_window_in_which_nothing_can_be_is_not_asked_for(self) -> None:
        factory = WorkspaceApi(session(), WORKSPACE)
        clock, at = factory.session.client.clock, stopwatch()
        clock.learn(now := clock.now_ms(), at, at)
        assert factory.list_instances(Window(now - 400 * DAY, now - 191 * DAY), job_name="daily") == []
        assert factory.list_workspace(Window(now + 32 * DAY, now + 40 * DAY)).whole() == []
        assert factory.session.client.counts == {}


class TestListing:
    @pytest.mark.parametrize(
        ("version", "names", "days", "cheaper"),
        [
            ("auto", 5, 1, True),
            ("auto", 6, 1, False),
            ("auto", 6, 60, False),
            ("auto", 6, 28, False),
            ("v2", 600, 1, True),
            ("v1", 6, 1, False),
        ],
    )
    def test_which_route_costs_less(self, version: str, names: int, days: int, cheaper: bool) -> None:
        assert _named_is_cheaper(WorkspaceApi(session(), WORKSPACE, version), names, Window(T, T + days * DAY - 1)) is cheaper

    def test_names_without_instances(self) -> None:
        window = Window(T, T + DAY)
        selection = select(["daily", "gone", "broken", "also_gone"], window)
        assert names_without_instances(selection, [instance()], {"broken": None}) == ["gone", "also_gone"]
        assert names_without_instances(select(["dai*"], window), []) == []
