# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's README: its Python code runs, its scenario runs, and the outputs that it shows have the fields of real ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from emulator.running import running
from emulator.server import Addresses
from tests.support.logic import call
from tests.support.pages import Block, blocks
from tests.support.playbook import ROOT
from tests.support.scenarios import V2, small_night
from tests.support.workspace import options

BLOCKS = blocks(ROOT / "emulator" / "README.md")


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def test_every_block_is_tried_here_or_says_why_not() -> None:
    assert [block.where for block in BLOCKS if block.language not in ("python", "yaml", "json") and block.role != "look at"] == []


@pytest.mark.parametrize("block", of("python"), ids=lambda block: block.where)
def test_its_python_runs(block: Block) -> None:
    exec(compile(block.text, block.where, "exec"), {})


@pytest.mark.parametrize("block", of("yaml"), ids=lambda block: block.where)
def test_its_scenario_can_be_played(block: Block) -> None:
    with running(yaml.safe_load(block.text)) as service:
        statuses = [instance["status"] for instance in service.instances("daily_sales")]
    assert (statuses.count("fail"), statuses.count("success")) == (6, 3)


def test_its_addresses_and_its_journal_have_the_names_that_are_given(tmp_path: Path) -> None:
    addresses, entry = (json.loads(block.text) for block in of("json"))
    with running(small_night(switches=V2)) as service:
        assert set(addresses) == {field.name for field in dataclasses.fields(Addresses)} | {"pid"}
        call("job_rerun", options(service, jobs=["weekly_report"], api_version="v2", journal=str(tmp_path / "state")))
        (written,) = service.journal()
    assert (set(entry), set(entry["instances"][0])) == (set(written), set(written["instances"][0]))
    assert (entry["kind"], entry["api"], entry["user"]) == (written["kind"], written["api"], written["user"])
