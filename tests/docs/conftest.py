# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud of the documents: an emulator that answers under the service's host names and has the accounts that the documents mention."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
import yaml

from emulator.running import Running, running
from tests.support.cloud import cloud
from tests.support.playbook import ROOT

Json = dict[str, t.Any]


def night(**changes: t.Any) -> Json:
    """The scenario ``night.yml`` at 60 times its speed, with an agency. *changes* replace keys of the scenario."""
    scenario = yaml.safe_load((ROOT / "emulator" / "scenarios" / "night.yml").read_text(encoding="utf-8"))
    retail, finance = scenario["accounts"]
    retail["agencies"] = [{"name": "rerun-agency", "trusted_domain": finance["domain"]}]
    return {**scenario, "speed": 60, **changes}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(night()) as service:
        yield service


@pytest.fixture(scope="module")
def environment(emulator: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment variables that make a process reach the emulator under the service's host names."""
    with cloud(emulator, tmp_path_factory.mktemp("cloud")) as variables:
        yield variables


@pytest.fixture
def service(emulator: Running) -> Running:
    """The emulator, reset to its first state and without faults."""
    emulator.reset(night())
    emulator.clear_faults()
    return emulator
