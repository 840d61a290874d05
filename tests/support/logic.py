# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Call the logic of modules in the test process, over real HTTP, with options validated as AnsibleModule does."""

from __future__ import annotations

import importlib
import time
import typing as t
from collections.abc import Mapping, Sequence

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES
from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import PURPOSES, ModuleRun, run_logic

#: Longest time for :func:`passes`, seconds. A machine under load must not fail a test.
PATIENCE = 90.0

Result = dict[str, t.Any]


def call(name: str, options: Mapping[str, t.Any], *, check: bool = False, diff: bool = False) -> Result:
    """Result of module *name*, always with ``failed`` and, unless its options are invalid, ``warnings``.

    Options that AnsibleModule would refuse are a failure of kind ``specification``.
    """
    checked = ArgumentSpecValidator(MODULES[name]()).validate(dict(options))
    if checked.error_messages:
        return {"failed": True, "msg": "; ".join(checked.error_messages), "error": {"kind": "specification"}, "changed": False}
    run = ModuleRun(checked.validated_parameters, check_mode=check, diff_mode=diff)
    file, function = PURPOSES[name][2].split(".")
    module = importlib.import_module(f"ansible_collections.dataarts.factory.plugins.module_utils._runner.{file}")
    run_logic(run, getattr(module, function), "call", name)
    return {"failed": False, **run.result, "warnings": run.warnings}


def passes(options: Mapping[str, t.Any], *, between: t.Callable[[Result], object] = lambda result: None) -> list[Result]:
    """Make passes of job_rerun, as the action plugin does, until one is finished or fails as a whole. Returns their results.

    :param between: called after each pass except the last, for example to advance the service's clock.
    """
    results: list[Result] = []
    deadline = time.monotonic() + PATIENCE
    given = dict(options)
    while True:
        result = call("job_rerun", given)
        results.append(result)
        if result.get("finished") or (result["failed"] and result["error"]["kind"] != "incomplete"):
            return results
        if time.monotonic() > deadline:
            raise AssertionError(f"not finished after {len(results)} passes: {result}")
        given |= {name: str(result[name]) for name in ("since", "planned_after", "planned_before")}
        if "pass_state" in result:
            given["pass_state"] = result["pass_state"]
        between(result)
        time.sleep(0.05)


def reruns(journal: Sequence[Mapping[str, t.Any]]) -> dict[tuple[str, int], int]:
    """Number of accepted reruns by (job name, plan time)."""
    counts: dict[tuple[str, int], int] = {}
    for entry in journal:
        for instance in entry["instances"]:
            key = (instance["job_name"], instance["plan_time"])
            counts[key] = counts.get(key, 0) + 1
    return counts


def by_action(result: Result) -> dict[str, list[tuple[str, int]]]:
    """Instances of a result by action: action to sorted (job name, plan time)."""
    by_action: dict[str, list[tuple[str, int]]] = {}
    for instance in result["instances"]:
        by_action.setdefault(instance["action"], []).append((instance["job_name"], instance["plan_time"]))
    return {action: sorted(names) for action, names in by_action.items()}
