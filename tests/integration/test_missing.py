# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Missing instances are found by the schedules of jobs, created by PatchData once, and not found again."""

from __future__ import annotations

import functools
import os
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._report import overview
from tests.support.logic import Result, call
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options

Json = dict[str, t.Any]


def whole_hour(hours_ago: int) -> int:
    """A plan time of an hourly job, epoch ms.

    It is the same throughout a test, even if a new hour starts meanwhile: a plan time does not count as missing for ten minutes.
    """
    now = _begin(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]).replace(minute=0, second=0, microsecond=0)
    return int((now - timedelta(hours=hours_ago)).timestamp() * 1000)


@functools.lru_cache(maxsize=1)
def _begin(test: str) -> datetime:
    """Start of *test*."""
    return datetime.now(timezone.utc)


def night(**switches: t.Any) -> Json:
    """An hourly job with two gaps, one of three hours; a complete one that has a PatchData instance; and jobs without a usable schedule."""
    hourly = [{"plan_time": whole_hour(hours), "status": "success"} for hours in range(12) if hours not in (3, 6, 7, 8)]
    complete = [{"plan_time": whole_hour(hours), "status": "fail", "type": 5 if hours == 4 else 0} for hours in range(12)]
    jobs = [
        {"name": "hourly", "status": "STOPPED", "instances": hourly},
        {"name": "complete", "instances": complete},
        {"name": "by_hand", "schedule": "MANUAL", "instances": []},
        {"name": "on_event", "schedule": "EVENT", "instances": []},
        {"name": "odd", "cron": "every day", "instances": []},
    ]
    return small_night(jobs=jobs, speed=600, switches={**FREE, **V1, **V2, **switches})


def find(service: t.Any, **changes: t.Any) -> Result:
    given = {"statuses": ["fail"], "planned_after": str(whole_hour(11)), "find_missing": True, "reasons": "none", **changes}
    return call("job_instance_info", options(service, **given))


@pytest.mark.parametrize("switches", [{}, {"window_compares": "start_time"}, {"v2_open": False}], ids=str)
def test_what_was_never_made(service: t.Any, switches: Json) -> None:
    service.reset(night(**switches))
    result = find(service)
    assert not result["failed"], result["msg"]
    assert [(entry["job_name"], entry["plan_time"]) for entry in result["missing"]] == [
        ("hourly", whole_hour(hours)) for hours in (3, 6, 7, 8)
    ]
    assert {entry["job_status"] for entry in result["missing"]} == {"STOPPED"}
    assert [(gap["instances"], int(gap["start_date"]), int(gap["end_date"])) for gap in result["gaps"]] == [
        (3, whole_hour(8) - 1000, whole_hour(6) + 1000),
        (1, whole_hour(3) - 1000, whole_hour(3) + 1000),
    ]
    assert result["missing_total"] == 4
    assert any("odd" in text and "2 fields" in text for text in result["warnings"])
    assert {instance["job_name"] for instance in result["instances"]} == {"complete"}


def test_it_is_filled_once_and_not_found_again(service: t.Any, tmp_path: Path) -> None:
    service.reset(night())
    gaps = find(service, jobs=["hourly"])["gaps"]
    for _time in range(2):
        for gap in gaps:
            asked = {name: gap[name] for name in ("name", "job_name", "start_date", "end_date")}
            given = options(service, journal=str(tmp_path / "state"), settle_time=1, poll_interval=1, **asked)
            filled = call("supplement_data", given)
            assert not filled["failed"], filled["msg"]
    made = sorted(instance["plan_time"] for entry in service.journal() for instance in entry["instances"])
    assert made == [whole_hour(hours) for hours in (8, 7, 6, 3)]
    assert find(service, jobs=["hourly"])["missing"] == []


def test_where_v1_is_closed_the_message_says_so(service: t.Any) -> None:
    service.reset(night(v1_open=False))
    result = find(service)
    assert (result["failed"], result["error"]["kind"], "find_missing" in result["msg"]) == (True, "not_published", True)


def test_not_with_a_single_name(service: t.Any) -> None:
    result = find(service, job_name="hourly")
    assert (result["failed"], result["error"]["kind"], "find_missing" in result["msg"]) == (True, "option", True)


def test_the_table_shows_them(service: t.Any) -> None:
    service.reset(night())
    made = overview.failures({"sales": find(service)})
    text = " ".join(made.lines)
    assert "12 instances of 1 job failed in 1 of 1 workspace" in text
    assert "4 instances of 1 job never made." in text
    assert "never made; the job is stopped now" in text
    assert [row["instances"] for row in made.rows if row["status"] == "missing"] == [3, 1]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "an earlier version of the job was in force"), ("zh", "当时生效的是作业的较早版本")]
)
def test_the_table_shows_what_an_earlier_version_may_not_have_planned_apart(service: t.Any, language: str, words: str) -> None:
    service.reset(night())
    result = find(service)
    result["gaps"][0]["earlier_version"] = True
    made = overview.failures({"sales": result}, language=language)
    assert "".join(made.lines).replace(" ", "").count(words.replace(" ", "")) == 1
