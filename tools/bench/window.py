# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a module with a large window."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

from tools.bench.contenders import place_for_one
from tools.bench.measure import ROOT, Cost, environment, journal_option, run
from tools.bench.nights import ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, Night
from tools.bench.service import Seen, emulated

STARTER = ROOT / "tests" / "support" / "module_process.py"


def by_module(name: str, night: Night, checkout: Path = ROOT, **options: t.Any) -> tuple[Cost, Seen]:
    """Run module *name* of *checkout* in the process that Ansible would start, on the single workspace of *night*."""
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
            **({journal_option(checkout): str(place / "state")} if name == "job_rerun" else {}),
            **options,
        }
        arguments = {"_ansible_check_mode": False, "_ansible_diff": False, "_ansible_module_name": f"dataarts.factory.{name}"}
        stdin = json.dumps({"ANSIBLE_MODULE_ARGS": {**given, **arguments}}).encode()
        variables = environment(place, checkout)
        variables["PYTHONPATH"] = variables["ANSIBLE_COLLECTIONS_PATH"]
        cost = run([sys.executable, str(STARTER), name], variables, place / "log", stdin)
        return cost, service.seen()
