# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.bench.compare CHECKOUT``: compare this checkout with another one, scenario by scenario, in alternating runs.

Each run uses a new emulator of this checkout with the same failures. Compared are the medians of processor time (of the command and of all processes
that it waited for) and of wall time. Neither includes the emulator or a database server. Other work on the machine affects wall time more than
processor time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.support.postgresql import PASSWORD, PostgresServer, postgres_server
from tools.bench.contenders import by_collection, plan_by_collection
from tools.bench.measure import ROOT, Cost
from tools.bench.nights import REASONS, Night
from tools.bench.window import by_module

#: Highest accepted ratio of processor time: of this checkout to the other one, and of a plan with reasons to one without.
MORE, MORE_FOR_REASONS = 1.05, 1.10
#: 10,000 failed instances of 200 jobs, in ten workspaces and in one.
NIGHT, ONE_WORKSPACE = Night(10, 20, 50), Night(1, 200, 50)

Side = t.Callable[[], Cost]


@dataclass(frozen=True)
class Scenario:
    """One comparison.

    :param what: description.
    :param measure: the baseline.
    :param judged: what is compared with the baseline.
    :param most: highest accepted ratio of processor time.
    """

    what: str
    measure: Side
    judged: Side
    most: float = MORE


def scenarios(other: Path, server: PostgresServer) -> dict[str, Scenario]:
    """All scenarios by name. *other* is the baseline checkout."""

    def playbook(checkout: Path, night: Night, forks: int | None = None, **options: t.Any) -> Side:
        return lambda: by_collection(night, forks, checkout, **options).cost

    def module(checkout: Path, night: Night, name: str = "job_rerun", **options: t.Any) -> Side:
        return lambda: by_module(name, night, checkout, **options)[0]

    def on_postgresql() -> Cost:
        return by_collection(NIGHT, None, ROOT, journal=server.uri(server.database()), journal_password=PASSWORD).cost

    def plan(reasons: str) -> Side:
        return lambda: plan_by_collection(REASONS, reasons=reasons)

    quiet, many, window = Night(1, 200, 0, 50), Night(500, 1, 0, 1), Night(1, 10, 100, 900)
    return {
        "sqlite": Scenario("10,000 of 200 jobs, playbook, SQLite", playbook(other, NIGHT), playbook(ROOT, NIGHT)),
        "postgresql": Scenario("10,000 of 200 jobs, playbook, PostgreSQL", playbook(other, NIGHT), on_postgresql),
        "module": Scenario("10,000 of 200 jobs, one pass of the module", module(other, ONE_WORKSPACE), module(ROOT, ONE_WORKSPACE)),
        "quiet": Scenario("nothing to do in 10,000, one pass of the module", module(other, quiet), module(ROOT, quiet)),
        "window": Scenario("1,000 failed of 10,000, one pass of the module", module(other, window), module(ROOT, window)),
        "info": Scenario(
            "job_instance_info of 10,000", module(other, window, "job_instance_info"), module(ROOT, window, "job_instance_info")
        ),
        "many": Scenario("nothing to do in 500 workspaces, playbook, 10 forks", playbook(other, many, 10), playbook(ROOT, many, 10)),
        "reasons": Scenario("a plan of 400 failures with 7 causes, reasons: auto by none", plan("none"), plan("auto"), MORE_FOR_REASONS),
    }


def main() -> int:
    """Measure, and print the results. Returns 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.compare", description="This checkout compared with another one.")
    parser.add_argument("checkout", type=Path, help="the checkout that counts as the measure")
    parser.add_argument("--times", type=int, default=3, help="runs of each side (3)")
    parser.add_argument("--only", nargs="*", metavar="SCENARIO", help="names of scenarios; all by default")
    options = parser.parse_args()
    above = False
    with postgres_server() as server:
        known = scenarios(options.checkout.resolve(), server)
        for name in options.only or known:
            above |= _compared(name, known[name], options.times)
    return int(above)


def _compared(name: str, scenario: Scenario, times: int) -> bool:
    """Run *scenario* and print its results. Returns whether the ratio of processor time is above the limit."""
    pairs = [(scenario.measure(), scenario.judged()) for _run in range(times)]
    print(f"{name}: {scenario.what}")
    ratios = {}
    for what in ("cpu", "wall"):
        measure, judged = ([getattr(cost, what) for cost in side] for side in zip(*pairs, strict=True))
        ratios[what] = statistics.median(judged) / statistics.median(measure)
        runs = " ".join(f"{before:.2f}/{after:.2f}" for before, after in zip(measure, judged, strict=True))
        print(f"  {what:4} {ratios[what]:.3f}  {runs} s")
    sys.stdout.flush()
    return bool(ratios["cpu"] > scenario.most)


if __name__ == "__main__":
    sys.exit(main())
