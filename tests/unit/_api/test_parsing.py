# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of both API versions become the same objects; an error names the field and is never a traceback."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._api import management as _management
from ansible_collections.dataarts.factory.plugins.module_utils._api import v1 as _factory_v1
from ansible_collections.dataarts.factory.plugins.module_utils._api import v2 as _factory_v2
from ansible_collections.dataarts.factory.plugins.module_utils._api.base import instance, instance_page, job_page
from ansible_collections.dataarts.factory.plugins.module_utils._api.parsing import Fields, camel
from ansible_collections.dataarts.factory.plugins.module_utils._api.v1 import MAX_NODES, instance_detail
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import CUT, InstanceKey, InstanceType, JobInstance, Status

WORKSPACE = "62fbba734e634c5087656fc3ff7adf34"
#: An entry of v2's list as documented [H-208].
V2: dict[str, t.Any] = {
    "job_name": "daily_sales",
    "job_id": 917567,
    "job_instance_name": "daily_sales_1732601580000",
    "status": "fail",
    "plan_time": 1732601580000,
    "start_time": 1732601581000,
    "end_time": 1732601591000,
    "execute_time": 10000,
    "instance_id": 500001,
    "instance_type": 5,
    "submit_time": 1732239754684,
    "version": 3,
    "force_success": False,
    "ignore_success": False,
}
V1 = {camel(name): value for name, value in V2.items()}
#: The documented answer with an instance's detail [OTC-95]; the second node failed.
DETAIL: dict[str, t.Any] = {
    "jobName": "job_batch",
    "instanceId": 34765,
    "instanceType": 2,
    "status": "fail",
    "planTime": 1551425326540,
    "startTime": 1551425327000,
    "endTime": 1551425387000,
    "executeTime": 1,
    "forceSuccess": False,
    "ignoreSuccess": False,
    "total": 2,
    "nodes": [
        {
            "endTime": 1551671590000,
            "inputRowCount": 0,
            "instanceId": 34765,
            "nodeName": "Dummy_8556",
            "queue": "dlf_notdelete",
            "planTime": 1551671580000,
            "retryTimes": 0,
            "startTime": 1551671584000,
            "status": "success",
            "type": "Dummy",
        },
        {
            "endTime": 1551671598000,
            "inputRowCount": 0,
            "instanceId": 34765,
            "logPath": "obs://dlf-test-log/job_batch/2019-03-04 11_53_00.000/error/error.job",
            "nodeName": "error",
            "planTime": 1551671580000,
            "retryTimes": 0,
            "startTime": 1551671594000,
            "status": "fail",
            "type": "DWS SQL",
        },
    ],
}
#: Name -> function that parses an answer, a valid answer.
READERS: dict[str, tuple[t.Callable[[t.Any], t.Any], t.Any]] = {
    "instances v2": (lambda body: instance_page(body, WORKSPACE), {"total": 1, "instances": [V2]}),
    "instances v1": (
        lambda body: instance_page(body, WORKSPACE),
        {"total": 1, "instances": [{**V1, "errorMessage": "no such table"}]},
    ),
    "jobs v2": (
        job_page,
        {"total": 1, "jobs": [{"name": "daily_sales", "job_type": "BATCH", "next_plan_time": "1732601580000", "priority": 1}]},
    ),
    "jobs v1": (job_page, {"total": 1, "jobs": [{"name": "daily_sales", "jobType": "BATCH", "lastInstanceStatus": "fail"}]}),
    "job": (lambda body: _factory_v1._definition(body, "the job"), {"name": "daily_sales", "nodes": []}),
    "instance detail": (lambda body: instance_detail(body, "the detail"), DETAIL),
    "related instances": (
        lambda body: _factory_v2._related_page(body, WORKSPACE),
        {
            "total": 1,
            "depend_instances_info": [
                {"id": 7, "job_id": 9, "job_name": "a", "plan_time": 1, "submit_time": 2, "status": "fail", "parent_instance_ids": [5, "6"]}
            ],
        },
    ),
    "related jobs": (_factory_v2._related_jobs, [{"job_name": "a", "depend_layer": "parent", "workspace_name": "w", "owner": None}]),
    "workspaces": (
        lambda body: _management._workspace_page(body, "studio"),
        {"count": 1, "total_page": 1, "data": [{"id": WORKSPACE, "name": "sales", "is_default": 1}]},
    ),
    "studios": (
        _management._studio_page,
        {"count": 1, "commodity_orders": [{"resource_id": "b8fb", "resource_name": "dataarts", "status": 2}]},
    ),
}


def parsed(changes: dict[str, t.Any] | None = None, entry: dict[str, t.Any] | None = None) -> JobInstance:
    merged = {**(V2 if entry is None else entry), **(changes or {})}
    return instance({name: value for name, value in merged.items() if value is not ...}, WORKSPACE, "instance 3 of the list")


def refused(call: t.Callable[[], object]) -> str:
    """The message of the BAD_ANSWER that *call* raises."""
    with pytest.raises(ApiError) as caught:
        call()
    assert caught.value.kind is Kind.BAD_ANSWER
    assert caught.value.hint
    return str(caught.value)


class TestInstance:
    def test_both_generations_become_the_same(self) -> None:
        expected = JobInstance(
            key=InstanceKey(WORKSPACE, "917567", 1732601580000, 1732239754684),
            job_name="daily_sales",
            status=Status.FAIL,
            status_text="fail",
            instance_id="500001",
            instance_type=InstanceType.PATCH_DATA,
            start_time=1732601581000,
            end_time=1732601591000,
            execute_time=10000,
            version=3,
            instance_name="daily_sales_1732601580000",
        )
        assert parsed() == parsed(entry=V1) == expected

    @pytest.mark.parametrize(
        ("value", "job_id"),
        [(917567, "917567"), ("917567", "917567"), ("868641,", "868641"), (" 868641, ", "868641"), ("007", "7"), (9.0, "9")],
    )
    def test_job_id(self, value: t.Any, job_id: str) -> None:
        assert parsed({"job_id": value}).key.job_id == job_id

    @pytest.mark.parametrize("value", ["", ",", "abc", "-5", True, [], {}, 1.5, "9" * 30, 10**30, ..., None])
    def test_what_is_not_a_job_id(self, value: t.Any) -> None:
        assert "job_id" in refused(lambda: parsed({"job_id": value}))

    def test_numbers_may_be_text(self) -> None:
        assert (
            parsed({name: str(value) for name, value in V2.items() if isinstance(value, int) and not isinstance(value, bool)}) == parsed()
        )

    @pytest.mark.parametrize("value", [0, None, "", " ", "0", -1, ...])
    def test_a_time_that_has_not_come(self, value: t.Any) -> None:
        assert parsed({"start_time": value, "end_time": value}).start_time is None

    @pytest.mark.parametrize("name", ["plan_time", "submit_time", "job_id", "job_name", "status"])
    @pytest.mark.parametrize("value", [..., None, "", [], {}, True])
    @pytest.mark.parametrize("entry", [V2, V1], ids=["v2", "v1"])
    def test_what_must_be_there(self, name: str, value: t.Any, entry: dict[str, t.Any]) -> None:
        field = name if entry is V2 else camel(name)
        message = refused(lambda: parsed({field: value}, entry))
        assert name in message
        assert "instance 3 of the list" in message

    @pytest.mark.parametrize("name", ["plan_time", "start_time", "execute_time", "version", "instance_type", "instance_id"])
    @pytest.mark.parametrize("value", [[], {}, True, 10**400, 2**63, 1e300, 0.5])
    def test_what_is_not_a_number(self, name: str, value: t.Any) -> None:
        message = refused(lambda: parsed({name: value}))
        assert message.startswith(f"{name} of instance 3 of the list is ")
        assert len(message) < 200

    @pytest.mark.parametrize(
        ("word", "status", "text", "forced", "ignored"),
        [
            ("success", Status.SUCCESS, "success", False, False),
            ("forceSuccess", Status.SUCCESS, "success", True, False),
            ("ignoreSuccess", Status.SUCCESS, "success", False, True),
            ("manual", Status.MANUAL_STOP, "manual-stop", False, False),
            ("skip", Status.SKIP_BY_DEPEND, "skip-by-depend", False, False),
            ("RUNNING", Status.RUNNING, "running", False, False),
            ("brand-new", Status.UNKNOWN, "brand-new", False, False),
            ("\x1b[31mred", Status.UNKNOWN, "\\x1b[31mred", False, False),
        ],
    )
    def test_status(self, word: str, status: Status, text: str, forced: bool, ignored: bool) -> None:
        instance = parsed({"status": word})
        assert (instance.status, instance.status_text, instance.force_success, instance.ignore_success) == (status, text, forced, ignored)

    @pytest.mark.parametrize(
        ("value", "flag"),
        [(True, True), ("true", True), ("TRUE", True), (1, True), (False, False), ("false", False), (0, False), (None, False), ("", False)],
    )
    def test_flags(self, value: t.Any, flag: bool) -> None:
        assert parsed({"force_success": value}).force_success is flag

    @pytest.mark.parametrize("value", ["yes", 2, [], {}, 0.5])
    def test_what_is_not_a_flag(self, value: t.Any) -> None:
        assert "force_success" in refused(lambda: parsed({"force_success": value}))

    @pytest.mark.parametrize("name", ["{{ lookup('pipe','id') }}", "../..", " spaced ", "日销售", "a/b%2F?#'", "x" * 1000, "tab\there"])
    def test_a_name_stays_as_it_is(self, name: str) -> None:
        assert parsed({"job_name": name}).job_name == name

    def test_a_name_of_10000_characters_is_refused_in_few_words(self) -> None:
        assert len(refused(lambda: parsed({"job_name": "x" * 10_000}))) < 200

    def test_the_error_message_is_kept(self) -> None:
        assert parsed({"errorMessage": "line 1\nline 2"}, V1).error_message == "line 1\nline 2"
        assert parsed({"errorMessage": "x" * 2000}, V1).error_message == "x" * 2000
        assert parsed({"errorMessage": "x" * 2001}, V1).error_message == "x" * 2000 + CUT
        assert parsed({"errorMessage": "x" * 100_000}, V1).to_result()["error_message"] == "x" * 500

    def test_no_secret_is_kept(self) -> None:
        """Not even part of one that is at the end of the kept text."""
        assert (
            parsed({"errorMessage": "jdbc:mysql://h/db?password=Hunter2 failed"}, V1).error_message
            == "jdbc:mysql://h/db?password=*** failed"
        )
        for length in range(1980, 2001):
            assert "Hunt" not in str(parsed({"errorMessage": "x" * length + " password=Hunter2Hunter2"}, V1).error_message)

    def test_a_type_nobody_documented_is_none(self) -> None:
        assert parsed({"instance_type": 99}).instance_type is None


class TestAnswers:
    @pytest.mark.parametrize("reader", READERS)
    def test_the_documented_answer_is_understood(self, reader: str) -> None:
        read, body = READERS[reader]
        assert read(body)

    @pytest.mark.parametrize("reader", READERS)
    @pytest.mark.parametrize(
        "body", [None, [], {}, [None], "text", 7, True, {"total": None}, {"total": -1}, {"total": "many"}, [[[]]]], ids=repr
    )
    def test_other_shapes_are_refused(self, reader: str, body: t.Any) -> None:
        if reader == "related jobs" and body == []:
            assert READERS[reader][0](body) == []
        else:
            refused(lambda: READERS[reader][0](body))

    @pytest.mark.parametrize("reader", [name for name in READERS if name not in ("job", "instance detail", "related jobs")])
    @pytest.mark.parametrize("entries", [None, ...])
    def test_an_empty_list_may_be_missing(self, reader: str, entries: t.Any) -> None:
        read, body = READERS[reader]
        empty = {
            name: entries if isinstance(value, list) else 0
            for name, value in body.items()
            if not (isinstance(value, list) and entries is ...)
        }
        assert (read(empty).total, list(read(empty).entries)) == (0, [])

    @settings(max_examples=200)
    @given(st.sampled_from(sorted(READERS)), st.data())
    def test_any_change_to_an_answer_is_understood_or_refused(self, reader: str, data: st.DataObject) -> None:
        """One value in a valid answer is changed or removed."""
        read, body = READERS[reader]
        body = json.loads(json.dumps(body))
        places = list(_places(body))
        container, name = data.draw(st.sampled_from(places))
        junk: t.Any = data.draw(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.sampled_from(
                    [10**400, -(10**400), 2**63, "9" * 5000, "", " ", "²", "\ud800", "\x00", {"a": []}, [[]], [None], float("inf")]
                ),
                st.floats(),
                st.text(max_size=20),
            )
        )
        container[name] = junk
        error = _refusal(read, body)
        if error is not None:
            assert error.kind is Kind.BAD_ANSWER
            assert len(str(error)) <= 500
            assert str(error).encode()

    def test_related_instances_may_lie_in_another_workspace(self) -> None:
        entry = {
            "id": 7,
            "job_id": "9,",
            "job_name": "a",
            "plan_time": 1,
            "submit_time": 2,
            "status": "fail",
            "parent_instance_ids": [5, "6"],
        }
        own, theirs = _factory_v2._related_page(
            {"depend_instances_info": [entry, {**entry, "workspace_id": "other", "workspace_name": "stock"}]}, WORKSPACE
        ).entries
        assert (own.instance.key, own.instance.instance_id) == (InstanceKey(WORKSPACE, "9", 1, 2), "7")
        assert own.parent_instance_ids == ("5", "6")
        assert (theirs.instance.key.workspace_id, theirs.workspace_name) == ("other", "stock")

    @pytest.mark.parametrize(
        ("answer", "related"),
        [
            ({"depend_instances_info": []}, 0),
            ({"depend_instances_info": [], "total": 0}, 0),
            ({"total": 0}, 0),
            ({"depend_instances_info": None, "total": 0}, 0),
            ({}, None),
            ({"depend_instances_info": None}, None),
            ({"total": None}, None),
            ({"instances": []}, None),
            ({"depend_instances_info": [], "total": -1}, None),
        ],
        ids=str,
    )
    def test_an_answer_that_says_nothing_is_not_one_of_no_related_instances(self, answer: t.Any, related: int | None) -> None:
        """The instances that another one depends on are rerun first; a malformed answer must not disable that."""
        if related is None:
            with pytest.raises(ApiError, match=r"the list of related instances") as caught:
                _factory_v2._related_page(answer, WORKSPACE)
            assert caught.value.kind is Kind.BAD_ANSWER
        else:
            assert _factory_v2._related_page(answer, WORKSPACE).total == related

    @pytest.mark.parametrize(("number", "kind"), [(0, "private"), (1, "default"), (2, "public"), (7, None), (None, None)])
    def test_kinds_of_workspaces(self, number: int | None, kind: str | None) -> None:
        page = _management._workspace_page({"count": 1, "data": [{"id": "w", "name": "sales", "is_default": number}]}, "studio")
        assert (page.entries[0].kind, page.entries[0].studio_instance_id) == (kind, "studio")


def test_a_field_is_found_under_either_name() -> None:
    fields = Fields({"plan_time": None, "planTime": 5, "end_time": 6}, "it")
    assert (fields.number("plan_time"), fields.number("end_time")) == (5, 6)
    assert camel("last_instance_end_time") == "lastInstanceEndTime"


def _refusal(read: t.Callable[[t.Any], t.Any], body: t.Any) -> ApiError | None:
    """The ApiError that *read* raises, or None; any other exception fails the test."""
    try:
        read(body)
    except ApiError as error:
        return error
    return None


def _places(value: t.Any) -> t.Iterator[tuple[t.Any, t.Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(pairs):
        yield value, name
        yield from _places(inner)


class TestInstanceDetail:
    def test_the_answer_of_the_page(self) -> None:
        detail = instance_detail(DETAIL, "the detail")
        assert (detail.status, detail.start_time, detail.message) == (Status.FAIL, 1551425327000, None)
        assert [(node.name, node.status, node.node_type, node.retries) for node in detail.nodes] == [
            ("Dummy_8556", Status.SUCCESS, "Dummy", 0),
            ("error", Status.FAIL, "DWS SQL", 0),
        ]
        assert [node.name for node in detail.failed_nodes] == ["error"]
        assert detail.nodes[1].log_path == "obs://dlf-test-log/job_batch/2019-03-04 11_53_00.000/error/error.job"

    def test_the_node_that_failed_first_is_in_front(self) -> None:
        nodes = [{"nodeName": name, "status": "fail", "type": "Shell", "endTime": end} for name, end in (("a", 0), ("b", 9), ("c", 5))]
        assert [node.name for node in instance_detail({**DETAIL, "nodes": nodes}, "x").failed_nodes] == ["c", "b", "a"]

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"nodes": {}}, "nodes of the detail is an object instead of a list"),
            ({"nodes": [7]}, "node 1 of the detail is 7 instead of an object"),
            ({"nodes": [{"status": "fail"}]}, "node 1 of the detail has no node_name"),
            ({"nodes": [{"nodeName": "x"}]}, "node 1 of the detail has no status"),
            ({"nodes": [{"nodeName": "x", "status": "fail", "logPath": []}]}, "log_path of node 1 of the detail is a list instead of text"),
            (
                {"nodes": [{"nodeName": "x", "status": "fail", "retryTimes": "many"}]},
                "retry_times of node 1 of the detail is 'many' instead of a whole number",
            ),
            ({"nodes": [{}] * (MAX_NODES + 1)}, "the detail has 1001 nodes, more than 1000"),
            ({"status": None}, "the detail has no status"),
        ],
    )
    def test_what_cannot_be_understood_is_named(self, changes: dict[str, t.Any], problem: str) -> None:
        with pytest.raises(ApiError) as caught:
            instance_detail({**DETAIL, **changes}, "the detail")
        assert (caught.value.kind, problem in str(caught.value)) == (Kind.BAD_ANSWER, True), str(caught.value)

    def test_texts_are_cut(self) -> None:
        node = {"nodeName": "x", "status": "fail", "errorMessage": "e" * 9000, "logPath": "p" * 9000, "type": "t" * 9000}
        (read,) = instance_detail({**DETAIL, "nodes": [node]}, "the detail").nodes
        assert (len(read.message or ""), len(read.log_path or ""), len(read.node_type or "")) == (2000 + len(CUT), 1000, 100)
