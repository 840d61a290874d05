# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: compare the collection with other ways to rerun the same failures. Writes docs/project/benchmarks.rst."""

from __future__ import annotations

import argparse
import sys
import time
import typing as t
from pathlib import Path

from tools.bench import contenders, page
from tools.bench.nights import Night
from tools.bench.start import starts
from tools.bench.window import by_module

PAGE = Path(__file__).resolve().parents[2] / "docs" / "project" / "benchmarks.rst"
#: 10, 100, 1,000 and 10,000 failed instances in ten workspaces of one account.
NIGHTS = (Night(10, 1, 1), Night(10, 2, 5), Night(10, 10, 10), Night(10, 20, 50))
#: Instances after which the other ways stop; the rest of their time is extrapolated.
PART = 100
#: Fifty workspaces in which nothing failed.
QUIET = Night(50, 1, 0, 1)
#: 10,000 and 100,000 instances of one workspace, each with a thousand failed ones.
WINDOWS = (Night(1, 10, 100, 900), Night(1, 10, 100, 9900))

#: Measurements of a window: description, whether its memory has a target, module and options.
WINDOWED: tuple[tuple[str, bool, str, dict[str, t.Any]], ...] = (
    ("job_rerun", True, "job_rerun", {}),
    ("job_instance_info, statuses: [fail]", True, "job_instance_info", {"statuses": ["fail"]}),
    ("job_instance_info, limit: 1000", True, "job_instance_info", {"limit": 1000}),
    ("job_instance_info, all", False, "job_instance_info", {}),
)


def main() -> int:
    """Measure everything. Returns 1 if a figure misses its target."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, and write the table.")
    parser.add_argument("--quick", action="store_true", help="only the smallest of everything, and no file: to see whether the bench runs")
    quick = parser.parse_args().quick
    nights, quiet, windows = (NIGHTS[:1], Night(3, 1, 0, 1), (Night(1, 2, 5, 20),) * 2) if quick else (NIGHTS, QUIET, WINDOWS)
    began = time.monotonic()
    rows = [_compared(night, 1 if quick else 2) for night in nights]
    nothing_to_do = [
        page.NothingToDo(forks, _best(2, contenders.one_get, quiet, forks), _best(2, contenders.by_collection, quiet, forks))
        for forks in (5, 10)
    ]
    large = [_large(*kind, night) for kind in WINDOWED for night in windows]
    text, missed = page.rendered(rows, nothing_to_do, large, _announced("starts of a module", starts))
    print(text)
    if not quick:
        PAGE.write_text(text, encoding="utf-8")
        print(f"Written to {PAGE.relative_to(Path.cwd())}.")
    print(f"{time.monotonic() - began:.0f} s in all.")
    if quick:
        return 0
    print("\n".join(f"Missed: {figure}." for figure in missed) or "Every figure is within its target.")
    return 1 if missed else 0


def _compared(night: Night, times: int) -> page.Row:
    return page.Row(
        night,
        _best(1, contenders.by_sdk, night, PART),
        _best(1, contenders.by_uri, night, PART),
        _best(times, contenders.by_collection, night),
    )


def _best(times: int, way: t.Callable[..., contenders.Measured], night: Night, *arguments: int) -> contenders.Measured:
    """The fastest of several runs: other work on the machine slowed the others down."""
    what = f"{way.__name__}, {night.instances:,} of {night.workspaces} workspaces"
    return min((_announced(what, lambda: way(night, *arguments)) for _run in range(times)), key=lambda measured: measured.wall)


def _large(what: str, judged: bool, module: str, options: dict[str, t.Any], night: Night) -> page.Large:
    cost, seen = _announced(f"{what}, {night.listed:,} instances", lambda: by_module(module, night, **options))
    return page.Large(what, judged, night, cost, seen)


_T = t.TypeVar("_T")


def _announced(what: str, measure: t.Callable[[], _T]) -> _T:
    began = time.monotonic()
    result = measure()
    print(f"{what}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
