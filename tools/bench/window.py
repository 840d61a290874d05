# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module over a large window: memory and time by the number of instances in it."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

from tools.bench.contenders import place_for_one
from tools.bench.measure import TREE, Cost, environment, run
from tools.bench.nights import ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, Night
from tools.bench.service import Seen, emulated

STARTER = Path(__file__).resolve().parents[2] / "tests" / "support" / "module_process.py"


def by_module(name: str, night: Night, **options: t.Any) -> tuple[Cost, Seen]:
    """The module *name* as the process that Ansible starts, on the one workspace of *night*."""
    (workspace,) = night.names()
    with place_for_one() as place, emulated(night, place) as service:
        given = {
            "endpoint": service.endpoint,
            "endpoint_v1": service.endpoint_v1,
            "region": REGION,
            "project_id": PROJECT_ID,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "workspace_id": workspace,
            **options,
        }
        if name == "job_rerun":
            given["journal"] = str(place / "state")
        arguments = {"_ansible_check_mode": False, "_ansible_diff": False, "_ansible_module_name": f"dataarts.factory.{name}"}
        stdin = json.dumps({"ANSIBLE_MODULE_ARGS": {**given, **arguments}}).encode()
        variables = {**environment(place), "PYTHONPATH": str(TREE)}
        cost = run([sys.executable, str(STARTER), name], variables, place / "log", stdin)
        return cost, service.seen()
