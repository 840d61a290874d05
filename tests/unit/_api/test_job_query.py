# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of jobs: which are listed, which match no job, and suggestions for typos."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.job_query import (
    JobCatalog,
    WantedJobs,
    listed_names,
    may_match,
    suggestion,
)
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import Job
from ansible_collections.dataarts.factory.plugins.module_utils._models.selection import select

BATCH = ["daily_sales", "hourly_stock", "weekly_report"]


class Lists:
    """A workspace with three batch jobs and one real-time job."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def list_jobs(self, name: str | None = None, *, job_type: str = "BATCH", deadline: float | None = None) -> list[Job]:
        assert name is None
        assert deadline is None
        self.calls.append(job_type)
        return [Job(job) for job in (BATCH if job_type == "BATCH" else ["stream"])]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("daily_slaes", "Did you mean daily_sales?"),
        ("Daily_Sales", "Did you mean daily_sales?"),
        ("batch [a]", "Did you mean batch [[]a]?"),
        ("hourly_stok", "Did you mean hourly_stock?"),
        ("dialy_*", "Did you mean daily_sales?"),
        ("weakly_?eport", "Did you mean weekly_report?"),
        ("something_else", ""),
        ("[abc]*", ""),
        ("*", ""),
        ("", ""),
        ("d" * 10_000, ""),
    ],
)
def test_a_similar_name_is_suggested(pattern: str, expected: str) -> None:
    assert suggestion(pattern, [*BATCH, "batch [a]", "x" * 10_000]) == expected


@pytest.mark.parametrize(
    ("pattern", "prefix", "expected"),
    [
        ("*", "stream_", True),
        ("*_parse", "stream_", True),
        ("str*", "stream_", True),
        ("stream_p*", "stream_", True),
        ("stream_parse", "stream_", True),
        ("[sx]*", "stream_", True),
        ("daily_*", "stream_", False),
        ("streams", "stream_", False),
        ("stream", "stream_", False),
    ],
)
def test_which_patterns_may_mean_a_sub_job(pattern: str, prefix: str, expected: bool) -> None:
    assert may_match(pattern, prefix) is expected


def test_what_matches_no_job() -> None:
    catalog = JobCatalog(Lists())
    patterns = ["*", "**", "daily_*", "daily_sales", "stream", "stream_parse", "stream_*", "*_parse", "gone", "x*", "gone"]
    assert catalog.unmatched(patterns) == ["gone", "x*"]
    assert JobCatalog(Lists(), real_time=False).unmatched(patterns) == ["stream", "stream_parse", "stream_*", "*_parse", "gone", "x*"]


def test_jobs_are_read_once_and_only_if_needed() -> None:
    lists = Lists()
    catalog = JobCatalog(lists)
    assert catalog.unmatched(["*", "**"]) == []
    assert lists.calls == []
    assert catalog.unmatched(["x*", "y*"]) == ["x*", "y*"]
    assert catalog.suggestion("daily_sale") == "Did you mean daily_sales?"
    assert sorted(lists.calls) == ["BATCH", "REAL_TIME"]


def test_names_to_list_one_by_one() -> None:
    wanted = WantedJobs.of(select(["*_s*", "stream_parse", "gone"], Window(0, 0)))
    error = ApiError(Kind.SERVER, "broken")
    answers: dict[str, list[str] | ApiError | None] = {"stream": ["parse", "sink"], "broken": error, "closed": None}
    jobs = listed_names(wanted, [Job(name) for name in BATCH], [Job(name) for name in answers], lambda name: answers[name])
    assert jobs.names == ["stream_parse", "gone", "daily_sales", "hourly_stock", "stream_sink"]
    assert jobs.problems == {"broken": error}
    (note,) = jobs.notes
    assert note.startswith("The sub-jobs of real-time job closed cannot be listed: ")
    assert note.endswith("Name the sub-jobs in jobs, each as closed_<node>.")
