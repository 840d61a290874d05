# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways of rerunning that are compared, each with a new emulator and the same failures."""

from __future__ import annotations

import json
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tools.bench.measure import BIN, ROOT, Cost, environment, inventory, journal_option, run
from tools.bench.nights import ACCESS_KEY, DOMAIN, PASSWORD, PROJECT_ID, REGION, SECRET_KEY, USER, Night
from tools.bench.service import Seen, Service, emulated

HERE = Path(__file__).resolve().parent
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Measured:
    """Result of one way for one night.

    :param part: instances that it reran; fewer than the night has if it was stopped.
    :param wall: seconds for the whole night; if it was stopped, the rest is extrapolated from the pace of its reruns.
    """

    night: Night
    cost: Cost
    seen: Seen
    part: int
    wall: float

    @property
    def whole(self) -> bool:
        """Whether all of it was measured."""
        return self.part == self.night.instances

    @property
    def start(self) -> float:
        """Seconds from the start of the command to the first request."""
        return max(0.0, ((self.seen.first_ms or self.cost.began_ms) - self.cost.began_ms) / 1000)


def _measured(night: Night, cost: Cost, seen: Seen) -> Measured:
    part = sum(seen.rerun.values())
    if set(seen.rerun) - {1}:
        raise SystemExit(f"Instances were rerun more than once: {dict(seen.rerun)}")
    rest = night.instances - part
    if rest and not seen.pace:
        raise SystemExit("Too little was rerun to tell its pace.")
    return Measured(night, cost, seen, part, cost.wall + (rest / seen.pace if seen.pace else 0))


def by_sdk(night: Night, most: int) -> Measured:
    """Rerun with the official SDK, instance by instance; at most *most* instances."""
    with place_for_one() as place, emulated(night, place) as service:
        jobs = [f"{workspace}:{job}" for workspace, names in night.names().items() for job in names]
        command = [sys.executable, "-m", "tools.bench.sdk_way", service.endpoint, str(most), *jobs]
        return _measured(night, run(command, environment(place), place / "log"), service.seen())


def by_uri(night: Night, most: int) -> Measured:
    """Rerun with a playbook of uri tasks, instance by instance; at most *most* instances, the same number in each workspace."""
    with place_for_one() as place, emulated(night, place) as service:
        hosts = {name: {"workspace_id": workspace, "jobs": jobs} for name, workspace, jobs in _hosts(night)}
        variables = {**_plain(service), "most": max(1, most // night.workspaces)}
        return _measured(night, _play(place, HERE / "uri_way.yml", hosts, variables, night.workspaces), service.seen())


def by_collection(night: Night, forks: int | None = None, checkout: Path = ROOT, **options: t.Any) -> Measured:
    """Rerun with playbook rerun of the collection in *checkout*.

    :param forks: None for one per workspace.
    :param options: further variables, without the prefix ``dataarts_``.
    """
    return _measured(night, *_collection(night, forks, checkout, options))


def plan_by_collection(night: Night, **options: t.Any) -> Cost:
    """Cost of playbook rerun in check mode."""
    return _collection(night, None, ROOT, options, "--check")[0]


def _collection(night: Night, forks: int | None, checkout: Path, options: t.Mapping[str, t.Any], *words: str) -> tuple[Cost, Seen]:
    with place_for_one() as place, emulated(night, place) as service:
        hosts = {name: {"dataarts_workspace_id": workspace} for name, workspace, _jobs in _hosts(night)}
        variables = {
            "dataarts_endpoint": service.endpoint,
            "dataarts_endpoint_v1": service.endpoint_v1,
            "dataarts_iam_endpoint": service.iam_endpoint,
            "dataarts_region": REGION,
            "dataarts_project_id": PROJECT_ID,
            "dataarts_access_key": ACCESS_KEY,
            "dataarts_secret_key": SECRET_KEY,
            f"dataarts_{journal_option(checkout)}": str(place / "state"),
            "dataarts_poll_interval": 1,
            **{f"dataarts_{name}": value for name, value in options.items()},
        }
        cost = _play(place, "dataarts.factory.rerun", hosts, variables, forks or night.workspaces, *words, checkout=checkout)
        return cost, service.seen()


def one_get(night: Night, forks: int) -> Measured:
    """Read the list of each workspace with one uri task."""
    with place_for_one() as place, emulated(night, place) as service:
        hosts = {name: {"workspace_id": workspace} for name, workspace, _jobs in _hosts(night)}
        variables = {**_plain(service), "token": service.token()}
        return _measured(night, _play(place, HERE / "uri_get.yml", hosts, variables, forks), service.seen())


def _play(
    place: Path, playbook: Path | str, hosts: dict[str, t.Any], variables: dict[str, t.Any], forks: int, *words: str, checkout: Path = ROOT
) -> Cost:
    file = place / "hosts.yml"
    file.write_text(json.dumps(inventory(hosts, variables)), encoding="utf-8")
    command = [str(BIN / "ansible-playbook"), str(playbook), "-i", str(file), "--forks", str(forks), *words]
    return run(command, environment(place, checkout), place / "log")


def _plain(service: Service) -> dict[str, t.Any]:
    now = int(time.time() * 1000)
    return {
        "endpoint": service.endpoint,
        "endpoint_v1": service.endpoint_v1,
        "iam_endpoint": service.iam_endpoint,
        "project_id": PROJECT_ID,
        "user_name": USER,
        "user_password": PASSWORD,
        "domain_name": DOMAIN,
        "begin": now - DAY_MS,
        "end": now,
    }


def _hosts(night: Night) -> list[tuple[str, str, list[str]]]:
    return [(f"workspace{number:02}", workspace, jobs) for number, (workspace, jobs) in enumerate(night.names().items(), 1)]


class place_for_one:  # noqa: N801 - used as a function
    """Context manager of a temporary folder for one measurement."""

    def __enter__(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def __exit__(self, *details: object) -> None:
        self._folder.cleanup()
