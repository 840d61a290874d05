# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout's own order: whoever runs the tests in another way runs the same tests."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.version import VERSION
from tools import environments, matrix, support, switches

TESTS = Path(__file__).resolve().parents[1]
CHECKOUT = TESTS.parent
#: Folders of which `make test` runs nothing: all their tests have a marker that it leaves out, and a target of their own.
LEFT_OUT = ("browser", "ecosystem", "eda")


def test_every_test_is_a_unit_or_in_one_integration_target() -> None:
    """`ansible-test units` runs tests/unit, `ansible-test integration` what the scripts of its targets name, `make test` everything."""
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


def test_every_scenario_of_molecule_runs_twice() -> None:
    """The idempotence step is on in each; scenario default only starts and ends the emulator for the others."""
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
        "playbooks": names("playbooks", "*.yml") - {"summary"},  # the end of the others, nothing by itself
        **{f"plugins/{kind}": names(f"plugins/{kind}") for kind in ("filter", "inventory", "lookup") if names(f"plugins/{kind}")},
    }
    assert {kind: {entry["name"] for entry in entries} for kind, entries in listed.items()} == there


def test_the_version_that_modules_know_is_that_of_the_collection() -> None:
    assert yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"] == VERSION


def names(folder: str, pattern: str = "*.py") -> set[str]:
    """The public names in *folder* of the checkout."""
    return {path.stem for path in (CHECKOUT / folder).glob(pattern) if not path.name.startswith("_")}


def test_contributing_points_to_files_that_exist() -> None:
    """Paths of the table "you want to change | look at": from the checkout, from plugins/, or a package of module_utils."""
    table = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| you want to change")[1].split("\n\n")[0]
    rows = [row.split("|")[2] for row in table.splitlines()[2:]]
    assert len(rows) >= 20
    below = [CHECKOUT, CHECKOUT / "plugins", CHECKOUT / "plugins" / "module_utils"]
    paths = [path for row in rows for path in re.findall(r"`([\w/.-]+(?:/|\.\w+))`", row)]
    assert len(paths) >= len(rows)
    assert [path for path in paths if not any((folder / path).exists() for folder in below)] == []
