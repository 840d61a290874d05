# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Call modules with a hostile service in a process whose memory is measured: ``hostile_child.py BASE SEED CALLS DIRECTORY``.

Prints a JSON line with the result of each call, and a last one with the peak memory of the process.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import PURPOSES
from tests.support.logic import call

#: Read timeout in seconds.
READ_TIMEOUT = 0.4


def drawn(rng: random.Random, number: int, base: str, directory: str) -> tuple[str, dict[str, t.Any]]:
    """A random module with options."""
    asking = [module for module in PURPOSES if module != "rerun_history_info"]  # which only reads the journal
    name = rng.choice(("job_rerun", "job_rerun", "job_rerun", "job_rerun", *asking))
    options: dict[str, t.Any] = {
        **dict.fromkeys(("endpoint", "endpoint_v1", "iam_endpoint"), base),
        "region": "cn-north-4",
        "project_id": "62099355b894428e8916573ae635f1f9",
        "access_key": "AKHOSTILE00000000001",
        "secret_key": "hostile-secret-key-0123456789abcdef",
        "read_timeout": READ_TIMEOUT,
        "max_retries": rng.choice((0, 1)),
    }
    journal = {"journal": f"{directory}/{number}"}
    state = {**journal, "settle_time": 0}
    if name != "workspace_info":
        options |= {"workspace_id": "62fbba734e634c5087656fc3ff7adf34", "api_version": rng.choice(("auto", "v1", "v2"))}
    extra: dict[str, dict[str, t.Any]] = {
        "job_rerun": {**state, "jobs": rng.choice((["*"], ["daily_sales"], ["daily*", "a b"])), "wait": False},
        "job_instance_info": {"jobs": rng.choice((["*"], ["daily_sales"]))},
        "job_info": {"detail": rng.random() < 0.3},
        "job_dependency_info": rng.choice(({"job_name": "daily_sales"}, {"instance_id": "500001"})),
        "job_instance_retry": {
            **state,
            "job_name": "daily_sales",
            "task_retrys": [{"job_id": 917567, "plan_time": "1795473351000", "submit_time": "1732239754684"}],
        },
        "job_instance_stop": {
            **journal,
            "job_name": "daily_sales",
            "instance_ids": ["500001"],
            "wait": rng.random() < 0.3,
            "wait_timeout": 1,
        },
        "job_run": {**journal, "job_name": "daily_sales", "run_key": f"key {number}", "wait": rng.random() < 0.3, "wait_timeout": 1},
        "job_schedule": {**journal, "jobs": ["daily*"], "state": rng.choice(("started", "stopped", "paused", "resumed"))},
        "supplement_data": {
            **state,
            "name": f"week_{number}",
            "job_name": "daily_sales",
            "start_date": "2026-11-01 +08:00",
            "end_date": "2026-11-03 +08:00",
            "wait": rng.random() < 0.3,
            "wait_timeout": 1,
            "poll_interval": 1,
        },
    }
    return name, {**options, **extra.get(name, {})}


def most_memory() -> int:
    """Peak memory of this process in kilobytes. (getrusage would include that of the parent before exec.)"""
    peak = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.M)
    if peak is None:
        raise RuntimeError("the system does not tell how much memory was used")
    return int(peak[1])


def main() -> None:
    """Make the calls."""
    base, seed, calls, directory = sys.argv[1:]
    rng = random.Random(f"calls {seed}")
    for number in range(int(calls)):
        name, options = drawn(rng, number, base, directory)
        begun = time.monotonic()
        result = call(name, options, check=rng.random() < 0.2, diff=rng.random() < 0.5)
        print(json.dumps({"module": name, "seconds": time.monotonic() - begun, "result": result}), flush=True)
    print(json.dumps({"kilobytes": most_memory()}))


if __name__ == "__main__":
    main()
