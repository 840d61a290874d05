# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point downwards. A new file of module_utils is given its room in ROOMS, which is the map of the house."""

from __future__ import annotations

import ast
import functools
import re
import typing as t
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
COLLECTION = "ansible_collections.dataarts.factory.plugins."

#: Room of module_utils -> the rooms below it, which its files may import, and its files.
ROOMS: dict[str, tuple[str, str]] = {
    "words": ("", "errors hints slotted text threads times"),
    "options": ("words", "account given hosts options"),
    # What the service and this machine tell of instances, and which of them are meant.
    "things": ("words", "model retry selection sent"),
    # Knows nothing of jobs.
    "http": ("words options", "call client clock codes connection iam outcome pacer payload requests signer transport turns wire"),
    "service": (
        "words options things http",
        "endpoints factory factory_v1 factory_v2 listing management paging parse versions",
    ),
    # Pure, each with a table of tests.
    "decisions": (
        "words things",
        "approval budget decision order plan plan_id reconcile requested_decisions results wording",
    ),
    # On this machine's disk.
    "memory": ("words things", "ledger ledger_lines ledgers lock state_files"),
    "modules": (
        "words options things http service decisions memory",
        "information instance_retry looking module ordering reading remembering rerun rounds sending upstream wish",
    ),
}
ROOM_OF = {f"_{name}": room for room, (_below, names) in ROOMS.items() for name in names.split()}
#: What reads a clock or a file, talks, or runs at the same time as something else.
EFFECTS = {
    "concurrent",
    "fcntl",
    "os",
    "random",
    "requests",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib3",
}


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The modules that the file at *path* imports, also for type checking only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            package = module.startswith(COLLECTION) and (PLUGINS / module[len(COLLECTION) :].replace(".", "/")).is_dir()
            found.update([f"{module}.{name.name}" for name in node.names] if package else [module])
    return frozenset(found)


def own_imports(path: Path) -> set[Path]:
    """The files of the collection among them."""
    names = (name[len(COLLECTION) :] for name in imports(path) if name.startswith(COLLECTION))
    return {PLUGINS / f"{name.replace('.', '/')}.py" for name in names}


def files(folder: str) -> list[t.Any]:
    found = sorted((PLUGINS / folder).glob("*.py"))
    assert found
    return [pytest.param(path, id=path.stem) for path in found]


@pytest.mark.parametrize("path", files("module_utils"))
def test_a_util_imports_its_own_room_and_those_below(path: Path) -> None:
    assert path.stem in ROOM_OF, f"give {path.name} a room"
    room = ROOM_OF[path.stem]
    allowed = {room, *ROOMS[room][0].split()}
    assert {one.name: ROOM_OF.get(one.stem, str(one)) for one in own_imports(path) if ROOM_OF.get(one.stem) not in allowed} == {}


def test_no_file_imports_itself_by_way_of_others() -> None:
    done: set[Path] = set()

    def visit(path: Path, above: tuple[Path, ...]) -> None:
        assert path not in above, " imports ".join(one.stem for one in (*above, path))
        if path not in done:
            for one in sorted(own_imports(path)):
                visit(one, (*above, path))
            done.add(path)

    for path in sorted(PLUGINS.rglob("*.py")):
        visit(path, ())


def test_every_file_in_the_map_exists() -> None:
    assert sorted(ROOM_OF) == [path.stem for path in sorted((PLUGINS / "module_utils").glob("*.py"))]


@pytest.mark.parametrize("path", files("modules"))
def test_a_module_imports_nothing_but_utils(path: Path) -> None:
    assert {one.parent.name for one in own_imports(path)} <= {"module_utils"}


@pytest.mark.parametrize("path", [param for folder in ("module_utils", "plugin_utils") for param in files(folder)])
def test_what_is_said_to_be_pure_has_no_effects(path: Path) -> None:
    said = str(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))))
    if ROOM_OF.get(path.stem) != "decisions" and "\nPure" not in said:
        return
    seen: set[Path] = set()
    left = [path]
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            left += own_imports(one)
    effects = {one.name: sorted({name.split(".")[0] for name in imports(one)} & EFFECTS) for one in seen}
    assert {name: found for name, found in effects.items() if found} == {}


def test_what_leaves_the_process_goes_through_one_file() -> None:
    """HTTP through the client, the end of a module through ``_module.py``."""
    every = sorted(PLUGINS.rglob("*.py"))
    above = {name: {path.stem for path in every if f"{COLLECTION}module_utils.{name}" in imports(path)} for name in ("_transport", "_wire")}
    assert above == {"_transport": {"_client"}, "_wire": {"_client", "_transport"}}
    assert {
        path.stem for path in every if re.search(r"^(import|from) (requests|urllib3)\b", path.read_text(encoding="utf-8"), re.M)
    } == set()
    assert {path.stem for path in every if re.search(r"\.(fail|exit)_json\(", path.read_text(encoding="utf-8"))} == {"_module"}
