# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances options select."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import has_wildcard, parse_statuses, select
from tests.unit.building import at, instance

WINDOW = Window(at(-7201), at(-7199))


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (["daily_sales"], "daily_sales", True),
        (["daily_sales"], "daily_sales2", False),
        (["daily_sales"], "Daily_Sales", False),
        (["daily_*"], "daily_sales", True),
        (["daily_*"], "xdaily_sales", False),
        (["*"], "任务 №1\nline", True),
        (["*"], "", True),
        (["a?c"], "abc", True),
        (["a?c"], "ac", False),
        (["a[bc]d"], "abd", True),
        (["a[!bc]d"], "abd", False),
        (["a[z-a]d"], "abd", False),
        (["a[b"], "a[b", True),  # no closing bracket: a literal bracket
        (["x", "daily_*"], "daily_sales", True),
        (["x", "y"], "daily_sales", False),
        (["a.c"], "abc", False),
        (["(a|b)*"], "a", False),
        (["日次_*"], "日次_売上", True),
        (["*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"], "a" * 2000, False),  # no catastrophic backtracking
    ],
)
def test_names_and_patterns(patterns: t.Any, name: t.Any, expected: t.Any) -> None:
    try:
        selection = select(patterns, WINDOW)
    except OptionError:  # the oldest Pythons refuse a reversed range
        assert patterns == ["a[z-a]d"]
        return
    assert selection.names(name) is expected
    assert selection.matches(instance(job_name=name)) is expected


@pytest.mark.parametrize(
    ("patterns", "names"),
    [(["b", "a", "b"], ["b", "a"]), (["a", "b*"], None), (["a?"], None), (["[a]"], None), (["../x"], ["../x"])],
)
def test_exact_names_are_those_without_any_wildcard(patterns: t.Any, names: t.Any) -> None:
    assert select(patterns, WINDOW).exact_names() == names
    assert any(map(has_wildcard, patterns)) is (names is None)


@pytest.mark.parametrize(("number", "expected"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_plan_time_decides_and_both_ends_are_included(number: t.Any, expected: t.Any) -> None:
    selection = select(["*"], WINDOW)
    listed = instance(number=number)
    assert selection.matches(listed) is expected
    assert selection.covers(listed.job_name, listed.key.plan_time) is expected


def test_empty_filters_keep_everything_and_others_keep_what_they_name() -> None:
    everything = select(["*"], WINDOW)
    for status in Status:
        for one_type in (*InstanceType, None):
            listed = instance(status, instance_type=one_type)
            assert everything.matches(listed)
            assert select(["*"], WINDOW, statuses=["fail", "manual"]).matches(listed) is (status in (Status.FAIL, Status.MANUAL_STOP))
            assert select(["*"], WINDOW, instance_types=["normal"]).matches(listed) is (one_type is InstanceType.NORMAL)


def test_a_filter_on_status_does_not_hide_what_a_run_has_to_bring_to_its_end() -> None:
    selection = select(["*"], WINDOW, statuses=["fail"])
    assert selection.covers("daily_sales", instance().key.plan_time)
    assert not selection.matches(instance(Status.RUNNING))


@pytest.mark.parametrize(
    ("words", "statuses"),
    [
        (["fail"], {Status.FAIL}),
        (["FAIL", " success "], {Status.FAIL, Status.SUCCESS}),
        (["manual", "skip", "forcesuccess"], {Status.MANUAL_STOP, Status.SKIP_BY_DEPEND, Status.FORCE_SUCCESS}),
        ([], set()),
    ],
)
def test_status_words(words: t.Any, statuses: t.Any) -> None:
    assert parse_statuses(words) == statuses


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: select([], WINDOW), "jobs is an empty list"),
        (
            lambda: select([], WINDOW, option="names"),
            "names is an empty list, which selects nothing. Use names or patterns, or leave it out",
        ),
        (lambda: select(["*"], WINDOW, statuses=[]), "statuses is an empty list, which selects nothing"),
        (lambda: select(["*"], WINDOW, instance_types=[]), "instance_types is an empty list, which selects nothing"),
        (lambda: select([""], WINDOW), "jobs contains an empty name"),
        (lambda: select(["a", " "], WINDOW), "jobs contains an empty name"),
        (lambda: select(t.cast(t.Any, [None]), WINDOW), "jobs contains an empty name"),
        (
            lambda: select(["*"], WINDOW, statuses=["failed"]),
            "statuses contains 'failed', which is not a status. Use any of waiting, running, success, fail,",
        ),
        (lambda: select(["*"], WINDOW, statuses=["unknown"]), "statuses contains 'unknown', which is not a status"),
        (lambda: parse_statuses(["x" * 5000], option="only_statuses"), "only_statuses contains 'xxx"),
        (
            lambda: select(["*"], WINDOW, instance_types=["batch"]),
            "instance_types contains 'batch', which is not a type. Use any of normal, manual, patch_data",
        ),
    ],
)
def test_what_selects_nothing_is_refused_with_what_to_set(make: t.Any, start: t.Any) -> None:
    with pytest.raises(OptionError) as caught:
        make()
    message = str(caught.value)
    assert message.startswith(start)
    assert "Use " in message
    assert len(message) < 400


def test_a_selection_is_a_value() -> None:
    assert select(["a*"], WINDOW) == select(["a*"], WINDOW)
    selection = select(["a*"], WINDOW)
    assert selection.names("ab")
    assert not dataclasses.replace(selection, patterns=("b*",)).names("ab")
