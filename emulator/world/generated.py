# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated parts of scenarios: ids that are the same in every run, and series of instances."""

from __future__ import annotations

import hashlib
import typing as t

from emulator.world.times import moment_of, seconds_of


def stable_hex(*parts: str) -> str:
    """32 hexadecimal digits derived from *parts*, for ids that the scenario leaves out."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def instance_shorthands(job: dict[str, t.Any], now_ms: int) -> list[dict[str, t.Any]]:
    """Descriptions of a job's instances: those under ``instances``, then the generated ones of ``failed: n`` and ``succeeded: n``.

    Generated instances are ``every`` (default 1h) apart and go back in time from ``first`` (default: one step before now). The failed ones are the
    newest.
    """
    listed = [_inherit(instance, job) for instance in job.get("instances", [])]
    step = int(seconds_of(job.get("every", "1h")) * 1000)
    newest = moment_of(job["first"], now_ms) if "first" in job else now_ms - step
    newest -= newest % min(step, 60_000)
    made: list[dict[str, t.Any]] = []
    for status, count in (("fail", job.get("failed", 0)), ("success", job.get("succeeded", 0))):
        for _number in range(count):
            made.append(_inherit({"plan_time": newest - len(made) * step, "status": status}, job))
    return listed + made


def _inherit(instance: dict[str, t.Any], job: dict[str, t.Any]) -> dict[str, t.Any]:
    return {**{name: job[name] for name in ("runs", "type", "error", "cause") if name in job}, **instance}
