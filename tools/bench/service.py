# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the emulator in a separate process, and read what it received."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import typing as t
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.bench.nights import DOMAIN, PASSWORD, PROJECT_ID, USER, Night

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seen:
    """Requests and reruns that the service received.

    :param first_ms: epoch ms of the first request, or None.
    :param routes: number of requests by route.
    :param throttled: number of requests that were answered with 429.
    :param rerun: number of reruns of an instance to the number of instances with so many.
    :param pace: reruns per second between the first and the last one, or None if there were fewer than two.
    """

    first_ms: int | None
    routes: Counter[str]
    throttled: int
    rerun: Counter[int]
    pace: float | None

    @property
    def requests(self) -> int:
        """Number of all requests."""
        return sum(self.routes.values())


class Service:
    """A running emulator."""

    def __init__(self, addresses: dict[str, t.Any]) -> None:
        self.endpoint: str = addresses["endpoint"]
        self.endpoint_v1: str = addresses["endpoint_v1"]
        self.iam_endpoint: str = addresses["iam_endpoint"]
        self._control: str = addresses["control"]

    def seen(self) -> Seen:
        """What it has received since it started."""
        requests, journal = self._read("requests"), self._read("journal")
        times = Counter(
            (instance["workspace_id"], instance["job_name"], instance["plan_time"]) for entry in journal for instance in entry["instances"]
        )
        return Seen(
            min((request["time"] for request in requests), default=None),
            Counter(str(request["route"]) for request in requests),
            sum(1 for request in requests if request["status"] == 429),
            Counter(times.values()),
            _pace([entry["time"] for entry in journal for _instance in entry["instances"]]),
        )

    def token(self) -> str:
        """A token of the account's user."""
        user = {"name": USER, "password": PASSWORD, "domain": {"name": DOMAIN}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": {"id": PROJECT_ID}}}}
        request = urllib.request.Request(
            f"{self.iam_endpoint}/v3/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with _opener().open(request, timeout=120) as answer:
            return str(answer.headers["X-Subject-Token"])

    def _read(self, what: str) -> t.Any:
        with _opener().open(f"{self._control}/{what}", timeout=120) as answer:
            return json.load(answer)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _pace(times: list[int]) -> float | None:
    return None if len(times) < 2 or times[-1] == times[0] else (len(times) - 1) * 1000 / (times[-1] - times[0])


@contextlib.contextmanager
def emulated(night: Night, place: Path) -> t.Iterator[Service]:
    """Run the emulator with *night* while the block runs. Its files are below *place*."""
    scenario = place / "scenario.yml"
    scenario.write_text(json.dumps(night.scenario()), encoding="utf-8")
    command = [sys.executable, "-m", "emulator", "--scenario", str(scenario)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("{"):
            raise SystemExit("The emulator did not start.")
        yield Service(json.loads(line))
    finally:
        process.terminate()
        process.wait(timeout=60)
