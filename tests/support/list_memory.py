# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List a workspace in a separate process and measure its memory: ``list_memory.py BASE DAYS [JOB ...]``.

Prints one line of JSON: the number of instances or the error, and the peak memory before the list and at the end, in kilobytes.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.dataarts.factory.plugins.module_utils._api.workspace import WorkspaceApi
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._config.regions import Hosts
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import RateLimiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import Session
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth
from tests.chaos.hostile_child import most_memory

DAY = 86_400_000


def main() -> None:
    """List and print the result."""
    base, days, *jobs = sys.argv[1:]
    client = Client(AkSkAuth("AK", "sk"), max_retries=0, rate_limiter=RateLimiter({"v1.list": 1e6, "v2.list": 1e6}))
    hosts = Hosts(region=None, endpoint=base, endpoint_v1=base)
    api = WorkspaceApi(Session(client, hosts, "p"), "w", "v2" if jobs else "v1")
    now = client.clock.now_ms()
    window = Window(now - int(days) * DAY, now)
    before = most_memory()
    try:
        instances = (api.list_named(jobs, window) if jobs else api.list_workspace(window)).whole()
        outcome = str(len(instances))
    except ApiError as error:
        outcome = str(error)
    print(json.dumps({"outcome": outcome, "before": before, "kilobytes": most_memory()}))


if __name__ == "__main__":
    main()
