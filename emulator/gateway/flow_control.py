# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented flow control, per user and per API [H-OV1][H-OV2]."""

from __future__ import annotations

import time

from emulator.gateway.errors import Refusal

#: Requests per second and user, by route. Other routes have no documented limit, and none here.
PER_USER = {
    "v2_list": 10,
    "v2_retry": 10,
    "v2_jobs": 10,
    "v1_list": 30,
    "v1_restart": 30,
    "v1_stop": 30,
    "v1_instance": 30,
    "v1_job": 10,
    "overview": 1,
    "completion": 1,
}


class FlowControl:
    """Counts requests in windows of one second of real time. A window starts with the first request after the previous one."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def admit(self, user: str, route: str) -> None:
        """Count one request.

        :raises Refusal: 429 above the user's limit, or above ten times that limit for all users together.
        """
        limit = PER_USER.get(route)
        if limit is None:
            return
        self._count((route, f"user {user}"), limit)
        self._count((route, ""), limit * 10)

    def _count(self, key: tuple[str, str], limit: int) -> None:
        now = time.monotonic()
        begin, count = self._windows.get(key, (now, 0))
        if now - begin >= 1.0:
            begin, count = now, 0
        if count >= limit:
            policy = "user" if key[1] else "api"
            raise Refusal(
                429, "APIGW.0308", f"The throttling threshold has been reached: policy {policy} over ratelimit,limit:{limit},time:1 second"
            )
        self._windows[key] = (begin, count + 1)
