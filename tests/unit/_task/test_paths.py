# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of relative paths, and paths that are left to the module."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._task.paths import from_start


@pytest.mark.parametrize(
    ("name", "value", "connection", "path"),
    [
        ("ca_path", "ca.pem", "local", "{start}/ca.pem"),
        ("journal", "night", "local", "{start}/night"),
        ("report_path", "../a.json", "local", "{start}/../a.json"),
        ("ca_path", "/etc/ca.pem", "local", "/etc/ca.pem"),
        ("ca_path", "~/ca.pem", "local", "~/ca.pem"),
        ("ca_path", "$AWAY/ca.pem", "local", "$AWAY/ca.pem"),
        ("report_path", "${AWAY}/a.json", "local", "${AWAY}/a.json"),
        ("ca_path", "$NEAR/ca.pem", "local", "{start}/$NEAR/ca.pem"),
        ("ca_path", "$UNSET_ANYWHERE/ca.pem", "local", "{start}/$UNSET_ANYWHERE/ca.pem"),
        ("journal", "$AWAY/night", "local", "$AWAY/night"),
        ("journal", "$NEAR/night", "local", "{start}/$NEAR/night"),
        ("journal", "$EMPTY", "local", "{start}/$EMPTY"),
        ("journal", "postgresql://$AWAY/night", "local", "postgresql://$AWAY/night"),
        ("journal", "postgresql://db/night", "local", "postgresql://db/night"),
        ("ca_path", "ca.pem", "ssh", "ca.pem"),
        ("job_name", "a", "local", "a"),
        ("ca_path", "", "local", ""),
    ],
)
def test_from_start(name: str, value: str, connection: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWAY", "/away")
    monkeypatch.setenv("NEAR", "near")
    monkeypatch.setenv("EMPTY", "")
    assert from_start({name: value}, connection) == {name: path.replace("{start}", str(tmp_path))}
