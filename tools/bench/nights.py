# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nights to measure: how many instances failed where, and the minimum time that any client needs to rerun them."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

DOMAIN, REGION, PROJECT_ID = "acme", "cn-north-4", "62099355b894428e8916573ae635f1f9"
USER, PASSWORD, ACCESS_KEY, SECRET_KEY = "bench", "Pa55-word-of-the-bench!", "AKBENCH0000000000001", "sk-of-the-bench-0123456789abcdef"
#: Latency of every answer, seconds.
LATENCY = 0.05
#: Duration of a run of an instance, seconds.
RUN = 0.05
#: Documented limits per user in requests per second [H-OV1][H-OV2], and the largest page [H-94].
V1_LIST, V2_RETRY, PAGE = 30, 10, 1000


@dataclass(frozen=True)
class Night:
    """State of an account before the measurement.

    :param workspaces: number of workspaces.
    :param jobs: jobs per workspace.
    :param failed: failed instances per job, planned within the last day.
    :param succeeded: successful instances per job, planned before the failed ones.
    """

    workspaces: int
    jobs: int
    failed: int
    succeeded: int = 0

    @property
    def instances(self) -> int:
        """Number of failed instances."""
        return self.workspaces * self.jobs * self.failed

    @property
    def listed(self) -> int:
        """Number of all instances, failed or not."""
        return self.workspaces * self.jobs * (self.failed + self.succeeded)

    @property
    def all_jobs(self) -> int:
        """Number of jobs in all workspaces. Each needs one POST."""
        return self.workspaces * self.jobs

    @property
    def pages(self) -> int:
        """Number of pages of the lists of all workspaces."""
        return self.workspaces * max(1, math.ceil(self.jobs * (self.failed + self.succeeded) / PAGE))

    @property
    def floor(self) -> float:
        """Minimum seconds for any client.

        Every page is read once before and once after, and each job needs a POST, all within the limits of one user (the requests of the
        first second may leave at once). Added to that are three round trips (for the first page, the last POST and the last page) and the
        last run.
        """
        posts = max(0, self.all_jobs - V2_RETRY) / V2_RETRY
        pages = max(0, self.pages - V1_LIST) / V1_LIST
        return pages + LATENCY + posts + LATENCY + RUN + pages + LATENCY

    def names(self) -> dict[str, list[str]]:
        """Workspace id to names of its jobs."""
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


#: Causes of failures. The placeholders differ from instance to instance.
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
    """A night whose failures have causes, one per job.

    :param more: number of jobs, the first ones, with one more failed instance.
    """

    more: int = 0

    @property
    def instances(self) -> int:
        """Number of failed instances."""
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
