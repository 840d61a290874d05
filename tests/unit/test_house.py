# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the repository itself: every test belongs to a target, generated files are current, functions are short, and so on."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import typing as t
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.version import VERSION
from tests.support import scratch
from tools import environments, failures, matrix, support, switches

TESTS = Path(__file__).resolve().parents[1]
CHECKOUT = TESTS.parent
#: Lines of a function, its docstring included.
LONGEST_FUNCTION = 45
#: Test folders that `make test` skips completely, because they have targets of their own.
LEFT_OUT = ("browser", "ecosystem", "eda")


def test_every_test_is_a_unit_or_in_one_integration_target() -> None:
    """`ansible-test units` runs tests/unit; `ansible-test integration` runs the files that the scripts of its targets name."""
    named: Counter[Path] = Counter()
    for script in (TESTS / "integration" / "targets").glob("*/runme.sh"):
        for pattern in re.findall(r"\stests/(\S+)", script.read_text(encoding="utf-8")):
            tests = [path for match in TESTS.glob(pattern) for path in ([match] if match.is_file() else match.rglob("test_*.py"))]
            assert tests, f"{script}: no test is named tests/{pattern}"
            named.update(tests)
    others = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    assert {
        str(path): named[TESTS / path] for path in others if path.parts[0] not in ("unit", *LEFT_OUT) and named[TESTS / path] != 1
    } == {}


def long_tests(path: Path) -> dict[str, bool]:
    """The names of the tests in file *path*, and whether each has the marker `long` on its function."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    tests = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return {test.name: any(ast.unparse(mark) == "pytest.mark.long" for mark in test.decorator_list) for test in tests}


def test_every_file_with_long_tests_has_some_that_make_test_runs() -> None:
    """At least one test of such a file has no marker `long`."""
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()]
    files = [path for path in others if re.search(r"pytest\.mark\.long\b|whole_plays", path.read_text(encoding="utf-8"))]
    assert [str(path) for path in files if all(long_tests(path).values())] == []


def test_temporary_files_stand_in_memory_only_where_there_is_room(tmp_path: Path) -> None:
    assert scratch.suits(str(tmp_path), room=1)
    assert not scratch.suits(str(tmp_path), room=1 << 60)
    assert not scratch.suits(str(tmp_path / "nowhere"), room=1)


def test_the_readme_states_what_the_matrix_found() -> None:
    text = support.README.read_text(encoding="utf-8")
    assert support.BEGIN in text
    assert support.with_table(text, support.read()) == text, "run python -m tools.support"


def test_the_table_lists_what_passed_and_nothing_else() -> None:
    def cell(core: str, python: str, modules: str, **outcome: int) -> support.Cell:
        scope = "selection" if python == modules else "modules"
        return support.Cell(core, python, modules, scope, **{"passed": 5, "failed": 0, "skipped": 0, **outcome}, date="2026-11-25")

    cells = [
        cell("2.16.3", "3.10", "3.10"),
        cell("2.16.19", "3.12", "3.9"),
        cell("2.16.19", "3.11", "3.11", failed=1),
        cell("2.9.1", "3.8", "3.8"),
        cell("2.21.0", "3.13", "3.13", passed=0),
    ]
    assert support.table(cells).splitlines()[2:] == ["| 2.9.1 | 3.8 | 3.8 |", "| 2.16.19 | 3.10 | 3.9, 3.10 |"]


@pytest.mark.parametrize("quick", [False, True])
def test_the_matrix_has_every_supported_cell_once(monkeypatch: pytest.MonkeyPatch, quick: bool) -> None:
    monkeypatch.setattr(matrix, "interpreters", lambda: dict.fromkeys(("3.9", "3.10", "3.11", "3.12", "3.13"), Path()))
    monkeypatch.setattr(matrix, "controller", lambda core: [python for python in environments.CONTROLLERS[core] if python != "3.14"][-1])
    plans = matrix.plans(list(environments.CONTROLLERS), quick=quick)
    cells = [(plan.core, plan.python) for plan in plans if plan.scope != "modules"]
    assert sorted(cells) == [(core, python) for core, pythons in environments.CONTROLLERS.items() for python in pythons if python != "3.14"]
    whole = [(plan.core, plan.python) for plan in plans if plan.scope == "everything"]
    assert whole[:2] == [("2.16", "3.10"), ("2.21", "3.13")]
    assert len(whole) == (2 if quick else len(cells))
    assert [plan.core for plan in plans if plan.modules == "3.9"] == list(environments.CONTROLLERS)
    assert matrix.missing(["2.20", "2.16"]) == ["ansible-core 2.20 on Python 3.14"]

    assert [(plan.core, plan.python, plan.scope) for plan in matrix.short(plans)] == [("2.16", "3.10", "short"), ("2.21", "3.13", "short")]
    assert [plan.core for plan in matrix.short(matrix.plans(["2.19"]))] == ["2.19"]
    assert all((CHECKOUT / path).exists() for paths in matrix.SCOPES.values() for path in paths)


def test_a_few_sets_of_switches_change_with_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(commit: int, few: int | None, only: int | None = None) -> list[int]:
        monkeypatch.setattr("subprocess.run", lambda *args, **options: SimpleNamespace(stdout=f"{commit:040x}\n"))
        return switches.numbers(5, only=only, few=few)

    assert [chosen(commit, 2) for commit in range(16**39, 16**39 + 5)] == [[2, 3], [3, 4], [4, 5], [1, 5], [1, 2]]
    assert chosen(7, None) == chosen(7, 9) == [1, 2, 3, 4, 5]
    assert chosen(7, None, only=3) == [3]


def test_a_run_without_a_report_is_a_failure(tmp_path: Path) -> None:
    assert matrix.counts(tmp_path / "none.xml") == {"passed": 0, "failed": 1, "skipped": 0}
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>', encoding="utf-8")
    assert matrix.counts(report) == {"passed": 3, "failed": 3, "skipped": 3}


#: The end of pytest's output with two failures and an error, with -n2 and without a terminal.
LOG = """..F.
=================================== FAILURES ===================================
__________________________ TestAPlan.test_shows[auto] __________________________
[gw0] linux -- Python 3.11.7
tests/unit/test_a.py:5: in test_shows
    assert n != 1, "one"
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _
E   AssertionError: one
E   assert 1 != 1
E    +  where 1 = len([0])
E     and more of it
----------------------------- Captured stdout call -----------------------------
ERROR! this is what a play said
=========================== short test summary info ============================
FAILED tests/unit/test_a.py::TestAPlan::test_shows[auto] - Assert...
ERROR tests/unit/test_b.py - ImportError: no
1 failed, 3 passed, 1 error in 4.20s
"""
LINES = [
    "FAILED tests/unit/test_a.py::TestAPlan::test_shows[auto] - Assert...",
    "ERROR tests/unit/test_b.py - ImportError: no",
    "__________________________ TestAPlan.test_shows[auto] __________________________",
    "E   AssertionError: one",
    "E   assert 1 != 1",
    "E    +  where 1 = len([0])",
]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        (LOG, 60, LINES),
        ("\n".join(LINES), 60, LINES),
        (LOG, 4, [*LINES[:2], LINES[2], "... and 3 further lines"]),
        ("FAILED a.py::b\n" * 3, 60, ["FAILED a.py::b"]),
        ("".join(f"FAILED a.py::b{number}\n" for number in range(9)), 3, ["FAILED a.py::b0", "FAILED a.py::b1", "... and 7 further lines"]),
        (
            "\x1b[31mERROR: plugins/a.py:1:1: unused\x1b[0m\nFATAL: 1 test failed",
            60,
            ["ERROR: plugins/a.py:1:1: unused", "FATAL: 1 test failed"],
        ),
        ("a.py:1: error: no type\n\nmake: *** [lint] Error 1\n", 60, ["a.py:1: error: no type", "make: *** [lint] Error 1"]),
        ("\n".join(map(str, range(99))), 60, list(map(str, range(84, 99)))),
        ("", 60, []),
    ],
)
def test_what_failed_by_a_log_is_found_in_it(text: str, most: int, expected: list[str]) -> None:
    assert failures.failures(text, most) == expected


def test_ci_says_what_failed_before_its_closing_lines(tmp_path: Path) -> None:
    """Run `.ci/run` with a `make` that fails in three steps. CI platforms may keep only the end of a log, so the failures must be named there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "log").write_text(LOG, encoding="utf-8")
    make = '#!/bin/sh\ncase "$1 $2" in "test "|"matrix ARGS=--short") cat log; exit 1 ;; "lint "*) echo a.py: wrong; exit 1 ;; esac\n'
    for name, script in (("make", make), ("java", "#!/bin/sh\n"), ("chromium", "#!/bin/sh\n")):
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    for place, target in ((".venv/bin/python", sys.executable), ("tools", CHECKOUT / "tools")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).symlink_to(target)
    (tmp_path / ".ci").mkdir()
    shutil.copy(CHECKOUT / ".ci" / "run", tmp_path / ".ci" / "run")
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([tmp_path / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    block, _empty, closing = done.stdout.partition("== what failed\n")[2].partition("\n\n")
    assert block.split("\n") == ["-- test", *LINES, "-- lint", "a.py: wrong", "-- matrix", *LINES]
    said = [re.sub(r", \d+ s$", "", line) for line in closing.splitlines()]
    assert said[:2] == ["test: 3 passed, 2 failed, exit status 1", "lint: 0 passed, 1 failed, exit status 1"]
    assert re.fullmatch(r"\d+ passed, 5 failed", said[-1])


def test_every_scenario_of_molecule_runs_twice() -> None:
    """Every scenario has the idempotence step, except `default`, which only starts and stops the emulator for the others."""
    shared = yaml.safe_load((CHECKOUT / "extensions" / "molecule" / "config.yml").read_text(encoding="utf-8"))
    scenarios = {
        path.parent.name: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for path in CHECKOUT.glob("extensions/molecule/*/molecule.yml")
    }
    assert set(scenarios) >= {"default", "rerun", "check_mode", "workspaces", "credentials", "faults"}
    for name, scenario in scenarios.items():
        steps = scenario.get("scenario", {}).get("test_sequence", shared["scenario"]["test_sequence"])
        assert ("idempotence" in steps, "verify" in steps) == ((False, False) if name == "default" else (True, True)), name


def test_the_linters_before_a_commit_look_at_what_make_lint_looks_at() -> None:
    (places,) = re.findall(r"mypy --no-error-summary (.*)", (CHECKOUT / "Makefile").read_text(encoding="utf-8"))
    hooks = {
        hook["id"]: hook["entry"]
        for hook in yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    }
    assert hooks["mypy"] == ".venv/bin/mypy --no-error-summary " + places.replace(
        "$(HOUSE)", ".cache/tree/ansible_collections/dataarts/factory"
    )
    assert {"ruff-format", "ruff", "yamllint", "role-options", "reuse", "changelog"} <= set(hooks)


def test_the_changelog_names_everything_that_users_call() -> None:
    (release,) = yaml.safe_load((CHECKOUT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"].values()
    listed = {"modules": release["modules"], "roles": release["objects"]["role"], "playbooks": release["objects"]["playbook"]}
    listed |= {f"plugins/{kind}": entries for kind, entries in release["plugins"].items()}
    there = {
        "modules": names("plugins/modules"),
        "roles": {path.name for path in (CHECKOUT / "roles").iterdir()},
        "playbooks": names("playbooks", "*.yml") - {"summary"},  # imported by the others, not started by users
        **{f"plugins/{kind}": names(f"plugins/{kind}") for kind in ("filter", "inventory", "lookup") if names(f"plugins/{kind}")},
    }
    assert {kind: {entry["name"] for entry in entries} for kind, entries in listed.items()} == there


def test_no_file_of_ours_fails_with_lines_of_itself() -> None:
    """ansible-core 2.19 and newer print the lines of the file with the message of ansible.builtin.fail and assert; dataarts.factory.fail does not."""
    files = [path for folder in ("playbooks", "roles") for path in (CHECKOUT / folder).rglob("*.yml")]
    loud = [path.name for path in files if re.search(r"ansible\.builtin\.(fail|assert):", path.read_text(encoding="utf-8"))]
    assert files
    assert loud == []


def test_the_version_that_modules_know_is_that_of_the_collection() -> None:
    assert yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"] == VERSION


def functions(folder: str) -> t.Iterator[tuple[str, int]]:
    """Every function below *folder*: ``path:line name`` and its number of lines."""
    for path in sorted((CHECKOUT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.relative_to(CHECKOUT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("folder", ["plugins", "extensions", "roles", "emulator", "tools"])
def test_no_function_is_longer_than_a_screen(folder: str) -> None:
    lengths = dict(functions(folder))
    assert {where: lines for where, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert lengths or folder == "roles", "roles have no Python today, and none that is too long tomorrow"


def names(folder: str, pattern: str = "*.py") -> set[str]:
    """The names, without suffix, of the files in *folder* that match *pattern* and do not begin with an underscore."""
    return {path.stem for path in (CHECKOUT / folder).glob(pattern) if not path.name.startswith("_")}


def test_contributing_points_to_files_that_exist() -> None:
    """Paths in the table "you want to change | look at" are relative to the checkout, to plugins/ or to plugins/module_utils."""
    table = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| you want to change")[1].split("\n\n")[0]
    rows = [row.split("|")[2] for row in table.splitlines()[2:]]
    assert len(rows) >= 20
    below = [CHECKOUT, CHECKOUT / "plugins", CHECKOUT / "plugins" / "module_utils"]
    paths = [path for row in rows for path in re.findall(r"`([\w/.-]+(?:/|\.\w+))`", row)]
    assert len(paths) >= len(rows)
    assert [path for path in paths if not any((folder / path).exists() for folder in below)] == []
