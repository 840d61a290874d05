# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarded import of ``requests`` and ``urllib3``; no other module imports them.

Without them every module can still be imported; ``_runner/ansible_module.py`` then ends the task with ``missing_required_lib``.
"""

from __future__ import annotations

HAS_REQUESTS: bool

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase
    from requests.utils import get_environ_proxies, select_proxy
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    HAS_REQUESTS = False
    # Base classes, so that other modules can define their own; none of these can be used.
    AuthBase = HTTPAdapter = HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
    # Names that other modules import but use only in functions.
    requests = urllib3 = get_environ_proxies = select_proxy = None  # type: ignore[assignment]
else:
    HAS_REQUESTS = True

__all__ = [
    "HAS_REQUESTS",
    "AuthBase",
    "HTTPAdapter",
    "HTTPConnection",
    "HTTPConnectionPool",
    "HTTPSConnection",
    "HTTPSConnectionPool",
    "get_environ_proxies",
    "requests",
    "select_proxy",
    "urllib3",
]
