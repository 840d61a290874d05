# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All sources of credentials: a module can log in, and the doctor names the source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from emulator.running import Running
from tests.support.logic import call
from tests.support.scenarios import SECRET_KEY, USER_PASSWORD, small_night
from tests.support.ways_in import AGENCIES, ASKED_FOR, WAYS, options_left_out
from tests.support.workspace import options


@pytest.mark.parametrize("name", WAYS)
def test_every_way_gets_in(emulated: Running, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night = small_night(switches={"flow_control": False, "clock_skew_seconds": 0})
    night["accounts"][0]["agencies"] = AGENCIES
    emulated.reset(night)
    way, words = WAYS[name]
    for variable in [variable for variable in os.environ if variable.startswith(("HW_", "OS_", "HUAWEICLOUD_", "CLOUD_SDK_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(FetchedAuth, "_leases", {})
    monkeypatch.setattr(FetchedAuth, "gate", None)
    for variable, value in way(emulated, tmp_path).items():
        monkeypatch.setenv(variable, value)
    result = call("account_doctor", options(emulated, measure=False, **options_left_out(name), **ASKED_FOR.get(name, {})))
    credentials = next(finding for finding in result["checks"] if finding["check"] == "credentials")
    assert credentials["text"] == words
    assert result["ready"], result["first_step"]
    assert not [secret for secret in (SECRET_KEY, USER_PASSWORD) if secret in str(result)]
