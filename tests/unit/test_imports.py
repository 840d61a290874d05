# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import rules: each package of module_utils imports only from itself and from packages above it in PACKAGES."""

from __future__ import annotations

import ast
import functools
import re
import typing as t
from pathlib import Path

import pytest

from tests.support.table import failing

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
#: The packages of module_utils in the order of their imports.
PACKAGES = ("_common", "_config", "_models", "_http", "_journal", "_planner", "_api", "_output", "_runner")
#: Modules with side effects: clocks, files, network, randomness, threads, processes.
EFFECTS = {
    "concurrent",
    "fcntl",
    "os",
    "random",
    "requests",
    "shutil",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib3",
}


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The modules that file *path* imports, including imports for type checking only. Those of the collection are dotted paths below ``plugins``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module))
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(PLUGINS).parent.parts
            target = [*package[: len(package) - node.level + 1], *str(node.module or "").split(".")]
            dotted = ".".join(part for part in target if part)
            if (PLUGINS / dotted.replace(".", "/")).is_dir():
                names.update(f"{dotted}.{alias.name}" for alias in node.names)
            else:
                names.add(dotted)
    return frozenset(names)


def own_imports(path: Path) -> set[Path]:
    """The files of the collection that file *path* imports."""
    return {file for name in imports(path) if (file := PLUGINS / f"{name.replace('.', '/')}.py").is_file()}


def files(*folders: str) -> list[Path]:
    """Every Python file below the folders of ``plugins``; none of the folders may be empty."""
    paths = [sorted(path for path in (PLUGINS / folder).rglob("*.py") if path.name != "__init__.py") for folder in folders]
    assert all(paths)
    return [path for below in paths for path in below]


def test_the_packages_are_those_of_the_list() -> None:
    assert sorted(path.name for path in (PLUGINS / "module_utils").iterdir() if path.name != "__pycache__") == sorted(PACKAGES)


def test_arrows_point_upwards_in_the_list_only() -> None:
    def check(path: Path) -> None:
        own = PACKAGES.index(path.parent.name)
        targets = {target.relative_to(PLUGINS).parts for target in own_imports(path)}
        assert {parts for parts in targets if parts[0] != "module_utils" or PACKAGES.index(parts[1]) > own} == set()

    assert failing(files("module_utils"), check) == {}


def test_no_file_imports_itself_by_way_of_others() -> None:
    done: set[Path] = set()

    def visit(path: Path, above: tuple[Path, ...]) -> None:
        assert path not in above, " imports ".join(step.stem for step in (*above, path))
        if path not in done:
            for target in sorted(own_imports(path)):
                visit(target, (*above, path))
            done.add(path)

    for path in sorted(PLUGINS.rglob("*.py")):
        visit(path, ())


def test_imports_inside_the_collection_are_relative() -> None:
    absolute = {
        path: [name for name in imports(path) if name.startswith("ansible_collections")] for path in files("module_utils", "plugin_utils")
    }
    assert {path: names for path, names in absolute.items() if names} == {}


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("__init__.py")), ids=str)
def test_a_package_file_is_empty(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == ""


def test_a_module_imports_nothing_but_utils() -> None:
    targets = {path: {target.relative_to(PLUGINS).parts[0] for target in own_imports(path)} for path in files("modules")}
    assert {path: folders for path, folders in targets.items() if not folders <= {"module_utils"}} == {}


def test_what_is_said_to_be_pure_has_no_effects() -> None:
    pure = [
        path for path in files("module_utils", "plugin_utils") if path.parent.name == "_planner" or re.search(r"\bPure\b", docstring(path))
    ]
    assert len(pure) > 80
    assert failing(pure, check_pure) == {}


def check_pure(path: Path) -> None:
    """Assert that neither *path* nor any file that it imports, directly or not, imports a module of EFFECTS."""
    seen: set[Path] = set()
    left = [path]
    while left:
        file = left.pop()
        if file not in seen:
            seen.add(file)
            left += own_imports(file)
    effects = {file.name: sorted({name.split(".")[0] for name in imports(file)} & EFFECTS) for file in seen}
    assert {name: effect for name, effect in effects.items() if effect} == {}


def docstring(path: Path) -> str:
    return str(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))


def importers(name: str) -> set[str]:
    """The files that import ``module_utils/NAME.py``, as paths relative to module_utils without suffix."""
    target = PLUGINS / "module_utils" / f"{name}.py"
    return {
        str(path.relative_to(PLUGINS / "module_utils").with_suffix("")) for path in PLUGINS.rglob("*.py") if target in own_imports(path)
    }


def test_what_leaves_the_process_goes_through_one_file() -> None:
    """HTTP goes through ``_http/client.py``; exit_json and fail_json are called only in ``ansible_module.py``."""
    assert importers("_http/transport") == {"_http/client"}
    assert importers("_http/connection") == {"_http/client", "_http/transport"}
    assert {
        path.stem
        for path in PLUGINS.rglob("*.py")
        if re.search(r"^(import|from) (requests|urllib3)\b", path.read_text(encoding="utf-8"), re.M)
    } == set()
    assert {path.stem for path in PLUGINS.rglob("*.py") if re.search(r"\.(fail|exit)_json\(", path.read_text(encoding="utf-8"))} == {
        "ansible_module"
    }


def test_what_is_done_about_an_instance_is_decided_in_the_planner() -> None:
    """``_runner`` lists and sends; it never mentions ``Action``."""
    assert {
        path.stem for path in (PLUGINS / "module_utils" / "_runner").glob("*.py") if re.search(r"\bAction\b", path.read_text("utf-8"))
    } == set()


def calls(path: Path) -> t.Iterator[tuple[str, frozenset[str]]]:
    """Every call in file *path*: the name of the function, and the keywords of the call."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, frozenset(keyword.arg or "" for keyword in node.keywords)


def test_an_action_is_decided_by_a_table_and_changed_in_one_place() -> None:
    """Only the modules with a decision table create a ``Decision``; everything else changes its action with ``Decision.turned``."""
    made, changed = set(), set()
    for path in sorted(PLUGINS.rglob("*.py")):
        for name, keywords in calls(path):
            if name == "Decision":
                made.add(path.name)
            elif name in ("replace", "_replace") and "action" in keywords:
                changed.add(path.name)
    assert made == {"explicit.py", "reconcile.py", "stopping.py"}
    assert changed == {"decision.py"}
