# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, for CI systems and other tools that show test results. Pure.

A workspace is a test suite; an instance that was not already done is a test case. The format is what the common schemas agree on.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from .._task.counts import STANDING_WORDS
from .causes import failure_words
from .history import history_words

Result = t.Mapping[str, t.Any]

#: Characters that XML 1.0 does not allow, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Result) -> bytes:
    """The XML document of *report* (see :func:`~.data.build_report`), UTF-8."""
    suites = [_suite(index, workspace, report) for index, workspace in enumerate(report["workspaces"])]
    cases = [case for suite in suites for case in suite.iter("testcase")]
    root = ET.Element("testsuites", {"name": "dataarts.factory.rerun", **_numbers(cases), "time": _seconds(report["elapsed"])})
    root.extend(suites)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _suite(index: int, workspace: Result, report: Result) -> ET.Element:
    cases = [_case(workspace["host"], instance, workspace) for instance in workspace["instances"] if instance["standing"] != "already_done"]
    if not workspace["succeeded"] and not any(case.find("failure") is not None for case in cases):
        # No instance shows why the workspace missed its goal, so the workspace becomes a case of its own.
        cases.insert(0, _whole(workspace))
    suite = ET.Element(
        "testsuite",
        {
            "name": _text(workspace["host"]),
            "id": str(index),
            "package": "dataarts.factory",
            "hostname": _text(str(report["run"].get("controller") or "localhost")),
            "timestamp": str(report["written_at_iso"])[:19],
            **_numbers(cases),
            "time": _seconds(workspace["elapsed"]),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("workspace_id", "since_iso", "plan_id", "purpose", "state"):
        ET.SubElement(properties, "property", {"name": name, "value": _text(str(workspace[name] or ""))})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = _text(workspace["msg"])
    ET.SubElement(suite, "system-err").text = _text("\n".join(workspace["problems"]))
    return suite


def _case(host: str, instance: Result, workspace: Result) -> ET.Element:
    name = f"{instance['job_name']} planned {instance['plan_time_iso']}"
    case = _new_case(f"{host}.{instance['job_name']}", name, (instance.get("execute_time") or 0) / 1000)
    where = str(instance["standing"])
    texts = (STANDING_WORDS.get(where, where), instance.get("reason"), failure_words(instance), history_words(instance))
    said = [str(text) for text in texts if text]
    if instance.get("broken") or (where in ("running", "waiting") and not workspace["succeeded"]):
        _outcome(case, "failure", where, said)
    elif where != "succeeded":
        ET.SubElement(case, "skipped", {"message": _text(": ".join(said))})
    return case


def _whole(workspace: Result) -> ET.Element:
    case = _new_case(str(workspace["host"]), "workspace", float(workspace["elapsed"]))
    _outcome(case, "error", str(workspace["state"]), [str(workspace["msg"])])
    return case


def _new_case(class_name: str, name: str, seconds: float) -> ET.Element:
    return ET.Element("testcase", {"classname": _text(class_name), "name": _text(name), "time": _seconds(seconds)})


def _outcome(case: ET.Element, tag: str, kind: str, said: t.Sequence[str]) -> None:
    ET.SubElement(case, tag, {"type": kind, "message": _text(": ".join(said))}).text = _text("\n".join(said))


def _numbers(cases: t.Sequence[ET.Element]) -> dict[str, str]:
    ended = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": str(len(cases)), **{name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in ended.items()}}


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _text(value: str) -> str:
    return _ILLEGAL.sub("\ufffd", value)
