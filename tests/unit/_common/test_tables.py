# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines for a terminal are never wider than it, whatever script the names are written in."""

from __future__ import annotations

import shlex

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common import tables

CHURN = "客户流失分析与预警日报表"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("daily_sales", 11, "daily_sales"),
        ("daily_sales", 10, "daily_sal…"),
        ("daily_sales", 1, "…"),
        ("daily_sales", 0, ""),
        ("daily sales", 7, "daily…"),
        (CHURN, 24, CHURN),
        (CHURN, 23, "客户流失分析与预警日报…"),
        (CHURN, 10, "客户流失…"),
        ("cafe\u0301s", 5, "cafe\u0301s"),
        ("ｆｕｌｌ", 8, "ｆｕｌｌ"),
        ("", 5, ""),
    ],
)
def test_a_text_that_does_not_fit_ends_in_an_ellipsis(text: str, columns: int, expected: str) -> None:
    assert tables.shortened(text, columns) == expected
    assert tables.width(expected) <= columns


@pytest.mark.parametrize(
    ("text", "right", "expected"), [("ab", False, "ab  "), ("ab", True, "  ab"), ("客户", False, "客户"), ("客户户", True, " 客…")]
)
def test_padded(text: str, right: bool, expected: str) -> None:
    assert tables.padded(text, 4, right=right) == expected


def test_a_table_stands_straight_in_every_alphabet() -> None:
    rows = [["客户分析", "daily_sales", "5"], ["cafe\u0301", "hourly_orders", "12"], ["x", "", ""]]
    assert tables.table_lines(["workspace", "job", "number"], rows, right={2}) == [
        "workspace  job            number",
        "客户分析   daily_sales         5",
        "cafe\u0301       hourly_orders      12",
        "x",
    ]


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_a_table_that_is_too_wide_narrows_its_widest_columns_first(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.SCREEN, "columns", columns)
    lines = tables.table_lines(["ws", "job", "cause"], [["sales", CHURN * 3, "e" * 300], ["supply", "b", "c"]])
    assert all(tables.width(line) <= columns for line in lines)
    assert lines[1].endswith("…")
    assert lines[2].startswith("supply  b ") or columns == 20
    assert tables.width(lines[1]) >= columns - 1, "no column is given away"


@pytest.mark.parametrize(
    ("cell", "whole"),
    [
        ("2026-11-30 22:42", True),
        ("22:42-23:42 +08:00", True),
        ("1234567890123456", True),
        ("12 failed again", True),
        ("62fbba734e634c5087656f", False),
    ],
)
def test_numbers_and_times_are_shortened_last_and_an_id_is_neither(cell: str, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.SCREEN, "columns", 30)
    (_head, line) = tables.table_lines(["planned", "job"], [[cell, "a name of a job, which is longer"]])
    assert (cell in line) is whole


def test_sentences_are_wrapped_at_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.SCREEN, "columns", 40)
    text = f"Failed to read: {CHURN} has no rerun. See https://example.com/{'a' * 80} for more."
    lines = tables.wrapped(text, indent="  ")
    assert lines == ["  Failed to read:", f"    {CHURN} has no", "    rerun. See", f"    https://example.com/{'a' * 80}", "    for more."]
    assert tables.wrapped("") == []


def test_a_command_over_several_lines_is_the_same_command() -> None:
    words = ["ansible-playbook", "dataarts.factory.rerun_failed", "-i", "/srv/my inventory", "--ask-vault-pass", "--limit", "sales:supply"]
    words += ["-e", "dataarts_since=2026-11-23T22:18:05+08:00", "-e", "@/srv/reports/2026-11-23/go_on.json", "--check"]
    lines = tables.command_lines(words)
    assert len(lines) > 1
    assert all(tables.width(line) <= tables.COLUMNS for line in lines)
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == words, "a shell joins lines like that"
    assert "    --ask-vault-pass --limit sales:supply -e dataarts_since=2026-11-23T22:18:05+08:00 \\" not in lines, "would be 82 columns"
