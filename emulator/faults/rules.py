# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fault injection: which request gets which fault. The same seed makes the same choices."""

from __future__ import annotations

import asyncio
import random
import typing as t

from emulator.gateway import routes

#: Kinds of faults, each with the parameters that it takes in addition to the common ones.
KINDS: dict[str, frozenset[str]] = {
    "latency": frozenset({"seconds", "when"}),
    "hang": frozenset({"seconds", "when"}),
    "status": frozenset({"status", "code", "message", "when", "retry_after"}),
    "throttle": frozenset({"retry_after"}),
    "gateway_timeout": frozenset({"when"}),
    "drop": frozenset({"when"}),
    "truncated": frozenset({"when"}),
    "malformed": frozenset({"when", "text"}),
    "not_utf8": frozenset({"when"}),
    "oversized": frozenset({"when", "bytes"}),
    "empty": frozenset({"when"}),
    "page": frozenset({"when", "status", "body", "retry_after"}),
    "date": frozenset(),
    "error_body": frozenset({"when", "code", "message"}),
    "redirect": frozenset({"location", "status"}),
    "expired_token": frozenset(),
    "outage": frozenset({"seconds"}),
    "slow_headers": frozenset({"seconds", "when"}),
    "slow_body": frozenset({"seconds", "when"}),
}
#: Answers of a proxy: content type, and a text with placeholders for status and reason.
PAGES = {
    "html": ("text/html; charset=utf-8", "<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"),
    "json": ("application/json", '{{"status": {status}, "message": "{reason}"}}'),
    "empty": ("text/plain", ""),
}
_COMMON = frozenset({"route", "kind", "times", "rate", "seed", "skip", "job_name", "date_seconds", "date_step_seconds"})
_WHEN = ("before_reading", "before_effect", "after_effect", "mid_body")

Fault = dict[str, t.Any]


class _Rule:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.routes = routes.named(fault.get("route", "*"))
        self.rate: float | None = fault.get("rate")
        self.left: int | None = fault.get("times", 1 if self.rate is None else None)
        self.skip: int = fault.get("skip", 0)
        self.random = random.Random(fault.get("seed", 0))

    def fires(self, route: str, params: t.Mapping[str, str]) -> bool:
        """Whether this request gets the fault. Counts the request."""
        if route not in self.routes or self.left == 0:
            return False
        if "job_name" in self.fault and params.get("job_name") != self.fault["job_name"]:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.rate is not None and self.random.random() >= self.rate:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The active faults. The first one that fires wins."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, fault: Fault) -> None:
        """Activate *fault*.

        :raises ValueError: for an unknown route, kind, parameter or moment.
        """
        kind = fault.get("kind", "")
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind!r}; there are {', '.join(KINDS)}")
        unknown = set(fault) - _COMMON - KINDS[kind]
        if unknown:
            raise ValueError(f"fault {kind} takes no {', '.join(sorted(unknown))}")
        if fault.get("when", "after_effect") not in _WHEN:
            raise ValueError(f"fault {kind}: when is one of {', '.join(_WHEN)}")
        if fault.get("body", "html") not in PAGES:
            raise ValueError(f"fault {kind}: body is one of {', '.join(PAGES)}")
        self._rules.append(_Rule(dict(fault)))

    def clear(self) -> None:
        """Remove all faults. Requests that are being delayed go on at once."""
        self._rules.clear()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def delay(self, seconds: float) -> None:
        """Return after *seconds*, or as soon as the faults are cleared."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await asyncio.wait({waiting}, timeout=seconds)
        finally:
            self._waiting.discard(waiting)

    def pick(self, route: str, params: t.Mapping[str, str]) -> Fault | None:
        """The fault that this request gets, or None."""
        return next((rule.fault for rule in self._rules if rule.fires(route, params)), None)
