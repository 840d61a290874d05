# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of chaos tests: emulator, PostgreSQL server, controllers; and figures, which are summed over all tests and printed at the end."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from emulator.running import Running, running
from tests.chaos.controllers import Controllers
from tests.support.journal_clock import journal_clock
from tests.support.postgresql import PostgresServer, postgres_server
from tests.support.scenarios import small_night

Json = dict[str, t.Any]
__all__ = ["figures", "journal_clock"]

_NAME = "chaos"


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """An emulator, which every case resets."""
    with running(small_night()) as handle:
        yield handle


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as handle:
        yield handle


@pytest.fixture(scope="module")
def controllers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controllers]:
    """Controller processes, each with its own home."""
    fleet = Controllers(tmp_path_factory.mktemp("controllers"))
    yield fleet
    fleet.close()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> t.Callable[..., None]:
    """Function that adds counts to the figures: ``figures(reruns=12)``."""

    def add(**counts: int) -> None:
        request.node.user_properties.append((_NAME, counts))

    return add


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Print the sums, if any chaos test ran."""
    total: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, counts in report.user_properties:
                    if name == _NAME:
                        for key, count in counts.items():
                            total[key] = max(total.get(key, 0), count) if key.startswith("most_") else total.get(key, 0) + count
    if total:
        terminalreporter.section("chaos")
        for line in figures_text(total):
            terminalreporter.write_line(line)


#: Counts of cases other than seeds, and their labels.
_PARTS = {
    "kills": "kills",
    "pairs": "pairs",
    "groups": "groups of four",
    "pauses": "pauses",
    "db_restarts": "restarts of the database",
    "excused": "results that could not know of a rerun whose claim was lost",
    "patches": "PatchData runs",
    "patch_kills": "of them killed",
    "patch_pairs": "of them by several at once",
}


def figures_text(total: Json) -> list[str]:
    """The figures as lines of text."""
    names = ("seeds", "reruns", "calls", "faulty", "hostile", "searched", "secrets", "stops", "policies", "runs", "schedule_kills", *_PARTS)
    count = {**dict.fromkeys(names, 0), **total}
    share = 100 * count["faulty"] / count["calls"] if count["calls"] else 0
    parts = "; ".join(f"{count[name]} {words}" for name, words in _PARTS.items() if count[name])
    lines = [
        f"{count['reruns']} reruns over {count['seeds']} seeds; {count['faulty']} of {count['calls']} calls faulty ({share:.0f} %)",
        *([parts] if parts else []),
        f"rerun twice: {count.get('twice', 0)}, lost: {count.get('lost', 0)}, reported wrongly: {count.get('wrong', 0)}",
        (
            f"instances that ended done {count.get('ended_done', 0)}, failed again {count.get('ended_failed_again', 0)}, "
            f"rejected {count.get('ended_rejected', 0)}, unknown {count.get('ended_unknown', 0)}"
        ),
    ]
    if count["policies"]:
        lines.append(
            f"{count['policies']} policies, which leave out {count['left_out']} failures: reruns against a policy: {count.get('against', 0)}"
        )
    if count["stops"]:
        lines.append(f"{count['stops']} stops; stopped although it had gone on, or twice: {count.get('stopped_wrongly', 0)}")
    if count["runs"]:
        read_back, unknown = count.get("runs_read_back", 0), count.get("runs_unknown", 0)
        lines.append(
            f"{count['runs']} runs by hand, {read_back} read back, {unknown} unknown; run twice, lost, or reported wrongly: {count.get('runs_wrong', 0)}"
        )
    if count["schedule_kills"]:
        lines.append(f"{count['schedule_kills']} kills of reruns that pause jobs; schedules left wrong: {count.get('schedules_wrong', 0)}")
    if count.get("repair_kills"):
        lines.append(f"{count['repair_kills']} kills of repairs that pause jobs; repairs that ended wrong: {count.get('repairs_wrong', 0)}")
    if count["hostile"]:
        lines.append(
            f"{count['hostile']} hostile answers over {count['hostile_calls']} calls; most memory {count['most_kilobytes'] // 1024} MB, "
            f"longest call {count['most_milliseconds'] / 1000:.1f} s; tracebacks, hangs, control characters: {count.get('hostile_wrong', 0)}"
        )
    if count["searched"]:
        lines.append(f"{count['searched']} bytes of output and files searched for {count['secrets']} secrets: {count.get('hits', 0)} hits")
    return lines
