# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies, firewalls and gateways that answer instead of the service, or change its answers."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.running import running
from tests.support.logic import call, passes, reruns
from tests.support.scenarios import FREE, V1, V2, small_night
from tests.support.workspace import options


@pytest.fixture
def service() -> Iterator[t.Any]:
    with running(small_night(switches={**FREE, **V2})) as handle:
        yield handle


def given(service: t.Any, folder: Path, **changes: t.Any) -> dict[str, t.Any]:
    """Options of job_rerun for the two failed instances of one job."""
    state = {"journal": str(folder / "state"), "settle_time": 1, "poll_interval": 1, "max_retries": 2}
    return options(service, jobs=["hourly_stock"], **{**state, **changes})


@pytest.mark.parametrize("when", ["before_effect", "after_effect"])
@pytest.mark.parametrize("body", ["html", "json", "empty"])
@pytest.mark.parametrize("status", [401, 403, 404, 413, 429])
def test_a_page_in_the_services_place_proves_nothing(service: t.Any, tmp_path: Path, status: int, body: str, when: str) -> None:
    """The rerun may have been accepted: it is read back, and sent again only if the instances are unchanged."""
    service.inject({"route": "v2_retry", "kind": "page", "status": status, "body": body, "when": when, "times": 1})
    first = call("job_rerun", given(service, tmp_path))
    assert {instance["action"] for instance in first["instances"]} == {"settling"}
    assert len(service.requests("v2_retry")) == 1
    results = passes(given(service, tmp_path, since=str(first["since"])), between=lambda result: service.advance(2))
    assert not results[-1]["failed"], results[-1]
    assert set(reruns(service.journal()).values()) == {1}
    assert len(reruns(service.journal())) == 2


@pytest.mark.parametrize("days", [2, -2])
def test_a_rewritten_date_moves_no_window(service: t.Any, tmp_path: Path, days: int) -> None:
    service.set(date_offset_seconds=days * 86_400)
    results = passes(given(service, tmp_path), between=lambda result: service.advance(2))
    assert not results[-1]["failed"], results[-1]
    assert len(results[-1]["instances"]) == 2
    assert set(reruns(service.journal()).values()) == {1}
    warnings = [text for text in results[0]["warnings"] if "Date" in text]
    # one for each host that was used: v1 has the reasons
    assert [text.split(" ")[3] for text in warnings] == [service.endpoint, service.endpoint_v1]
    assert all("is not believed" in text for text in warnings)


@pytest.mark.parametrize("body", ["html", "json", "empty"])
@pytest.mark.parametrize("api_version", ["auto", "v1", "v2"])
@pytest.mark.parametrize("jobs", [["*"], ["*ly_*"], ["hourly_stock"]])
def test_a_page_in_place_of_a_list_is_not_an_empty_list(
    service: t.Any, tmp_path: Path, jobs: list[str], api_version: str, body: str
) -> None:
    service.reset(small_night(switches={**FREE, **V1, **V2}))
    service.inject({"route": "list", "kind": "page", "status": 404, "body": body, "rate": 1.0})
    result = call("job_rerun", given(service, tmp_path, max_retries=0) | {"jobs": jobs, "api_version": api_version}, check=True)
    assert result["failed"], result


@pytest.mark.parametrize("body", ["html", "json", "empty"])
def test_a_page_in_place_of_a_schedule_is_not_a_job_that_was_deleted(service: t.Any, body: str) -> None:
    service.reset(small_night(switches={**FREE, **V1, **V2}))
    service.inject({"route": "v1_job", "kind": "page", "status": 404, "body": body, "rate": 1.0})
    assert call("job_instance_info", options(service, jobs=["*"], find_missing=True, max_retries=0))["failed"]
