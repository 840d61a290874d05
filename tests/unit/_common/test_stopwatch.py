# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stopwatch that runs while the machine sleeps."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import types
import typing as t
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import LongerOf, choose, stopwatch


def system(**clocks: float) -> t.Any:
    """A stand-in for module ``time`` with these clocks; each reads its own id."""
    return types.SimpleNamespace(**clocks, clock_gettime=float)


@pytest.mark.parametrize(
    ("platform", "clocks", "reading"),
    [
        ("linux", {"CLOCK_MONOTONIC": 1, "CLOCK_BOOTTIME": 7}, 7.0),
        ("darwin", {"CLOCK_MONOTONIC": 6, "CLOCK_UPTIME_RAW": 8}, 6.0),
    ],
)
def test_the_clock_that_counts_sleep_is_used(platform: str, clocks: dict[str, float], reading: float) -> None:
    assert choose(platform, system(**clocks))() == reading


def test_without_such_a_clock_the_longer_of_two_counts() -> None:
    def refused(clock: object) -> float:
        raise OSError("no such clock")

    for platform, clocks in (
        ("linux", system(CLOCK_MONOTONIC=1)),
        ("linux", types.SimpleNamespace(CLOCK_BOOTTIME=7, clock_gettime=refused)),
        ("freebsd14", system(CLOCK_MONOTONIC=1)),
        ("win32", types.SimpleNamespace()),
    ):
        assert isinstance(choose(platform, clocks), LongerOf)


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(-1000, 1000)), max_size=20))
def test_the_longer_of_two_is_never_shorter_than_either_and_never_goes_back(steps: list[tuple[float, float]]) -> None:
    now = [100.0, 1_790_000_000.0]
    watch = LongerOf(lambda: now[0], lambda: now[1])
    begun = [watch(), *now]
    last = begun[0]
    for monotonic, wall in steps:
        now[0] += monotonic
        now[1] += wall
        reading = watch()
        assert reading >= last
        assert reading - begun[0] >= now[0] - begun[1] - 1e-6
        assert reading - begun[0] >= now[1] - begun[2] - 1e-6
        last = reading


def test_it_runs_on_while_the_process_is_stopped() -> None:
    program = (
        "from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch\n"
        "before = stopwatch()\nprint(flush=True)\ninput()\nprint(stopwatch() - before)"
    )
    above = Path(str(sys.modules[stopwatch.__module__].__file__)).parents[6]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(above)}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        while time.monotonic() - stopped < 0.3:
            time.sleep(0.05)
        process.send_signal(signal.SIGCONT)
        output, _errors = process.communicate("\n", timeout=60)
    assert float(output) >= 0.3
