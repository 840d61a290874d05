# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a process of its own, and its control address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import emulator
from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V2, Reply, listed, request, retry, retry_body, send
from tests.support.scenarios import small_night

ROOT = Path(emulator.__file__).parent.parent


class Process(t.NamedTuple):
    """An emulator process and the addresses that it printed."""

    popen: subprocess.Popen[str]
    addresses: dict[str, t.Any]


@contextmanager
def started(*options: str) -> Iterator[Process]:
    """Run ``python -m emulator`` until the block ends."""
    command = [sys.executable, "-m", "emulator", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as popen:
        try:
            assert popen.stdout is not None
            yield Process(popen, json.loads(popen.stdout.readline()))
        finally:
            popen.kill()


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """The small night in a YAML file."""
    path = tmp_path / "scenario.yml"
    path.write_text(yaml.safe_dump(small_night()), encoding="utf-8")
    return path


def control(base: str, what: str, data: t.Any = None) -> Reply:
    """Send GET, or POST with *data* as JSON, to path *what* of the control address."""
    return send(base, "GET" if data is None else "POST", f"/{what}", b"" if data is None else json.dumps(data).encode())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_exit_code_0_when_told_to_stop(scenario: Path, number: signal.Signals) -> None:
    with started("--scenario", str(scenario), "--port", "0") as process:
        assert set(process.addresses) == {"endpoint", "endpoint_v1", "iam_endpoint", "obs_endpoint", "control", "pid"}
        assert process.addresses["pid"] == process.popen.pid
        assert len(set(process.addresses.values())) == 6
        assert control(process.addresses["control"], "journal").data == []
        process.popen.send_signal(number)
        assert process.popen.wait(timeout=60) == 0
        assert process.popen.stdout is not None
        assert process.popen.stdout.read() == ""


def test_the_journal_file_survives_a_kill(scenario: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with started("--scenario", str(scenario), "--journal", str(path)) as process:
        base = process.addresses["endpoint"]
        now = json.loads(control(process.addresses["control"], "state").body)["now"]
        query = {"min_plan_time": now - 86_400_000, "limit": 100}
        entries = request(base, "GET", f"{JOBS_V2}/daily_sales/instances/detail", query=query).data["instances"]
        reply = request(base, "POST", f"{JOBS_V2}/daily_sales/instances/retry", body=retry_body(entries[:2]))
        assert reply.status == 200
        process.popen.kill()
        process.popen.wait(timeout=60)
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["request_id"] == reply.headers["X-Request-Id"]


def test_a_scenario_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    path.write_text("accounts: [{domain: a, colour: red}]\n", encoding="utf-8")
    for scenario in (path, tmp_path / "missing.yml"):
        done = subprocess.run(
            [sys.executable, "-m", "emulator", "--scenario", str(scenario)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert str(scenario) in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["taken", "70000"])
def test_a_port_that_cannot_be_had_is_said(service: Running, port: str) -> None:
    port = str(urlsplit(service.endpoint).port) if port == "taken" else port
    done = subprocess.run([sys.executable, "-m", "emulator", "--port", port], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"cannot listen on port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_control_address_offers_what_the_handle_offers(service: Running) -> None:
    retry(service, "daily_sales", retry_body(listed(service).data["instances"]))
    assert control(service.control, "journal").data == service.journal()
    assert control(service.control, "requests").data == service.requests()
    assert control(service.control, "switches").data == service.state()["switches"]
    assert control(service.control, "state").data["workspaces"].keys() == service.state()["workspaces"].keys()
    before = service.now_ms()
    assert control(service.control, "advance", {"seconds": 1000}).data["now"] >= before + 1_000_000
    control(service.control, "switches", {"list_order": "oldest"})
    assert service.state()["switches"]["list_order"] == "oldest"
    control(service.control, "faults", {"route": "list", "kind": "throttle", "times": 2})
    assert listed(service).status == 429
    control(service.control, "faults", {"clear": True})
    assert listed(service).status == 200
    control(service.control, "reset", {})
    assert service.journal() == []


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("nothing", None),
        ("nothing", {}),
        ("switches", {"colour": 1}),
        ("faults", {"kind": "magic"}),
        ("advance", {}),
        ("confirm", {"instance_id": 1}),
    ],
)
def test_mistakes_at_the_control_address_are_answered(service: Running, what: str, data: t.Any) -> None:
    reply = control(service.control, what, data)
    assert reply.status == 400
    assert reply.data["error"]
