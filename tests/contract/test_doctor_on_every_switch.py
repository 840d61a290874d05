# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""account_doctor under every setting of every switch: it finds the setting, or says that reading does not show it."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http import rate_limiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Answer, Request
from ansible_collections.dataarts.factory.plugins.module_utils._planner.assumptions import POINTS
from emulator.running import Running
from emulator.switches import SWITCHES
from tests.emulator.signed_requests import restart
from tests.support.logic import Result, call
from tests.support.long import whole_plays
from tests.support.scenarios import ACCESS_KEY, DOMAIN, SECRET_KEY, USER_NAME, USER_PASSWORD, WORKSPACE_ID, small_night
from tests.support.workspace import options

SETTINGS = [(name, value) for name, switch in SWITCHES.items() for value in switch.settings]
BY_USER = {"access_key": None, "secret_key": None, "user_name": USER_NAME, "user_password": USER_PASSWORD, "domain_name": DOMAIN}
#: Switches that are decided by reading a suitable workspace, or by requesting a rerun of nothing.
BY_READING = {
    "offset_unit", "offset_beyond", "total_of", "today_zone_hours", "list_order", "window_compares", "enforce_window", "submit_time_of",
    "v2_open", "v2_list_open",
    "v2_workspace", "v1_open", "depend_open", "code_spelling", "gateway_prefix", "status_spelling", "v1_job_id", "request_id_header",
    "clock_skew_seconds", "date_offset_seconds", "token_lifetime_seconds", "detail_error", "node_types",
}  # fmt: skip
BY_PROBING = {"v2_retry_open", "unknown_job_at_retry"}
#: Settings to test separately. Defaults are one common service, except for the switch that these tests turn off. Third and further settings are long
#: tests, and so are those that neither reading nor probing shows.
APART = [
    pytest.param(name, value, marks=pytest.mark.long if number > 1 or (number and name not in BY_READING | BY_PROBING) else ())
    for name, switch in SWITCHES.items()
    for number, value in enumerate(switch.settings)
    if number or name in ("flow_control", next(iter(SWITCHES)))
]
OF_CLOCKS = {"clock_skew_seconds", "date_offset_seconds", "token_lifetime_seconds"}
#: Settings that reading cannot show.
NOT_SHOWN = {("running_per_job", 5), ("status_words", "documented")}
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Turn the rate limiter off."""
    for route in rate_limiter.RATES:
        monkeypatch.setitem(rate_limiter.RATES, route, 1e6)
    monkeypatch.setattr(rate_limiter, "OTHER_RATE", 1e6)
    monkeypatch.setenv("HOME", str(tmp_path))
    FetchedAuth._leases.clear()


def begin(service: Running, role: str = "operator", **switches: t.Any) -> None:
    """Reset the emulator to a workspace that shows the open points: late starts, a cancelled instance, many that run at once."""
    jobs: list[dict[str, t.Any]] = [
        {"name": "daily_sales", "failed": 2, "succeeded": 3, "every": "1d"},
        {"name": "late", "instances": [{"plan_time": "-5h", "start_time": "-4h", "status": "fail"}]},
        {"name": "stopped", "instances": [{"plan_time": "-6h", "status": "manual-stop"}]},
        {
            "name": "often",
            "instances": [{"plan_time": f"-{15 * number + 1}m", "status": "success"} for number in range(100)],
        },
        {"name": "held", "instances": [{"plan_time": "-2h", "status": "waiting", "held": True}]},
        {
            "name": "many",
            "instances": [{"plan_time": f"-{hour}h", "status": "waiting", "runs": [{"status": "hang"}]} for hour in range(1, 8)],
        },
    ]
    user = {"name": USER_NAME, "password": USER_PASSWORD, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "role": role}
    workspaces = [{"id": WORKSPACE_ID, "name": "sales", "kind": 1, "jobs": jobs}]
    service.reset(small_night(workspaces=workspaces, users=[user], switches={"flow_control": False, **switches}))


def decided(service: Running, **changes: t.Any) -> dict[str, t.Any]:
    """Settings that the doctor finds."""
    result: Result = call("account_doctor", options(service, **changes))
    assert not result["failed"], result["msg"]
    assert all(assumption["evidence"] for assumption in result["assumptions"])
    return {assumption["name"]: assumption["setting"] for assumption in result["assumptions"] if assumption["decided"]}


def test_every_switch_has_an_entry() -> None:
    assert sorted(POINTS) == sorted(SWITCHES), "each switch of the emulator needs an entry in _planner/assumptions.py"


def same(setting: t.Any, actual: t.Any) -> bool:
    """Whether two settings are equal; seconds may differ by two."""
    if isinstance(actual, (int, float)) and not isinstance(actual, bool) and isinstance(setting, (int, float)):
        return abs(setting - actual) <= 2
    return type(setting) is type(actual) and setting == actual


@pytest.mark.parametrize(("name", "value"), APART)
def test_no_setting_is_named_wrong(emulated: Running, name: str, value: t.Any) -> None:
    begin(emulated, **{name: value})
    actual = emulated.state()["switches"]
    settings = decided(emulated, probe_retry=True, **BY_USER)
    assert {switch: setting for switch, setting in settings.items() if not same(setting, actual[switch])} == {}
    shown = (name, value) not in NOT_SHOWN and not (name == "today_zone_hours" and begun(emulated, value) < 120_000)
    if name in BY_READING | BY_PROBING | {"running_per_job", "status_words"} and shown:
        assert name in settings
    assert emulated.journal() == []


@pytest.mark.parametrize(("name", "value"), [setting for setting in SETTINGS if setting[0] in OF_CLOCKS])
def test_with_keys_a_clock_is_named_only_where_nothing_else_can_be_wrong(emulated: Running, name: str, value: t.Any) -> None:
    begin(emulated, **{name: value})
    actual = emulated.state()["switches"]
    settings = decided(emulated)
    assert {switch: setting for switch, setting in settings.items() if not same(setting, actual[switch])} == {}
    assert OF_CLOCKS & set(settings) == (set() if value in (90, 172800) else {"clock_skew_seconds", "date_offset_seconds"})


def begun(service: Running, zone: float) -> int:
    """Time since midnight in *zone*, ms."""
    return (service.now_ms() + int(zone * 3_600_000)) % DAY_MS


def old_enough(service: Running, zones: t.Sequence[float]) -> float:
    """One of *zones* that is well away from midnight."""
    return next(zone for zone in zones if DAY_MS / 4 < begun(service, zone) < DAY_MS * 3 / 4)


@pytest.mark.parametrize("zones", whole_plays([range(-11, 13), (5.5, -3.5, -9.5), (5.75, -3.5, -9.5), (-3.5, 9.5, 3.5), (3.5, -9.5, -3.5)]))
def test_whose_today_it_is(emulated: Running, zones: t.Sequence[float]) -> None:
    zone = old_enough(emulated, zones)
    begin(emulated, today_zone_hours=zone)
    assert decided(emulated)["today_zone_hours"] == zone
    assert "today_zone_hours" not in decided(emulated, api_version="v2") or decided(emulated, api_version="v2")["today_zone_hours"] == zone


@pytest.mark.long
def test_instances_an_hour_apart_name_no_zone_of_half_hours_wrong(emulated: Running) -> None:
    for zone in (*range(-11, 13), 3.5, 5.5, 5.75, -9.5):
        jobs = [{"name": "hourly", "instances": [{"plan_time": f"-{hour}h", "status": "success"} for hour in range(26)]}]
        emulated.reset(small_night(jobs=jobs, switches={"flow_control": False, "today_zone_hours": zone}))
        assert decided(emulated).get("today_zone_hours", zone) == zone


@pytest.mark.parametrize("total_of", SWITCHES["total_of"].settings)
@pytest.mark.parametrize("closed", [{}, {"v1_open": False}, {"v2_open": False}])
def test_what_a_total_counts_is_read_by_either_version(emulated: Running, total_of: str, closed: dict[str, t.Any]) -> None:
    begin(emulated, total_of=total_of, **closed)
    assert decided(emulated)["total_of"] == total_of


@pytest.mark.parametrize("instance_id", ["same", "new"])
@pytest.mark.parametrize("submit_time", ["same", "new"])
def test_an_instance_that_somebody_reran_is_told_by_its_siblings(emulated: Running, instance_id: str, submit_time: str) -> None:
    """By reading, if its submit time shows it; otherwise nothing proves a rerun."""
    jobs = [{"name": "daily", "instances": [{"plan_time": f"-{days}d", "status": "fail"} for days in (5, 4, 3, 2, 1)]}]
    emulated.reset(
        small_night(
            jobs=jobs,
            switches={"flow_control": False, "instance_id_after_rerun": instance_id, "submit_time_after_rerun": submit_time},
        )
    )
    assert restart(emulated, "daily", emulated.instances("daily")[2]["instance_id"]).status == 204
    emulated.advance(60)
    emulated.add("daily", {"plan_time": "-1s", "status": "success"}, workspace_id=WORKSPACE_ID)
    settings = decided(emulated)
    read = {name: setting for name, setting in settings.items() if name.endswith("_after_rerun")}
    if submit_time == "same":
        assert read == {}
    else:
        assert read == {"submit_time_after_rerun": "new", "instance_id_after_rerun": instance_id}


def test_what_needs_no_other_answer_is_asked_side_by_side(emulated: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest row of requests each of which began after the one before had ended is at most half of all."""
    spans: list[tuple[float, float]] = []
    send = Client.send

    def timed(client: Client, request: Request, **options: t.Any) -> Answer:
        began = time.monotonic()
        try:
            return send(client, request, **options)
        finally:
            spans.append((time.monotonic(), began))

    monkeypatch.setattr(Client, "send", timed)
    begin(emulated)
    assert len(decided(emulated, probe_retry=True, time_limit=60.0)) > 20
    row, last = 0, 0.0
    for ended, began in sorted(spans):
        if began >= last:
            row, last = row + 1, ended
    assert row <= len(spans) / 2
    assert len(spans) <= 40


def test_what_reading_decides(emulated: Running) -> None:
    begin(emulated, today_zone_hours=old_enough(emulated, (0, 8, -8)))
    settings = decided(emulated, **BY_USER)
    assert set(settings) == BY_READING | {"running_per_job"}
    assert set(decided(emulated, probe_retry=True, **BY_USER)) == BY_READING | BY_PROBING | {"running_per_job"}


@pytest.mark.parametrize("value", SWITCHES["no_permission_status"].settings)
@pytest.mark.parametrize("role", ["none", "viewer"])
def test_a_missing_right_shows_its_status(emulated: Running, role: str, value: int) -> None:
    begin(emulated, role, no_permission_status=value)
    assert decided(emulated, probe_retry=True)["no_permission_status"] == value


def test_an_empty_workspace_decides_nothing_wrong(emulated: Running) -> None:
    emulated.reset(small_night(jobs=[], switches={"flow_control": False}))
    actual = emulated.state()["switches"]
    assert {name: setting for name, setting in decided(emulated).items() if not same(setting, actual[name])} == {}


@pytest.mark.parametrize("name", ["instance_id_after_rerun", "submit_time_after_rerun"])
@pytest.mark.parametrize("value", ["same", "new"])
@pytest.mark.parametrize("api_version", whole_plays(["v1", "v2"]))
def test_what_was_rerun_decides_what_a_rerun_keeps(emulated: Running, tmp_path: Path, name: str, value: str, api_version: str) -> None:
    begin(emulated, **{name: value})
    journal = {"journal": str(tmp_path / "journal.db"), "api_version": api_version}
    jobs = {"jobs": ["daily_sales"], "planned_after": "-5d", "settle_time": 1}
    before = decided(emulated, **journal)
    rerun = call("job_rerun", options(emulated, **journal, **jobs))
    assert rerun["changed"], rerun["msg"]
    emulated.advance(60)
    after = decided(emulated, **journal)
    both = {"instance_id_after_rerun": "same", "submit_time_after_rerun": "same", name: value}
    assert not set(before) & set(both)
    assert {point: after.get(point) for point in both} == both


@pytest.mark.parametrize("value", [None, 1])
def test_a_throttled_request_shows_what_it_is_told_to_wait(emulated: Running, value: int | None) -> None:
    begin(emulated, retry_after=value)
    assert "retry_after" not in decided(emulated)
    fault = {"route": "jobs", "kind": "throttle", "times": 1} | ({} if value is None else {"retry_after": value})
    emulated.inject(fault)
    settings = decided(emulated)
    assert "retry_after" in settings
    assert settings["retry_after"] == value
