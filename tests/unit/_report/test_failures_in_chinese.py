# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that send end with has a translation: every text of an error in the code of the runner, the planner and the models, with its gaps filled."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import typing as t
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import translated

UTILS = Path(__file__).resolve().parents[3] / "plugins" / "module_utils"
COLLECTION = "ansible_collections.dataarts.factory.plugins.module_utils"
#: The packages whose texts are looked at, and the files of them whose modules only read, or whose texts nobody sees.
PACKAGES = ("_runner", "_planner", "_models")
LEFT_OUT = {
    "_planner/diagnosis.py",
    "_runner/ansible_module.py",
    "_runner/doctor.py",
    "_runner/history.py",
    "_runner/info.py",
    "_runner/recording.py",
}
#: Calls that make an error -> which argument is its text; what its remedy, and the beginning of the message, are passed or set as.
ERRORS = {"OptionError": 0, "ApiError": 1, "fail": 1}
NAMED = {"hint", "what", "remedy"}
#: The name of what stands in a gap -> what is put there; a number, which is also a name, in any other.
SAMPLES = {"where": "of workspace 62fb", "to_iso": "2026-11-23T01:00:00Z", "total": "3 instances"}
#: Three English words in a row.
ENGLISH = re.compile(r"[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}")
#: What is the same in both languages.
SAME = re.compile(r"PatchData|pip install tzdata")


def filled(node: ast.expr, module: ModuleType) -> list[str]:
    """What *node*, a text, may be."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in itertools.product(*(filled(part, module) for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return filled(node.value, module)
    if isinstance(node, ast.IfExp):
        return [*filled(node.body, module), *filled(node.orelse, module)]
    if isinstance(node, ast.BinOp):
        return [left + right for left in filled(node.left, module) for right in filled(node.right, module)]
    name = getattr(node, "attr", None) or getattr(node, "id", None)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if name == "counted":
            return [f"3 {noun}s" for noun in filled(node.args[1], module)]
    value = getattr(module, str(name), None)
    return [value if isinstance(value, str) else SAMPLES.get(str(name), "3")]


def texts_of(tree: ast.AST) -> t.Iterator[ast.expr]:
    """The texts of errors, of their remedies, and what messages begin with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", None))
            if name in ERRORS:
                yield from node.args[ERRORS[name] : 3]
                yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMED)
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if getattr(target, "attr", None) in NAMED or getattr(target, "id", None) in ("cause", "hint"):
                yield node.value


def said() -> t.Iterator[tuple[str, str]]:
    for path in sorted(path for package in PACKAGES for path in (UTILS / package).glob("*.py")):
        name = path.relative_to(UTILS).as_posix()
        if name in LEFT_OUT:
            continue
        module = importlib.import_module(f"{COLLECTION}.{name.removesuffix('.py').replace('/', '.')}")
        for node in texts_of(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp)):
                yield from ((f"{name}:{node.lineno}", text) for text in filled(node, module) if re.search("[a-z]{2} [a-z]", text))


SAID = dict.fromkeys(said())


def test_the_texts_are_there() -> None:
    assert len(SAID) > 100


@pytest.mark.parametrize(("place", "text"), SAID)
def test_what_a_module_fails_with_is_translated(place: str, text: str) -> None:
    # What a message begins with stands before its cause.
    whole = f"{text}: refused" if text.startswith("Failed to ") and ": " not in text else text
    assert not ENGLISH.search(SAME.sub("", translated("zh", whole))), place
