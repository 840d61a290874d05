# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report for the steps of a night (plan, rerun, recheck), each of which is a separate job. Pure.

A step passes its report on as one text, which an AWX job keeps as an artifact, and the next step adds itself. The recheck thus keeps the report of
the rerun, although it usually finds nothing left to do. The text is compressed base64, so that it cannot be a template, or a number or date in YAML.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import typing as t
import zlib

from ...module_utils._common.times import to_iso
from .data import Report

#: Longest text that a step passes on, characters; AWX keeps a copy for each following step.
HANDED_ON = 65_536
#: Largest size of such a text when it is decompressed, bytes.
_READ = 32 * 1024 * 1024
#: Number of steps that a report lists, the last ones.
_STEPS = 12
#: Longest text of a step's closing lines in the report, characters.
_LINES = 4000
#: Numbers of instances to keep per workspace, tried in turn until the text is short enough; instances that need a person come first.
_KEPT = (100_000, 1000, 300, 100, 30, 10, 0)


class Night(t.NamedTuple):
    """A night so far.

    :param name: name of its report, the same in all steps, of letters, digits and dashes.
    :param steps: one mapping per step, with ``step``, ``written_at`` (epoch ms), ``headline``, ``succeeded`` and ``text``.
    :param report: of the rerun if there was one, otherwise of the last step.
    """

    name: str
    steps: list[dict[str, t.Any]]
    report: Report


def joined(report: Report, lines: t.Sequence[str], passed: t.Any) -> Night:
    """The night with *report* as its next step.

    :param lines: the step's closing lines.
    :param passed: text of the previous step, see :func:`handed_on`; anything else begins a new night.
    """
    before = read(passed)
    kind = "rerun" if not report["check_mode"] else "recheck" if before else "plan"
    text = "\n".join(lines)
    step = {
        "step": kind,
        "written_at": report["written_at"],
        "headline": report["headline"],
        "succeeded": report["succeeded"],
        "text": text if len(text) <= _LINES else text[: _LINES - 1] + "…",
    }
    steps = [*(before.steps if before else []), step][-_STEPS:]
    name = before.name if before else _name(report)
    if before is None or kind != "recheck" or before.report["check_mode"]:
        return Night(name, steps, _of_steps(report, steps))
    return Night(name, steps, _of_steps({**before.report, **_rechecked(before.report, report)}, steps))


def handed_on(night: Night) -> str:
    """*night* as a text of at most :data:`HANDED_ON` characters, without the instances that do not fit; "" if it never fits."""
    text = ""
    for most in _KEPT:
        report = {**night.report, "workspaces": [_shortened(workspace, most) for workspace in night.report["workspaces"]]}
        packed = json.dumps({"name": night.name, "steps": night.steps, "report": report}, separators=(",", ":")).encode()
        text = base64.b64encode(zlib.compress(packed, 9)).decode()
        if len(text) <= HANDED_ON:
            return text
    return ""


def read(text: t.Any) -> Night | None:
    """The night in *text*; None if it is anything else."""
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(str(text).encode(), validate=True), _READ)
        night = json.loads(packed)
        report, steps = night["report"], list(night["steps"])
        known = isinstance(report["workspaces"], list) and isinstance(report["check_mode"], bool) and report["headline"] is not None
        usable = known and all(isinstance(step["written_at"], int) and step["text"] is not None for step in steps)
        return Night(_plain(str(night["name"])), steps, report) if usable else None
    except (ValueError, KeyError, TypeError, zlib.error, binascii.Error, RecursionError):
        return None


def _of_steps(report: Report, steps: list[dict[str, t.Any]]) -> Report:
    """*report* with its steps, if there are several; the report of a single run has no steps."""
    return {**report, "steps": steps} if len(steps) > 1 else report


def _rechecked(rerun: Report, recheck: Report) -> Report:
    """What a recheck changes in the report of the *rerun*; {} if nothing is left to do."""
    left = [name for name in ("to_rerun", "running", "waiting", "broken") if recheck["totals"].get(name)]
    lost = any(workspace["state"] == "no_result" for workspace in recheck["workspaces"])
    if not left and not lost:
        return {}
    return {"headline": f"{rerun['headline']}; recheck: {recheck['headline']}", "succeeded": False}


def _shortened(workspace: Report, most: int) -> Report:
    left = len(workspace["instances"]) - most
    if left <= 0:
        return workspace
    said = f"{left:,} more instances were in the report of the rerun step, which the recheck replaced."
    return {**workspace, "instances": workspace["instances"][:most], "problems": [*workspace["problems"], said]}


def _name(report: Report) -> str:
    """Name from the earliest ``since`` and the workspaces: it differs between accounts and nights, but not between runs with the same ``since``."""
    since = min((workspace["since"] for workspace in report["workspaces"] if workspace.get("since")), default=report["written_at"])
    about = json.dumps(sorted([str(workspace["host"]), str(workspace["workspace_id"])] for workspace in report["workspaces"]))
    return _plain(f"rerun-{to_iso(since)}-{hashlib.sha256(about.encode()).hexdigest()[:8]}")


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter == "-"))[:100]
