# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns on a service with all kinds of faults in the client's retry policy."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.drawing import draw
from tests.chaos.plays import OnePass, hurried, in_a_process, in_process, play_case

#: Seeds of `make test`. They cover lost answers, both API generations, reruns that show late, and dependencies.
FEW = (1, 2, 17, 29, 32)
CHOSEN = os.environ.get("CHAOS_SEED")
SEEDS = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + int(os.environ.get("CHAOS_SEEDS") or 240)))
#: Every 16th seed runs each pass in a separate process; the others call the module's logic.
IN_PROCESSES = 16


def play(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None], one_pass: OnePass) -> None:
    case = draw(seed)
    with hurried(case):
        findings, counts = play_case(service, case, tmp_path / "state", one_pass)
    figures(**counts, twice=len(findings.twice), lost=len(findings.lost), wrong=len(findings.wrong))
    if not findings.clean:
        pytest.fail(f"{findings}\nplay it again: make chaos CHAOS_SEED={seed}", pytrace=False)


@pytest.mark.parametrize("seed", FEW)
def test_a_few_seeds(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play(service, seed, tmp_path, figures, in_process)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_seed(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    play(service, seed, tmp_path, figures, in_process if seed % IN_PROCESSES else in_a_process)
