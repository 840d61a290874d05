# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and durations of scenarios."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"^(-?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$")


def seconds_of(value: t.Any) -> float:
    """Parse a duration into seconds: a number of seconds, or text such as ``90s``, ``5m``, ``-3h``, ``1d``."""
    if isinstance(value, (int, float)):
        return float(value)
    match = _DURATION.match(str(value).strip())
    if not match:
        raise ValueError(f"not a duration: {value!r}; write 90s, 5m, -3h or 1d")
    sign, number, unit = match.groups()
    return float(number) * _UNITS[unit] * (-1 if sign else 1)


def moment_of(value: t.Any, now_ms: int) -> int:
    """Parse a time into epoch ms: epoch ms, text relative to *now_ms* such as ``-3h``, or ISO 8601 with a zone."""
    if isinstance(value, (int, float)):
        return int(value)
    value = str(value)
    if value.strip().isdigit():
        return int(value)
    if _DURATION.match(value.strip()):
        return (now_ms + int(seconds_of(value) * 1000)) // 1000 * 1000
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}")
    return int(moment.timestamp() * 1000)


def iso(moment_ms: int) -> str:
    """Format epoch ms as IAM does: ISO 8601 in UTC with microseconds."""
    return datetime.fromtimestamp(moment_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
