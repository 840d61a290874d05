# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nights that are measured: how much failed, where, and the least that any client needs for it."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

DOMAIN, REGION, PROJECT_ID = "acme", "cn-north-4", "62099355b894428e8916573ae635f1f9"
USER, PASSWORD, ACCESS_KEY, SECRET_KEY = "bench", "Pa55-word-of-the-bench!", "AKBENCH0000000000001", "sk-of-the-bench-0123456789abcdef"
#: Seconds that every answer of the service takes.
LATENCY = 0.05
#: Seconds that a run of an instance takes.
RUN = 0.05
#: Documented limits of one user, requests a second [H-OV1][H-OV2], and the most entries of one page [H-94].
V1_LIST, V2_RETRY, PAGE = 30, 10, 1000


@dataclass(frozen=True)
class Night:
    """What happened before the measurement.

    :param workspaces: of one account.
    :param jobs: of each workspace.
    :param failed: failed instances of each job, planned over the last day.
    :param succeeded: instances of each job that succeeded before them.
    """

    workspaces: int
    jobs: int
    failed: int
    succeeded: int = 0

    @property
    def instances(self) -> int:
        """How many failed in all."""
        return self.workspaces * self.jobs * self.failed

    @property
    def listed(self) -> int:
        """How many there are in all, failed or not."""
        return self.workspaces * self.jobs * (self.failed + self.succeeded)

    @property
    def all_jobs(self) -> int:
        """Jobs over all workspaces, each of which takes one POST."""
        return self.workspaces * self.jobs

    @property
    def pages(self) -> int:
        """Pages of the lists of all workspaces."""
        return self.workspaces * max(1, math.ceil(self.jobs * (self.failed + self.succeeded) / PAGE))

    @property
    def floor(self) -> float:
        """Seconds that no client can go below: every page read once before and once after, a POST per job, each of them under the limit
        of one user (of which the first second's may leave at once), one round trip for the first page, the last POST and the last page,
        and the last run."""
        posts = max(0, self.all_jobs - V2_RETRY) / V2_RETRY
        pages = max(0, self.pages - V1_LIST) / V1_LIST
        return pages + LATENCY + posts + LATENCY + RUN + pages + LATENCY

    def names(self) -> dict[str, list[str]]:
        """Ids of workspaces and the names of their jobs."""
        return {f"{number:032x}": [f"job_{number:03}_{job:03}" for job in range(self.jobs)] for number in range(1, self.workspaces + 1)}

    def scenario(self) -> dict[str, t.Any]:
        """The night as the emulator reads it."""
        spacing = 86_000 // max(1, self.failed + self.succeeded + 1)
        counts = {"failed": self.failed, "succeeded": self.succeeded, "every": max(1, spacing)}
        return {
            "speed": 60,
            "run_seconds": RUN * 60,
            "faults": [{"route": "*", "kind": "latency", "rate": 1.0, "seconds": LATENCY}],
            "accounts": [
                {
                    "domain": DOMAIN,
                    "region": REGION,
                    "project_id": PROJECT_ID,
                    "users": [{"name": USER, "password": PASSWORD, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}],
                    "workspaces": [
                        {"id": workspace, "name": f"workspace_{number}", "jobs": [{"name": name, **counts} for name in jobs]}
                        for number, (workspace, jobs) in enumerate(self.names().items(), 1)
                    ],
                }
            ],
        }


#: Why instances failed, each in another node; what stands for an id, a number or a time differs from one to the next.
CAUSES = {
    "no_table": {"error": "Table 'ods.orders_{number}' not found", "node": 0, "retries": 2},
    "no_right": {"error": "OBS: no permission for obs://bucket/{id}", "node": 1},
    "timeout": {"error": "timed out after {number} seconds", "node": 0},
    "memory": {"error": "Container {id} ended with exit code 137", "node": 0},
    "locked": {"error": "Lock wait timeout exceeded [ErrorCode: 1205] at {time}", "node": 1},
    "refused": {"error": "Connection to 10.0.0.{number}:8000 refused", "node": 0},
    "quality": {"error": "quality rule 'r{number}' of job {job} is violated", "node": 2},
}
NODES = [{"name": "read", "type": "DLISQL"}, {"name": "load", "type": "OBSManager"}, {"name": "check", "type": "Shell"}]


@dataclass(frozen=True)
class NightOfCauses(Night):
    """A night whose failures have causes, each job one of them.

    :param more: instances that failed in addition, in the first jobs.
    """

    more: int = 0

    @property
    def instances(self) -> int:
        """How many failed in all."""
        return super().instances + self.more

    def scenario(self) -> dict[str, t.Any]:
        """The night as the emulator reads it."""
        scenario = super().scenario()
        jobs = [job for workspace in scenario["accounts"][0]["workspaces"] for job in workspace["jobs"]]
        for number, job in enumerate(jobs):
            job.update(nodes=NODES, cause=list(CAUSES)[number % len(CAUSES)], failed=self.failed + (number < self.more))
        return {**scenario, "causes": CAUSES}


#: 400 failures with 7 causes in 12 workspaces.
REASONS = NightOfCauses(12, 3, 11, more=4)
