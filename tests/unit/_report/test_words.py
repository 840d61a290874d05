# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of the terminal: the catalogue has every text of the code, with its gaps, and no other."""

from __future__ import annotations

import ast
import importlib
import re
import typing as t
from pathlib import Path

import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import LANGUAGE_WORDS
from ansible_collections.dataarts.factory.plugins.module_utils._planner.assumptions import POINTS
from ansible_collections.dataarts.factory.plugins.plugin_utils._report import words
from tests.support.table import failing

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
COLLECTION = "ansible_collections.dataarts.factory.plugins"
GAP = re.compile(r"\{(\w+)\}")
#: What is the same in both languages: options and their values.
NAMES = re.compile(r"<\w+>|dataarts_\w+|false|wait_timeout|running_exception|jobs|true|--?\w+")
CONSOLE: dict[str, str] = words.catalogue()["console"]
#: With the form of several, where they have a gap for either.
MESSAGES = [re.sub(r"\{[st]\}", "s", english).replace("{are}", "are") for english, _chinese in words.catalogue()["messages"]]
#: What stands in code as an example, and in the catalogue as a gap.
SAMPLES = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+(?:Z|\+\d\d:\d\d)|\d{4}-\d\d-\d\d \d\d:\d\d \+\d\d:\d\d|HW_\w+|[a-z]{2}-west-\d+")
#: Share of a message's letters that has to stand in the code. The rest is what the code puts together, as ``is`` and ``are``.
SAID_BY_CODE = 0.95


class Said(t.NamedTuple):
    """One call of ``say``.

    :param texts: the English texts that it may have.
    :param gaps: names of the values that it fills in.
    """

    place: str
    texts: set[str]
    gaps: set[str]


def says() -> t.Iterator[Said]:
    for path in sorted(PLUGINS.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "say(" not in source:
            continue
        tree = ast.parse(source)
        if not any(
            "say" in ([alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else [getattr(node, "name", "")])
            for node in ast.walk(tree)
        ):
            continue
        for call, loops in calls(tree, {}):
            gaps = {str(keyword.arg) for keyword in call.keywords} | ({"n"} if len(call.args) > 2 else set())
            yield Said(f"{path.relative_to(PLUGINS)}:{call.lineno}", set(texts_of(call.args[1], path, loops)), gaps)


def calls(node: ast.AST, loops: dict[str, ast.expr]) -> t.Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
    """The calls of ``say`` below *node*, each with loop variable -> iterable of the comprehensions around it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
        yield node, loops
    for loop in getattr(node, "generators", ()):
        loops = loops | ({loop.target.id: loop.iter} if isinstance(loop.target, ast.Name) else {})
    for child in ast.iter_child_nodes(node):
        yield from calls(child, loops)


def texts_of(node: ast.expr, path: Path, loops: dict[str, ast.expr]) -> t.Iterator[str]:
    """The texts that an argument may be: itself, one of two, an entry of a table in the file, or each of a loop."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body, path, loops)
        yield from texts_of(node.orelse, path, loops)
    elif isinstance(node, ast.Name) and isinstance(loops.get(node.id), ast.Tuple):
        for element in t.cast("ast.Tuple", loops[node.id]).elts:
            yield from texts_of(element, path, loops)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        yield from table_of(path, node.value.id).values()
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        yield from table_of(path, t.cast("ast.Name", node.func.value).id).values()
        yield from texts_of(node.args[1], path, loops)
    else:
        raise AssertionError(f"{path.name}:{node.lineno} says what is known only when it runs: {ast.unparse(node)}")


def table_of(path: Path, name: str) -> dict[str, str]:
    dotted = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
    return t.cast("dict[str, str]", getattr(importlib.import_module(f"{COLLECTION}.{dotted}"), name))


SAID = list(says())


def test_every_text_that_is_said_is_in_the_catalogue_and_no_other() -> None:
    said = {text for entry in SAID for text in entry.texts}
    assert len(SAID) > 30
    assert {entry.place: missing for entry in SAID if (missing := entry.texts - set(CONSOLE))} == {}
    assert set(CONSOLE) - said == set()


def test_a_text_gets_what_it_has_gaps_for() -> None:
    assert failing(SAID, check_gaps, lambda entry: entry.place) == {}


def check_gaps(entry: Said) -> None:
    for text in entry.texts:
        assert set(GAP.findall(text)) | ({"n"} & entry.gaps) == entry.gaps
        assert "n" in entry.gaps or "|" not in text


def test_a_text_is_the_same_in_english_and_has_the_same_gaps_in_chinese() -> None:
    assert len(CONSOLE) > 100
    assert failing(CONSOLE, check_console_text) == {}


def check_console_text(text: str) -> None:
    values = {name: f"<{name}>" for name in GAP.findall(text) if name != "n"}
    for number in (1, 2):
        form = text.split("|")[0 if number == 1 else -1]
        assert words.say("en", text, number, **values) == form.format(n=number, **values)
        chinese = words.say("zh", text, number, **values)
        assert [value for value in values.values() if value not in chinese] == []
        assert ("{n}" in CONSOLE[text]) == ("{n}" in text)
        assert "|" not in chinese
        assert not re.search(r"[A-Za-z]{2,}", NAMES.sub("", chinese))


def texts_below(node: t.Any) -> t.Iterator[str]:
    """The texts of a YAML file."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for part in node.values() if isinstance(node, dict) else node:
            yield from texts_below(part)


def pieces() -> set[str]:
    """The texts of the code in lower case, whole and by clauses, without gaps and docstrings."""
    texts = {form for forms in words.catalogue()["headline"].values() for form in forms[0].split("|")} | {"cannot"}
    texts |= {judge if isinstance(judge, str) else str(judge.__doc__).partition("\n")[0] for judge in POINTS.values()}
    for path in PLUGINS.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
        texts |= {node.value for node in constants if isinstance(node.value, str)}
    for path in (*PLUGINS.parent.glob("playbooks/*.yml"), *PLUGINS.parent.glob("roles/*/tasks/**/*.yml")):
        for text in texts_below(yaml.safe_load(path.read_text(encoding="utf-8"))):
            texts |= {piece for part in re.split(r"{{(.*?)}}", text, flags=re.DOTALL) for piece in (part, *part.split("'"))}
    parts = {part for text in texts for part in re.split(r"\{[\w:]*\}", SAMPLES.sub("{}", text))}
    clauses = {clause.strip(" \n.,;:()'").lower() for part in parts for clause in (part, *re.split(r"(?<=[.;:?]) |, |[()]", part))}
    clauses |= {clause[len("failed to ") :] for clause in clauses if clause.startswith("failed to ")}  # a message begins with it already
    return {form for clause in clauses if len(clause) > 1 for form in (clause, clause.replace("_", " "))}


def said_share(message: str, known: t.Mapping[str, t.Sequence[str]]) -> float:
    """Share of the letters of *message*, without its gaps, that are in the code.

    :param known: :func:`pieces` by their first two letters.
    """
    text = message.lower()
    gaps = {place for gap in GAP.finditer(text) for place in range(*gap.span())}
    letters = {word.start() + place for word in re.finditer(r"[a-z]{2,}", text) for place in range(len(word[0]))} - gaps
    said: set[int] = set()
    for place in range(len(text)):
        if place == 0 or not text[place - 1].isalnum():
            for piece in known.get(text[place : place + 2], ()):
                if text.startswith(piece, place) and re.match(r"s?(?![a-z])", text[place + len(piece) :]):
                    said.update(range(place, place + len(piece)))
    return len(letters & said) / len(letters) if letters else 1.0


def by_first_letters(texts: t.Iterable[str]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {}
    for text in texts:
        known.setdefault(text[:2], []).append(text)
    return known


def test_every_message_of_the_catalogue_is_one_of_the_code() -> None:
    known = by_first_letters(pieces())
    assert [message for message in MESSAGES if said_share(message, known) < SAID_BY_CODE] == []
    # Messages of an earlier version.
    for old in (
        "it is followed, and nothing is sent twice",
        "{n} skipped behind one that did not succeed ({jobs})",
        "whose rerun that is is unknown",
    ):
        assert said_share(old, known) < SAID_BY_CODE


#: What a gap is filled with that takes no word.
FILLED = {
    **dict.fromkeys(("n", "all"), "3"),
    **dict.fromkeys(("s", "t"), "s"),
    **dict.fromkeys(("when", "time", "since", "from"), "2026-03-02T01:00:00Z"),
    "are": "are",
}


def test_no_message_is_hidden_behind_an_earlier_one() -> None:
    """If two patterns match, the first is used, so each must be the first for some message."""
    hidden = []
    for english, chinese in words.catalogue()["messages"]:
        values = {name: FILLED.get(name, name) for name in GAP.findall(english)}
        shown = words.translated("zh", english.format(**values))
        if shown != chinese.format(**values):
            hidden.append((english, shown))
    assert hidden == []
    assert len({english for english, _chinese in words.catalogue()["messages"]}) == len(MESSAGES), "each stands there once"


def test_the_languages_are_those_of_the_option() -> None:
    assert words.LANGUAGES == LANGUAGE_WORDS
    assert words.translated("en", "Nothing to rerun") == "Nothing to rerun"
    assert words.translated("zh", "Nothing to rerun") == "没有需要重跑的实例"
    assert words.translated("zh", "表 ods.orders 不存在") == "表 ods.orders 不存在"
