# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of job_rerun as its action plugin returns them, for tests of the report: any number of instances with any standing."""

from __future__ import annotations

import functools
import io
import json
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import to_iso
from ansible_collections.dataarts.factory.plugins.plugin_utils._task import counts, passes

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"
SHAPE = Path(__file__).with_name("junit.xsd")
#: 2026-11-23T03:00:00Z, the since of these results.
SINCE = 1_795_402_800_000
HOUR = 3_600_000

#: Standing to action, status and whether the instance was rerun.
STANDINGS: dict[str, tuple[str, str, bool]] = {
    "succeeded": ("done", "success", True),
    "failed_again": ("failed_again", "fail", True),
    "rejected": ("rejected", "fail", False),
    "not_rerunnable": ("not_rerunnable", "fail", False),
    "blocked": ("blocked", "waiting-confirm", True),
    "unknown": ("unknown", "fail", False),
    "running": ("wait", "running", True),
    "waiting": ("wait", "waiting", True),
    "to_rerun": ("retry", "fail", False),
    "other": ("skipped", "pause", False),
    "skipped": ("skipped", "fail", False),
    "already_done": ("done", "success", False),
}


def instance(number: int, standing: str = "succeeded", **changes: t.Any) -> dict[str, t.Any]:
    """Instance *number* of a pass: planned at half-hour steps before :data:`SINCE`, failed after some minutes, rerun right after :data:`SINCE`."""
    action, status, rerun = STANDINGS[standing]
    planned = SINCE - HOUR - (number % 40) * HOUR // 2
    before = (planned + 5_000, planned + 65_000 + (number % 7) * 60_000)
    started = SINCE + 5_000 + (number % 30) * 2_000
    ended = None if standing in ("running", "waiting", "blocked") else started + 30_000 + (number % 11) * 9_000
    now = (started if standing != "waiting" else None, ended) if rerun else before
    times = {"plan_time": planned, "submit_time": planned - HOUR - number, "start_time": now[0], "end_time": now[1]}
    return {
        "workspace_id": "62fbba734e634c5087656fc3ff7adf34",
        "job_name": "daily_sales",
        "job_id": "917567",
        "instance_id": str(1_000_000 + number),
        "instance_name": None,
        "instance_type": "normal",
        "status": status,
        **times,
        **{f"{name}_iso": None if value is None else to_iso(value) for name, value in times.items()},
        "execute_time": 60_000,
        "version": 1,
        "force_success": False,
        "ignore_success": False,
        "error_message": None,
        "action": action,
        "standing": standing,
        "broken": standing in counts.MISSED,
        "adopted": False,
        "reason": f"{status}, last started {to_iso(now[0] or before[0])}",
        "status_before": "success" if standing == "already_done" else "fail",
        "start_time_before": before[0],
        "end_time_before": before[1],
        "sent_time": SINCE + 2_000 if rerun else None,
        "attempts": int(rerun),
        "request_id": f"8c3f0b7ab8f3e1f7{number:016x}" if rerun else None,
        "rerun": rerun,
        "history": [],
        **changes,
    }


def earlier(hours: int, **changes: t.Any) -> dict[str, t.Any]:
    """An attempt of another run, *hours* before :data:`SINCE`."""
    moment = SINCE - hours * HOUR
    who = {"run_id": "run-0", "user": "jane", "controller": "ctl-1", "purpose": "INC-4711"}
    return {"sent_time": moment, "sent_time_iso": to_iso(moment), "outcome": "accepted", **who, **changes}


def result(instances: t.Iterable[t.Mapping[str, t.Any]], *, check_mode: bool = False, **changes: t.Any) -> dict[str, t.Any]:
    """Result of a task whose last pass has *instances*. Counts and verdict are those of the task's own code.

    :param changes: keys of the result to replace.
    """
    listed = list(instances)
    passed = {
        "instances": listed,
        "statuses": ["fail"],
        "finished": True,
        "since": SINCE,
        "since_iso": to_iso(SINCE),
        "planned_after": SINCE - 24 * HOUR,
        "planned_before": SINCE,
        "plan_id": f"{len(listed)}-9f86d081884c-2c26b46b-mwsogyo0",
        "requests": {"GET": 3, "POST": 2},
        "changed": any(instance["rerun"] for instance in listed),
    }
    # an earlier pass that sent the reruns: otherwise they would count as somebody else's
    first_pass = {**passed, "instances": [{**instance, "action": "retry"} if instance["rerun"] else instance for instance in listed]}
    run = passes.Passes().after(first_pass).after(passed) if not check_mode else passes.Passes().after(passed)
    failed = any(counts.broken(run).values()) and not check_mode
    msg = "Failed to bring some instances to success." if failed else "All that was due was done."
    return {**counts.final_result(run, failed=failed, msg=msg, timed_out=False, elapsed=65.2), **changes}


@functools.cache
def _strict() -> tuple[t.Any, list[str]]:
    """Validator of the published schema that also refuses undescribed keys, except an instance's; and the names of the schema's counts."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    places = {"": schema, "run": schema["properties"]["run"], **schema["$defs"]}
    for name in ("", "run", "next_step", "workspace"):
        places[name]["additionalProperties"] = False
    return jsonschema.Draft202012Validator(schema), list(schema["$defs"]["counts"]["properties"])


def check_json(report: t.Any) -> None:
    """Check *report* against the published schema."""
    validator, counted = _strict()
    validator.validate(report)
    for workspace in report["workspaces"]:
        assert workspace["counts"] is None or list(workspace["counts"]) == counted


def check_junit(document: bytes) -> ET.Element:
    """Check a JUnit *document* against the common schema, and its sums against its cases. Returns its root."""
    import xmlschema  # here, because it takes a quarter of a second in every process that collects tests

    xmlschema.XMLSchema(str(SHAPE)).validate(io.BytesIO(document))
    root = ET.fromstring(document)
    for node in (root, *root.iter("testsuite")):
        cases = list(node.iter("testcase"))
        assert int(node.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(node.attrib[attribute]) == sum(1 for case in cases if case.find(tag) is not None)
    return root
