# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make matrix`: run the tests on ansible-core 2.16 to 2.21 with each supported Python of this machine.

Every cell (ansible-core, Python) runs all unit and integration tests. In addition, each ansible-core runs modules on the oldest Python that
they support. With `--minutes`, only the oldest and the newest cell run everything; the others run the unit tests and the integration tests
that are most sensitive to versions. No cell is started that is not expected to finish in time, and those that did not run are listed.
Results go to tests/matrix.json, from which the README's support table is written. `--short` runs a few files on the oldest and the newest
ansible-core, and saves nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path
from xml.etree import ElementTree

from tests.support.long import WITH_LONG
from tests.support.workspace import TARGET_VARIABLE
from tools.environments import CACHE, CONTROLLERS, ROOT, TARGETS, controller, environment, interpreters, listed, target
from tools.failures import failures
from tools.support import Cell, keep, write

REQUIREMENTS = listed(ROOT / "tests" / "unit" / "requirements.txt", ROOT / "tests" / "integration" / "requirements.txt")
SCOPES: dict[str, tuple[str, ...]] = {
    "everything": ("tests/unit", "tests/integration"),
    "selection": (
        "tests/unit",
        *(f"tests/integration/test_{name}.py" for name in ("playbook_rerun", "action_job_rerun", "inventory_workspaces")),
    ),
    "modules": ("tests/integration/test_playbook_rerun.py",),
    "short": (
        *(f"tests/unit/_{name}" for name in ("task", "role", "inventory", "common", "config", "journal")),
        *(f"tests/integration/test_{name}.py" for name in ("action_job_rerun", "inventory_workspaces", "direct")),
    ),
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """A cell to run: ansible-core *core* on *python*, modules on the Python *modules*, and a key of :data:`SCOPES`."""

    core: str
    python: str
    modules: str
    scope: str

    def __str__(self) -> str:
        """Text for the output."""
        elsewhere = f", modules on {self.modules}" if self.modules != self.python else ""
        return f"ansible-core {self.core} on Python {self.python}{elsewhere} ({self.scope})"


def plans(cores: t.Sequence[str], *, quick: bool = False) -> list[Plan]:
    """The cells that this machine can run, the most informative first.

    The order is: the oldest and the newest, then each core's newest Python, then modules on the oldest Python, then the rest.

    :param quick: whether the cells between the oldest and the newest run only a selection of the tests.
    """
    cells = [(core, python) for core in cores for python in CONTROLLERS[core] if python in interpreters()]
    ends = list(dict.fromkeys([cells[0], cells[-1]])) if cells else []
    others = [cell for cell in cells if cell not in ends]
    oldest = next(version for version in TARGETS if version in interpreters())
    apart = [Plan(core, controller(core), oldest, "modules") for core in cores if oldest not in CONTROLLERS[core]]
    newest = [cell for cell in others if cell[1] == controller(cell[0])]
    rest = [cell for cell in others if cell not in newest]
    between = "selection" if quick else "everything"
    return [
        *(Plan(core, python, python, "everything") for core, python in ends),
        *(Plan(core, python, python, between) for core, python in newest),
        *apart,
        *(Plan(core, python, python, between) for core, python in rest),
    ]


def short(plans: t.Sequence[Plan]) -> list[Plan]:
    """The oldest and the newest of *plans*, with the scope ``short``."""
    ends = plans[:2] if len({plan.core for plan in plans}) > 1 else plans[:1]
    return [dataclasses.replace(plan, scope="short") for plan in ends]


def missing(cores: t.Sequence[str]) -> list[str]:
    """Cells for which this machine does not have the Python."""
    return [f"ansible-core {core} on Python {python}" for core in cores for python in CONTROLLERS[core] if python not in interpreters()]


def run(plan: Plan, arguments: t.Sequence[str]) -> tuple[Cell, Path]:
    """Run the tests of *plan*. Returns the result and the path of the output."""
    python = environment(plan.core, plan.python, *REQUIREMENTS, name="tests")
    variables = dict(os.environ)
    if plan.modules != plan.python:
        variables[TARGET_VARIABLE] = str(target(plan.modules))
    place = CACHE / "matrix"
    place.mkdir(parents=True, exist_ok=True)
    stem = f"core-{plan.core}-python-{plan.python}-modules-{plan.modules}"
    report, output = place / f"{stem}.xml", place / f"{stem}.txt"
    report.unlink(missing_ok=True)
    command = [
        str(python),
        "-m",
        "pytest",
        "-q",
        "-m",
        WITH_LONG,
        "-o",
        f"cache_dir={place / stem}",
        f"--junitxml={report}",
        *arguments,
        *SCOPES[plan.scope],
    ]
    with output.open("wb") as stream:
        subprocess.run(command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, check=False)
    cell = Cell(
        core=installed(python),
        python=plan.python,
        modules=plan.modules,
        scope=plan.scope,
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        **counts(report),
    )
    return cell, output


def installed(python: Path) -> str:
    """Version of ansible-core in the environment of *python*."""
    question = "from importlib.metadata import version; print(version('ansible-core'))"
    return subprocess.run([python, "-c", question], capture_output=True, text=True, check=True).stdout.strip()


def counts(report: Path) -> dict[str, int]:
    """Numbers of tests by outcome in pytest's *report*. A missing report counts as one failure."""
    if not report.exists():
        return {"passed": 0, "failed": 1, "skipped": 0}
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, failed, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": total - failed - errors - skipped, "failed": failed + errors, "skipped": skipped}


def main() -> int:
    """Run the cells. Returns 0 if all that ran passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cores", nargs="*", metavar="CORE", help=f"series of ansible-core, all by default: {', '.join(CONTROLLERS)}")
    parser.add_argument(
        "--minutes", type=float, default=0, help="run less in most cells, and begin none that would end later; 0 for no limit"
    )
    parser.add_argument("--short", action="store_true", help="a short list of files on the oldest and the newest, and keep nothing")
    parser.add_argument("--list", action="store_true", help="show the cells and run nothing")
    parser.add_argument("--pytest", default="", help="arguments of pytest, in one word")
    options = parser.parse_args()
    cores = [core for core in CONTROLLERS if core in options.cores or not options.cores]
    left = plans(cores, quick=bool(options.minutes))
    total = len(left)
    if options.short:
        left = short(left)
    if options.list:
        print(*left, sep="\n")
        return 0
    begin, longest, passed, bad = time.monotonic(), 0.0, 0, 0
    while left and (not options.minutes or time.monotonic() - begin + longest <= options.minutes * 60):
        plan = left.pop(0)
        since = time.monotonic()
        cell, output = run(plan, options.pytest.split())
        took = time.monotonic() - since
        longest = max(longest, took)
        if plan.scope != "short":
            keep(cell)
            write()  # now: a test in the next cell compares the README with the results
        passed, bad = passed + cell.good, bad + (not cell.good)
        word = "passed" if cell.good else "FAILED, see .cache/matrix"
        print(f"{plan}: {cell.passed} passed, {cell.failed} failed, {cell.skipped} skipped in {took:.0f} s: {word}", flush=True)
        if not cell.good:
            print(*failures(output.read_text(encoding="utf-8", errors="replace")), sep="\n", flush=True)
    for plan in left:
        print(f"{plan}: not run, {options.minutes:.0f} minutes are over")
    for name in missing(cores):
        print(f"{name}: not run, this machine does not have that Python")
    others = total - passed - bad
    if others:
        print(f"left out: {others} of {total} cells; make matrix runs all")
    print(f"cells: {passed} passed, {bad} failed, {others + len(missing(cores))} not run")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
