# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory limits of one listing, counted over all its parts."""

from __future__ import annotations

import sys
import threading

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.list_budget import ListBudget, text_bytes
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Job, JobInstance
from tests.unit.building import instance

MEBIBYTE = 1024 * 1024


def test_characters_are_counted_as_they_are_held() -> None:
    assert text_bytes(Job("x" * 100)) == 100
    assert text_bytes(Job("x" * 100, owner="y" * 50, priority=7)) == 150
    wide = "\U0001f600" * 100
    assert text_bytes(Job(wide)) == sys.getsizeof(wide) - sys.getsizeof("") >= 400
    assert text_bytes((1, "text")) == 0


def test_an_instance_has_slots_and_is_counted_all_the_same() -> None:
    listed = instance()
    assert isinstance(listed, JobInstance)
    assert text_bytes(listed) >= len(listed.job_name) + len(listed.status_text)


def test_more_entries_than_it_may_hold_are_refused() -> None:
    budget = ListBudget("jobs", entries=3)
    budget.check_total(3)
    with pytest.raises(ApiError) as caught:
        budget.check_total(4)
    assert (caught.value.kind, str(caught.value)) == (Kind.INVALID, "there are 4 jobs, more than the 3 that one list may hold")
    assert "planned_after" in caught.value.hint
    budget = ListBudget("jobs", entries=3)
    for name in "abc":
        budget.add(Job(name))
    assert not budget.exceeded
    with pytest.raises(ApiError):
        budget.add(Job("d"))
    assert budget.exceeded


def test_more_text_than_it_may_hold_is_refused() -> None:
    budget = ListBudget("jobs", text_bytes=MEBIBYTE)
    budget.add(Job("x" * (MEBIBYTE - 1)))
    with pytest.raises(ApiError) as caught:
        budget.add(Job("yy"))
    assert str(caught.value) == "the texts of the jobs take more than the 1 MiB that one list may hold"


def test_what_is_replaced_or_dropped_counts_no_more() -> None:
    budget = ListBudget("jobs", entries=2, text_bytes=MEBIBYTE)
    large, other = Job("x" * (MEBIBYTE - 1)), Job("y")
    budget.add(large)
    budget.add(other, large)
    budget.add(large, other)
    budget.release([large])
    budget.add(large)
    budget.check_total(1)


def test_threads_share_it() -> None:
    budget = ListBudget("jobs", entries=8_000)

    def add() -> None:
        for dummy in range(2_000):
            budget.add(Job("x"))

    threads = [threading.Thread(target=add) for dummy in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    budget.check_total(0)
    with pytest.raises(ApiError, match="8001 jobs"):
        budget.add(Job("x"))
