# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reruns with policies about reasons on a service with all kinds of faults: no instance that a policy excludes is ever rerun."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.chaos.drawing import Case
from tests.chaos.plays import hurried, in_process, play_case
from tests.chaos.policies import PolicyJudge, draw_policy

CHOSEN = os.environ.get("CHAOS_POLICY")
SEEDS = [int(CHOSEN)] if CHOSEN else list(range(1, 1 + int(os.environ.get("POLICIES") or 70)))


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_policy(service: Running, seed: int, tmp_path: Path, figures: t.Callable[..., None]) -> None:
    drawn = draw_policy(seed)
    judges: list[PolicyJudge] = []

    def judge_of(service: Running, _case: Case) -> PolicyJudge:
        judges.append(PolicyJudge(service, drawn))
        return judges[-1]

    with hurried(drawn.case):
        findings, counts = play_case(service, drawn.case, tmp_path / "state", in_process, judge_of)
    against = judges[-1].against_policy()
    figures(
        **counts,
        twice=len(findings.twice),
        lost=len(findings.lost),
        wrong=len(findings.wrong),
        policies=1,
        left_out=judges[-1].left_out(),
        against=len(against),
    )
    if against or not findings.clean:
        text = "\n  ".join(["against the policy:", *against[:12]])
        pytest.fail(
            f"never {drawn.never}, only {drawn.only}\n{text}\n{findings}\nplay it again: make chaos CHAOS_POLICY={seed}", pytrace=False
        )
