# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the address of a proxy is shown, never its user and password, however it is written."""

from __future__ import annotations

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http.reach import shown_proxy


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("", ""),
        ("proxy:3128", "http://proxy:3128"),
        ("https://ops:secret@proxy:3128/", "https://proxy:3128"),
        ("ops:secret@proxy:3128", "http://proxy:3128"),
        ("http://[::1]:3128", "http://[::1]:3128"),
        ("http://ops:secret@[::1", "http://[::1"),  # a typing error that makes the address invalid
        ("http://ops:sec/ret@proxy:3128", "http://proxy:3128"),  # not percent-encoded, as it should be
        ("http://ops:sec?ret#x@proxy:3128", "http://proxy:3128"),
        ("http://ops:sec@ret@proxy", "http://proxy"),
    ],
)
def test_a_proxy_is_shown_without_who_uses_it(proxy: str, shown: str) -> None:
    assert shown_proxy(proxy) == shown
