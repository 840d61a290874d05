# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two monitoring APIs, limited to one request per second each [H-OV2]."""

from __future__ import annotations

import typing as t
from collections import Counter

from emulator.factory.lookup import jobs_of
from emulator.gateway import parameters
from emulator.service import Answer, Request
from emulator.world.model import Instance

Json = dict[str, t.Any]
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
#: ``query_days`` to the first and the last day, counted back from today.
_DAYS = {"today": (0, 0), "yesterday": (1, 1), "before_yesterday": (2, 2), "all": (6, 0)}
_FIELDS = {
    "fail": "fail_count",
    "freeze": "freeze_count",
    "manual-stop": "manual_stop_count",
    "pause": "pause_count",
    "running": "running_count",
    "running-exception": "running_exception_count",
    "skip-by-depend": "skip_count",
    "success": "success_count",
    "waiting-confirm": "waiting_confirm_count",
    "waiting": "waiting_count",
}


def overview(request: Request) -> Answer:
    """GET …/monitor/task-statistics-overview: instances of the requested days, counted by status."""
    first, last = _DAYS[parameters.choice(request.query.get("query_days"), "query_days", tuple(_DAYS), "today")]
    midnight = _midnight(request)
    chosen = [
        instance for instance in _instances(request) if midnight - first * _DAY_MS <= instance.plan_time < midnight + (1 - last) * _DAY_MS
    ]
    counts = Counter(instance.status for instance in chosen if not instance.force_success and not instance.ignore_success)
    result: Json = {field: counts.get(status, 0) for status, field in _FIELDS.items()}
    result["force_success_count"] = sum(1 for instance in chosen if instance.force_success)
    result["ignore_success_count"] = sum(1 for instance in chosen if instance.ignore_success)
    result["total_count"] = len(chosen)
    return Answer(body=result)


def completion(request: Request) -> Answer:
    """GET …/monitor/task-completion-data: finished instances per hour, for today, yesterday, and on average over seven days."""
    midnight, now = _midnight(request), request.service.clock.now_ms()
    ends = [instance.end_time for instance in _instances(request) if instance.end_time is not None]
    hours = range(24)

    def finished(day: int, hour: int) -> int:
        begin = midnight - day * _DAY_MS + hour * _HOUR_MS
        return sum(1 for end in ends if begin <= end < begin + _HOUR_MS)

    def point(hour: int, count: int, day: int = 0) -> Json:
        return {"record_time": midnight - day * _DAY_MS + hour * _HOUR_MS, "task_completion_num": count}

    return Answer(
        body={
            "yesterday": [point(hour, finished(1, hour), 1) for hour in hours],
            "average": [point(hour, sum(finished(day, hour) for day in range(1, 8)) // 7) for hour in hours],
            "today": [point(hour, finished(0, hour)) for hour in hours if midnight + hour * _HOUR_MS <= now],
        }
    )


def _instances(request: Request) -> list[Instance]:
    return [instance for job in jobs_of(request) for instance in job.instances]


def _midnight(request: Request) -> int:
    now = request.service.clock.now_ms()
    return now - now % _DAY_MS
