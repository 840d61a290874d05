# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many failures have in common: normalised reasons, groups, and which details are worth a request."""

from __future__ import annotations

import dataclasses
import time
import typing as t

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import JobInstance
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reasons import (
    GAP,
    MAX_REASON,
    grouped,
    normalised,
    representatives,
    with_texts,
)
from tests.unit.building import instance

#: Message, and the reason in it.
REASONS = [
    ("", ""),
    ("   ", ""),
    ("Node load_orders failed.", "Node load_orders failed."),
    # Names in quotes
    ("Table 'dws.orders_20261129' not found", "Table … not found"),
    ('pq: relation "a.b" does not exist', "pq: relation … does not exist"),
    ("Unknown column `amount` in 'field list'", "Unknown column … in …"),
    ("表\u201corders_1\u201d不存在", "表…不存在"),
    ("表「orders」与『prices』不存在", "表…不存在"),
    ("资源《夜间队列》不可用", "资源…不可用"),
    ("队列\u2018default\u2019已满", "队列…已满"),
    ("can't open it: it's gone", "can't open it: it's gone"),
    ("表'订单'不存在", "表…不存在"),
    ("节点'load'连接\"库\"超时", "节点…连接…超时"),
    # A sentence in quotes is not a name
    ('{"error":"permission denied","id":"a1"}', "{permission denied,…}"),
    ('{"error_code":"DLI.0005","error_msg":"Table \'t1\' not found"}', '{…:"DLI.0005",Table … not found}'),
    ('{"error_code":1045,"message": "say \\"no\\" twice"}', '{"error_code":1045,say \\… twice}'),
    ('body: {\\"errorMessage\\":\\"no permission\\"}', "body: {no permission}"),
    ("{'message': \"can't read\", 'code': 7}", "{can't read, 'code': 7}"),
    ('{"失败原因":"队列已满"}', "{队列已满}"),
    ('{"error_msg":"cut in the midd', "{cut in the midd"),
    # Numbers, ids, lists
    ("node reconcile: 3 accounts differ", "node reconcile: … accounts differ"),
    ("Read timed out after 60.5 seconds", "Read timed out after … seconds"),
    ("disk usage 95.2%, limit 90%", "disk usage …, limit …"),
    ("磁盘使用率95%", "磁盘使用率…"),
    ("执行超时，已运行3600秒", "执行超时，已运行…秒"),
    ("１２３条记录被拒绝", "…条记录被拒绝"),
    ("rows [1, 2, 3] rejected", "rows […] rejected"),
    ("rows [4] rejected", "rows […] rejected"),
    ("missing 12 and 13", "missing …"),
    ("缺少12和13", "缺少…"),
    ("application_1732239754684_0001 was killed", "… was killed"),
    ("MRS cluster a1b2c3d4 not found", "MRS cluster … not found"),
    ("request 8c3f0b7ab8f3e1f7f6b8f4d1f0a2b3c4 refused", "request … refused"),
    ("session 123e4567-e89b-12d3-a456-426614174000 closed", "session … closed"),
    ("Connection to 10.0.1.5:8000 refused", "Connection to … refused"),
    ("user ops@acme.example has no right", "user … has no right"),
    ("作业实例500012失败", "作业实例…失败"),
    # Times
    ("at 2026-11-29 01:02:03 the queue was full", "at … the queue was full"),
    ("at 2026-11-29T01:02:03.123+08:00 the queue was full", "at … the queue was full"),
    ("2026-11-29T01:02:03Z", "…"),
    ("partition 2026/11/29 missing", "partition … missing"),
    ("分区 2026年11月29日 缺失", "分区 … 缺失"),
    ("2026年11月29日 01时02分 队列已满", "… 队列已满"),
    ("2026年1月8日3时4分5秒 队列已满", "… 队列已满"),
    ("于3时4分失败", "于…失败"),
    ("01:02:03,456 WARN full", "… WARN full"),
    # Paths and addresses
    ("OBS: no permission for obs://bucket/2026/x.csv", "OBS: no permission for …"),
    ("HTTP 403 Forbidden from https://example.org/z?q=1", "HTTP 403 Forbidden from …"),
    ("can't open /tmp/x/y.sql: no such file", "can't open …: no such file"),
    ("C:\\data\\x.txt is missing", "… is missing"),
    ("no file warehouse/ods.db/orders", "no file …"),
    ("路径/user/hive/warehouse/ods.db/dt=20261129不存在", "路径…不存在"),
    ("either/or is kept", "either/or is kept"),
    ("OBS路径obs://a/b没有权限", "OBS路径…没有权限"),
    ("访问https://x.example/a?b=1超时", "访问…超时"),
    ("obs://a/数据/2026/x.csv 不存在", "…数据… 不存在"),
    # Codes are the cause
    ("DLI.0005: Query failed in 300 s", "DLI.0005: Query failed in … s"),
    ("ORA-00942: table or view does not exist", "ORA-00942: table or view does not exist"),
    ("the node ended with exit code 137", "the node ended with exit code 137"),
    ("the node ended with exit code 1", "the node ended with exit code 1"),
    ("AM Container exited with exitCode: 143", "AM Container exited with exitCode: 143"),
    ("Lock wait timeout exceeded [ErrorCode: 1205]", "Lock wait timeout exceeded [ErrorCode: 1205]"),
    ("SQL state [42P01]; error code [7]", "SQL state [42P01]; error code [7]"),
    ("[Errno 28] No space left on device", "[Errno 28] No space left on device"),
    ("SQLSTATE[42S02]: no table", "SQLSTATE[42S02]: no table"),
    ("exit code 137被终止", "exit code 137被终止"),
    ("killed by signal 9", "killed by signal 9"),
    ("程序异常，返回码(137)", "程序异常，返回码(137)"),
    ("SQLSTATE 42501 insufficient privilege", "SQLSTATE 42501 insufficient privilege"),
    ('{"code":"DWS.0003","id":"7c1d0be2"}', '{…:"DWS.0003",…}'),
    ("ERROR 1045 (28000): Access denied for user 'ops'@'10.0.0.7'", "ERROR 1045 (…): Access denied for user …@…"),
    ("节点运行失败，错误码：1045", "节点运行失败，错误码：1045"),
    ("状态码为500", "状态码为500"),
    ("退出码=2", "退出码=2"),
    # Several lines
    ("boom\n\tat com.foo.Bar.go(Bar.java:12)\n\t... 12 more", "boom"),
    ("boom\r\nCaused by: java.io.IOException: full", "boom Caused by: java.io.IOException: full"),
    ("at com.foo.Bar(Bar.java:12)", "at com.foo.Bar(Bar.java:…)"),
    # Characters that must have no effect
    ("red \x1b[31m alarm", "red alarm"),
    ("\x1b[1;31mpermission\x1b[0m denied", "permission denied"),
    ("\x1b]0;title\x07\x9b32mtable\u202e is locked\x08\x7f", "table is locked"),
    ("{{ lookup('pipe', 'id') }}", "{{ lookup(…) }}"),
    ("{% raw %}", "{% raw %}"),
]


@pytest.mark.parametrize(("message", "reason"), REASONS)
def test_what_differs_from_instance_to_instance_is_taken_out(message: str, reason: str) -> None:
    assert normalised(message) == reason


def test_without_a_message_there_is_none() -> None:
    assert normalised(None) == ""


def test_the_name_of_the_job_differs_from_job_to_job() -> None:
    assert normalised("job daily_sales: table not found", "daily_sales") == "job …: table not found"
    assert normalised("作业 每日库存 失败", "每日库存") == "作业 … 失败"
    assert normalised("a table is missing", "a") == "a table is missing"
    assert normalised("作业daily_sales失败", "daily_sales") == "作业…失败"
    assert normalised("daily_sales_load failed", "daily_sales") == "daily_sales_load failed"


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from([message for message, _reason in REASONS]),
    st.from_regex(r"\A[-a-zA-Z0-9_.:/ '\"=\[\]{}%，：\u201c\u201d《》…]{0,20}\Z"),
)


@given(st.lists(PIECES, max_size=8), st.sampled_from(["", " ", ", ", "\n", "/"]), st.text(max_size=8))
@example(["x" * 198 + " 12 34", "56"], " ", "")
@example(["'a", "b' 1"], " ", "")
@example([GAP, "and", GAP], " ", "")
@settings(max_examples=150)
def test_of_a_reason_it_makes_the_same_again(pieces: t.Any, between: t.Any, job_name: t.Any) -> None:
    reason = normalised(between.join(pieces), job_name)
    assert normalised(reason) == reason
    assert len(reason) <= MAX_REASON
    assert all(char.isprintable() or ord(char) > 0x7F for char in reason)
    reason.encode("utf-8")


@pytest.mark.parametrize(
    "message",
    [
        "'" * 5000,
        "'a" * 2500,
        "a/" * 2500,
        "1a-" * 2000,
        "code" * 1200,
        "…, " * 1600,
        "a1" * 2500,
        "ab@" * 1600,
        "\nat x(" * 800,
        '"msg":"' * 700,
    ],
)
def test_a_hostile_message_takes_no_time(message: str) -> None:
    began = time.process_time()
    for _time in range(20):
        normalised(message)
    assert time.process_time() - began < 2


def failed(job: str, message: str | None, number: int) -> tuple[JobInstance, str | None]:
    return dataclasses.replace(instance(number=number, job_name=job, job_id=str(hash(job) % 1000)), error_message=message), message


class TestRepresentatives:
    NIGHT = (
        *(failed("a", f"Table 't{number}' not found", number) for number in range(5)),
        *(failed("b", f"Table 't{number}' not found", number) for number in range(3)),
        *(failed("b", f"no permission for obs://x/{number}", number) for number in range(10, 12)),
        failed("c", None, 20),
    )

    def names(self, most: int) -> list[tuple[str, int, str | None]]:
        return [(group[0].job_name, len(group), group[0].error_message) for group in representatives(self.NIGHT, most)]

    def test_each_reason_first_then_its_other_jobs(self) -> None:
        assert self.names(10) == [
            ("a", 5, "Table 't0' not found"),
            ("b", 2, "no permission for obs://x/10"),
            ("c", 1, None),
            ("b", 3, "Table 't0' not found"),
        ]

    @pytest.mark.parametrize("most", range(5))
    def test_never_more_than_asked_for(self, most: int) -> None:
        assert self.names(most) == self.names(10)[:most]

    def test_of_nothing_nothing(self) -> None:
        assert representatives([], 10) == []


def result(job: str, workspace: str = "w1", broken: bool = False, **failure: t.Any) -> dict[str, t.Any]:
    empty = dict.fromkeys(("reason", "node", "node_type", "message", "log_path"))
    return {"job_name": job, "workspace_id": workspace, "failure": {**empty, **failure}, "broken": broken}


class TestGroups:
    def test_over_workspaces_and_jobs_the_largest_first(self) -> None:
        groups = with_texts(
            [
                result("a", reason="OBS permission", node="copy", node_type="OBS Manager"),
                result("a", reason="table … not found", node="load", node_type="DLI SQL", message="table x not found", broken=True),
                result("b", reason="table … not found", node="load", node_type="DLI SQL", log_path="obs://x/y"),
                result("b", "w2", reason="table … not found"),
            ]
        )
        assert [group for group, _text in groups] == [
            {
                "reason": "table … not found",
                "count": 3,
                "broken": 1,
                "jobs": 3,
                "workspaces": 2,
                "nodes": ["load"],
                "node_types": ["DLI SQL"],
                "sample": "table x not found",
                "log_path": "obs://x/y",
                "log_tail": None,
            },
            {
                "reason": "OBS permission",
                "count": 1,
                "broken": 0,
                "jobs": 1,
                "workspaces": 1,
                "nodes": ["copy"],
                "node_types": ["OBS Manager"],
                "sample": None,
                "log_path": None,
                "log_tail": None,
            },
        ]
        assert [text for _group, text in groups] == [
            "3 × node load (DLI SQL): table … not found",
            "1 × node copy (OBS Manager): OBS permission",
        ]

    def test_without_a_message_by_the_node(self) -> None:
        groups = with_texts([result("a", node="load"), result("b", node="load"), result("b", node="copy"), result("c")])
        assert [text for _group, text in groups] == ["2 × node load", "1 × reason unknown", "1 × node copy"]

    def test_nodes_by_how_often_they_failed(self) -> None:
        nodes = ["b", "a", "a", "c", "d", "e"]
        ((_group, text),) = with_texts(result("x", reason="r", node=node, node_type=f"T{node}") for node in nodes)
        assert text == "6 × r, at nodes a, b, c and 2 more"

    def test_of_one_instance_nothing_is_left_out(self) -> None:
        """A gap stands for what differs, and a single instance differs from nothing; of a stack trace the first line says why."""
        message = "3 accounts differ\n\tat com.acme.Reconcile.main(Reconcile.java:12)"
        rows = [result("a", reason=normalised(message), message=message), result("b", reason="… rows", message="5 rows")]
        rows.append(result("b", reason="… rows", message="6 rows"))
        assert [text for _group, text in with_texts(rows)] == ["2 × … rows", "1 × 3 accounts differ"]

    @pytest.mark.parametrize(
        ("messages", "text"),
        [
            (["Table 'ods.orders' not found"] * 2, "Table 'ods.orders' not found"),
            (["Table 'ods.orders' not found at 01:02:03", "Table 'ods.orders' not found at 01:02:04"], "Table 'ods.orders' not found at …"),
            (["dt=2026-11-30 not found after 5 s", "dt=2026-11-30 not found after 6 s"], "dt=2026-11-30 not found after … s"),
            (["Table 't1' not found", "Table 't2' not found"], "Table … not found"),
            (["table t1, t2 locked", "table t1 locked"], "table … locked"),
            (["表t1不存在", "表t2不存在"], "表…不存在"),
            (["job a: queue 'q1' is full", "job a: queue 'q1' is full "], "job a: queue 'q1' is full"),
            (["Table 't1' not found", None], "Table … not found"),
        ],
    )
    def test_what_is_the_same_in_all_of_them_is_shown(self, messages: list[str], text: str) -> None:
        """Thirty-eight failures because of one missing table: people want to know which."""
        reason = normalised(messages[0], "a")
        assert [shown for _group, shown in with_texts([result("a", reason=reason, message=message) for message in messages])] == [
            f"2 × {text}"
        ]

    def test_a_text_of_the_service_stays_data_and_steers_nothing(self) -> None:
        ((_group, text),) = with_texts([result("x", reason="{{ 7 * 7 }}", node="n\x1b[2J", node_type="T\u202e")])
        assert text == "1 × node n\\x1b[2J (T\\u202e): {{ 7 * 7 }}"

    def test_nothing_failed(self) -> None:
        assert grouped([]) == grouped([{**result("a"), "failure": None}]) == []

    def test_of_what_is_only_listed_all_are_broken(self) -> None:
        listed = {name: value for name, value in result("a").items() if name != "broken"}
        assert [group["broken"] for group in grouped([listed, listed])] == [2]
