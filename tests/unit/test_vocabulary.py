# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No retired word is used in names, docstrings, comments, messages and guides. CONTRIBUTING.md has the glossary."""

from __future__ import annotations

import ast
import functools
import re
import typing as t
from collections import defaultdict
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = ("plugins", "emulator", "tools", "tests", "extensions", "docs", "examples")
TEXTS = ("roles", "playbooks", "docs", "extensions", "examples", "emulator", "plugins", "tools", "changelogs", ".github")
TEXT_SUFFIXES = (".md", ".rst", ".yml", ".yaml", ".html", ".js", ".j2")
#: Generated from other files, or written by somebody else.
NOT_OURS = ("CHANGELOG.rst", "CODE_OF_CONDUCT.md", "docs/docsite/rst/images")

# Names. The second half of a pair says what to write instead.

#: Refused as a whole name, with or without a leading underscore, because they do not say what they hold.
EMPTY_NAMES = ("one", "mine", "found", "every", "told", "each")
#: Refused as a whole name, in any case style.
WHOLE_NAMES = {
    "sent": "attempt",
    "held": "claim, claimed",
    "settled_at": "the settle window's own words",
    "moved": "changed",
    "stayed": "unchanged",
}
#: Refused as a whole name, but only below plugins/. Elsewhere they are ordinary words.
WHOLE_NAMES_IN_PLUGINS = {
    "call": "request",
    "calls": "requests",
    "follow": "the retry policy's own words",
    "then": "the retry policy's own words",
    "memory": "journal",
    "view": "snapshot",
    "table": "a name that says of what",
    "active": "in progress",
    "elsewhere": "conflicted",
    "refusing": "rejected",
    "ways": "next_steps",
    "direct": "inprocess",
    "quiet": "hold_off",
}
#: Refused as a part of a name that consists of several words.
WORDS_OF_NAMES = {
    "ledger": "journal",
    "ledgers": "journal",
    "remember": "journal",
    "remembered": "journal",
    "remembering": "journal",
    "look": "snapshot, or pass",
    "looks": "snapshot, or pass",
    "looking": "snapshot",
    "looker": "snapshot",
    "wish": "run_scope",
    "born": "complete_since",
    "birth": "complete_since",
    "unborn": "complete_since",
    "movement": "changed, unchanged, unclear",
    "hopeless": "rejected",
    "overtaken": "taken over",
    "pacer": "rate_limiter",
    "turns": "rate_limiter",
    "wire": "request, connection",
    "payload": "body, json_body",
    "round": "pass",
    "rounds": "passes",
    "parked": "queued",
    "idle": "already_done",
    "carry": "pass_state",
    "telling": "console",
    "tally": "counts",
    "misspelled": "typos",
    "spelling": "typos",
    "stated_end": "goal",
    "state_path": "journal",
    "state_file": "journal",
    "state_files": "journal",
    "way_out": "next_step, hint",
    "ways_out": "next_steps",
    "on_its_way": "in_progress",
    "on_their_way": "in_progress",
    "quiet_until": "hold_off_until",
    "answer_problems": "a name that says which answers",
    "credential_problems": "a name that says which credentials",
}
#: Parts of names that are ordinary words, although they contain a retired one.
ORDINARY_NAMES = re.compile(r"look_?up|look_at|background|around|idle_connection|idle_timeout")
FILE_NAMES = (
    "wish",
    "turns",
    "looking",
    "looker",
    "given",
    "rounds",
    "factory",
    "hosts",
    "remembering",
    "reading",
    "watch",
    "telling",
    "tally",
    "direct",
    "ways",
)
#: Names that Ansible prescribes for every file of a kind.
ANSIBLE_NAMES = (
    "main",
    "run_module",
    "ActionModule",
    "FilterModule",
    "InventoryModule",
    "ModuleDocFragment",
    "DOCUMENTATION",
    "EXAMPLES",
    "RETURN",
)

# Prose. A space in a pattern matches any white space, also across lines of a comment.

NOUN = r"\b(?:a|each|every|the|this|that|next|last|first|one|another|same|of|per|later|two|three|\d+) "
PROSE: tuple[tuple[str, str], ...] = (
    (r"\bledgers?\b", "journal"),
    (r"\brecords? of (?:what was )?sent\b", "journal"),
    (r"\bsent reruns\b", "attempts"),
    (r"\bremember(?:s|ed|ing)?\b", "the journal knows, or: keep"),
    (r"\bmemory of (?:what|sent|reruns|attempts)\b", "journal"),
    (r"\bstate (?:file|path)s?\b|\bstate_path\b", "journal"),
    (NOUN + r"looks?\b(?! (?:at|as|it|like|for|up|into)\b)", "snapshot, or pass"),
    (NOUN + r"rounds?\b(?! trip)", "pass"),
    (r"\bwish(?:es)?\b", "run scope; in a guide: request"),
    (r"\bstated end\b", "goal"),
    (r"\bon (?:its|their) way\b", "in progress"),
    (r"(?<![-\w])quiet\b(?!: (?:true|yes)| hours\b)", "hold off"),
    (r"\b(?:un)?born\b|\bbirth\b", "journal complete since"),
    (r"\bhopeless\b|\bovertaken\b", "rejected, conflicted, taken over"),
    (r"\bmovement\b", "changed, unchanged, unclear"),
    (r"\b(?:instances?|it|has|have|had|provably) (?:moved|stayed)\b", "changed, unchanged"),
    (r"\bpacers?\b", "rate limiter"),
    (r"\bpayloads?\b", "body"),
    (r"\bon the wire\b|\bover the wire\b", "in the request"),
    (r"\b(?:its|their) turn\b", "queued"),
    (r"\bparked\b", "queued"),
    (r"\bidle\b(?! (?:connection|time|for))", "already done"),
    (r"\bways? out\b", "next step, remedy"),
    (r"\bmisspell(?:ed|ing)s?\b|\bspellings?\b", "typo, form"),
    (r"\btally\b|\btallies\b", "counts"),
    (r"\b(?:answer|credential)_problems\b", "the filter's new name"),
    # English.
    (
        r"(?<![Tt]here\s)\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|later\b|earlier\b|better\b|worse\b|one\b|such\b)",
        "is not (a)",
    ),
    (r"\b[Gg]iv(?:e|es|ing)\b(?! (?:up|way|back|in)\b)", "set, use, pass, return"),
    (r"\b(?:can|cannot|could|could not) be told\b(?! (?:apart|from)\b)", "unknown"),
    (r"\b[Bb]esides?\b", "next to, in addition to"),
    (r"\bbegin of\b", "start of"),
    (r"\bWelcome (?:are|is)\b", "are welcome"),
    (r"\btruth values?\b|\barrived as an?\b", "must be …, not a boolean"),
    (r"\bif that is meant\b", "Did you mean …?"),
    (r"\bPrivate to the collection\b", "what it is; the underscore says that it is private"),
)
RETIRED = [(re.compile(pattern.replace(" ", r"\s+(?:#:?\s*)?")), use) for pattern, use in PROSE]
#: Two patterns that find whether a text has any retired word, ten times as fast: those that begin with `\b` share it.
ANY_RETIRED = [
    re.compile("|".join(pattern.pattern for pattern, _use in RETIRED if pattern.pattern.startswith(r"\b") is at_word))
    for at_word in (True, False)
]


#: Strings, in which a # does not begin a comment, and comments.
STRING_OR_COMMENT = re.compile(
    "|".join(
        rf"{mark * 3}[^{mark}\\]*(?:(?:\\.|{mark}(?!{mark * 2}))[^{mark}\\]*)*{mark * 3}|{mark}(?:[^{mark}\\]|\\.)*{mark}" for mark in "\"'"
    )
    + "|#[^\n]*",
    re.DOTALL,
)


class Hit(t.NamedTuple):
    """A retired word in line *line* of a file, and what to write instead."""

    line: int
    word: str
    use: str


def names_of(nodes: list[ast.AST]) -> t.Iterator[tuple[str, int]]:
    """Every name that a file binds, with its line. Names that are only read are bound elsewhere."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            yield node.name or "", node.lineno
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname, node.lineno) for alias in node.names if alias.asname)


@functools.cache
def in_name(name: str, *, in_plugins: bool) -> tuple[str, str] | None:
    """The retired word in *name* and its replacement, or None. The name of a test is checked as prose."""
    if name.startswith("__"):
        return None
    if name.startswith("test_"):
        return next(iter(in_text(name.replace("_", " "))), None)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    if snake in EMPTY_NAMES:
        return snake, "what it holds: instance, attempt, name, …"
    whole = {**WHOLE_NAMES, **(WHOLE_NAMES_IN_PLUGINS if in_plugins else {})}
    if snake in whole:
        return snake, whole[snake]
    padded = f"_{ORDINARY_NAMES.sub('', snake)}_"
    return next(((word, use) for word, use in WORDS_OF_NAMES.items() if f"_{word}_" in padded), None)


def in_text(text: str) -> list[tuple[str, str]]:
    return [(word, use) for _place, word, use in places(text)]


def places(text: str) -> list[tuple[int, str, str]]:
    """Every retired word in *text*: its position, the word, and what to write instead."""
    if not any(pattern.search(text) for pattern in ANY_RETIRED):
        return []
    return [(match.start(), " ".join(match.group().split()), use) for pattern, use in RETIRED for match in pattern.finditer(text)]


def prose_of(source: str, nodes: list[ast.AST]) -> t.Iterator[tuple[str, int]]:
    """Every string of several words, and every comment, with its first line. Comments on consecutive lines are joined."""
    inside: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            text = node.value
        else:
            continue
        if re.search(r"\w \w+ \w|\w\n", text):
            yield text, node.lineno
    line, begin, place = 1, 0, 0
    block: list[str] = []
    for token in STRING_OR_COMMENT.finditer(source):
        line, place = line + source.count("\n", place, token.start()), token.start()
        if not token[0].startswith("#"):
            continue
        if block and line != begin + len(block):
            yield "\n".join(block), begin
            block = []
        begin = begin if block else line
        block.append(token[0])
    if block:
        yield "\n".join(block), begin


def hits_in_python(path: Path) -> list[Hit]:
    source = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    in_plugins = path.relative_to(CHECKOUT).parts[0] == "plugins"
    hits = [Hit(line, *retired) for name, line in names_of(nodes) if (retired := in_name(name, in_plugins=in_plugins))]
    return hits + [Hit(line, *retired) for text, line in prose_of(source, nodes) for retired in in_text(text)]


def hits_in_text(path: Path) -> list[Hit]:
    text = path.read_text(encoding="utf-8")
    return [Hit(text.count("\n", 0, place) + 1, word, use) for place, word, use in places(text)]


def files() -> list[Path]:
    below = [path for folder in PYTHON for path in (CHECKOUT / folder).rglob("*.py")]
    below += [path for folder in TEXTS for path in (CHECKOUT / folder).rglob("*") if path.suffix in TEXT_SUFFIXES]
    below += [path for path in CHECKOUT.iterdir() if path.suffix == ".md" or path.name == "Makefile"]
    return sorted(
        path
        for path in set(below)
        if path.is_file() and path != Path(__file__).resolve() and not str(path.relative_to(CHECKOUT)).startswith(NOT_OURS)
    )


def two_of_a_name() -> dict[Path, list[Hit]]:
    """Public classes, functions and constants of plugins/ whose names another file uses too, by file."""
    places: defaultdict[str, list[tuple[Path, int]]] = defaultdict(list)
    for path in sorted((CHECKOUT / "plugins").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
            for name in names:
                if not name.startswith("_") and name not in ANSIBLE_NAMES:
                    places[name].append((path, node.lineno))
    hits: defaultdict[Path, list[Hit]] = defaultdict(list)
    for name, where in places.items():
        for path, line in where[1:]:
            hits[path].append(Hit(line, name, f"another name: {where[0][0].relative_to(CHECKOUT)} has it too"))
    return hits


def all_hits() -> dict[str, list[Hit]]:
    doubles = two_of_a_name()
    hits = {}
    for path in files():
        here = (hits_in_python if path.suffix == ".py" else hits_in_text)(path) + doubles.get(path, [])
        if path.stem.strip("_") in FILE_NAMES and path.relative_to(CHECKOUT).parts[0] in ("plugins", "emulator", "roles", "tools"):
            here.append(Hit(0, path.name, "a file name that says what it holds"))
        if here:
            hits[path.relative_to(CHECKOUT).as_posix()] = sorted(here)
    return hits


def test_no_retired_word_is_used() -> None:
    hits = [f"{path}:{hit.line}: {hit.word!r}; write {hit.use}" for path, here in all_hits().items() for hit in here]
    assert not hits, "\n".join(hits)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("one", "one"),
        ("_found", "found"),
        ("found_jobs", None),
        ("one_pass", None),
        ("LedgerFile", "ledger"),
        ("quiet_until", "quiet_until"),
        ("SharedTurns", "turns"),
        ("returns", None),
        ("look_up", None),
        ("first_look", "look"),
        ("Sent", "sent"),
        ("sent_ms", None),
        ("memory", None),
        ("test_one_that_is_on_its_way", "on its way"),
        ("test_what_was_found", None),
    ],
)
def test_names(name: str, word: str | None) -> None:
    retired = in_name(name, in_plugins=False)
    assert (retired and retired[0]) == word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what was found is in memory; There is no other", []),
        ("is no longer there, is no more than one", []),
        ("that is no name", ["is no"]),
        ("Look at the ledger", ["ledger"]),
        ("on its\n# way", ["on its # way"]),
        ("given up; gives up; was given", []),
        ("Give one of them", ["Give"]),
        ("pip --quiet; quietly", []),
        ("quiet hours; until it is quiet", ["quiet"]),
        ("The next look sends what the last round left", ["next look", "last round"]),
        ("the first look at it", []),
    ],
)
def test_prose(text: str, words: list[str]) -> None:
    assert sorted(word.strip() for word, dummy in in_text(text)) == sorted(words)
