# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation pages of the playbooks, from their opening comments and the argument specs of the roles that they run.

`make docs` writes the pages. The opening comment has paragraphs, commands (indented by two spaces), and variables::

    # dataarts_hosts   pattern of the hosts (workspaces) to work on, default all
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from tools import role_options

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = "dataarts.factory"
#: Task files of a role without an argument spec of their own, and the entry point whose options they take.
ENTRY_POINTS = {"ask": "related"}
#: A line that explains one or more variables.
VARIABLE = re.compile(r"((?:dataarts_\w+(?:, (?:and )?)?)+) {2,}(\S.*)|(dataarts_\w+) (\S.*)")
#: Converts Ansible markup to reStructuredText: (text, role, entry point).
Markup = Callable[[str | list[str], str, str], str]


@dataclasses.dataclass(frozen=True)
class Playbook:
    """A playbook as its page describes it.

    :param text: paragraphs of the opening comment; the first says what the playbook does.
    :param example: the commands and files in the comment.
    :param variables: variable to its explanation in the comment.
    :param roles: (role, entry point) of each role that it runs, directly or in an imported playbook.
    :param used: all `dataarts_*` variables in it that users set.
    """

    name: str
    text: list[str]
    example: str
    variables: dict[str, str]
    roles: list[tuple[str, str]]
    used: set[str]


def comment(source: str) -> list[str]:
    """Lines of the opening comment after the licence, without the comment marks."""
    lines = source.split("\n")
    start = next(number for number, line in enumerate(lines) if "SPDX-License-Identifier" in line) + 1
    kept: list[str] = []
    for line in lines[start:]:
        if line and not line.startswith("#"):
            break
        kept.append(line[2:] if line.startswith("# ") else line.removeprefix("#"))
    return kept


def paragraphs(lines: list[str]) -> Iterator[list[str]]:
    """Blocks of lines, separated by blank lines."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def variables(block: list[str]) -> tuple[dict[str, str], list[str]]:
    """Split a block into the variables that it explains and the other lines."""
    explained: dict[str, str] = {}
    rest: list[str] = []
    names: list[str] = []
    for line in block:
        match = VARIABLE.match(line)
        if match and not rest:
            names = re.findall(r"dataarts_\w+", match[1] or match[3])
            explained |= dict.fromkeys(names, match[2] or match[4])
        elif names and line.startswith("  ") and not rest:
            explained |= {name: f"{explained[name]} {line.strip()}" for name in names}
        else:
            rest.append(line)
    for text in list(explained.values()):  # "… begins, default -24h; dataarts_planned_before where it ends"
        explained |= {name: words for name, words in re.findall(r"; (dataarts_\w+) ([^;]+)", text) if name not in explained}
    return explained, rest


def read(path: Path) -> Playbook:
    """Read the playbook in the file *path*."""
    source = path.read_text(encoding="utf-8")
    text: list[str] = []
    example: list[str] = []
    explained: dict[str, str] = {}
    for block in paragraphs(comment(source)):
        if re.match(r"  ansible-playbook ", block[0]):
            example += [line[2:] for line in block]
        elif example and re.fullmatch(r"[\w.]+\.yml:", block[0]):
            example += ["", f"# {block[0][:-1]}", *(line[2:] for line in block[1:])]
        else:
            here, rest = variables(block)
            explained |= here
            text += [sentence(" ".join(rest).strip())] if rest else []
    roles, used, imported = of_plays(path)
    for name in imported:
        explained = {**variables_of(path.with_name(name)), **explained}
    shown = "\n".join(example)
    if f"{COLLECTION}.{path.stem}" not in shown:
        text += [f"``{line}``" for line in example]
        shown = default_example(path.stem)
    return Playbook(path.stem, text, shown, explained, roles, used)


def sentence(text: str) -> str:
    """A paragraph of a comment, adapted to a page that shows commands and variables separately."""
    text = re.sub(r"^and (?=\w)", "In addition: ", text)
    return re.sub(r":$", ".", text)


def variables_of(path: Path) -> dict[str, str]:
    """Variables that the comment of the playbook in the file *path* explains."""
    return {name: text for block in paragraphs(comment(path.read_text(encoding="utf-8"))) for name, text in variables(block)[0].items()}


def default_example(name: str) -> str:
    """An example for a playbook that users do not run with a command: a rulebook runs it, or a playbook imports it."""
    if name.startswith("event_"):
        return f"# in a rulebook\naction:\n  run_playbook:\n    name: {COLLECTION}.{name}"
    return f"# in a playbook of your own\n- name: Take part in it\n  ansible.builtin.import_playbook: {COLLECTION}.{name}"


def of_plays(path: Path) -> tuple[list[tuple[str, str]], set[str], list[str]]:
    """Return (roles and entry points, variables, imported files) of a playbook. The first two include those of imported playbooks."""
    source = re.sub(r"(?m)^\s*#.*$", "", path.read_text(encoding="utf-8"))
    used = set(re.findall(r"(?<![\w.])dataarts_\w+", source))
    roles: dict[tuple[str, str], None] = {}
    for name, part in re.findall(rf"name: {COLLECTION}\.(\w+)(?:\n +tasks_from: (\w+))?\n", source):
        known = specs(name)
        entry = ENTRY_POINTS.get(part, part or "main")
        roles[name, entry if entry in known else "main"] = None
    imported = re.findall(r"import_playbook: (\w+\.yml)", source)
    for name in imported:
        more, others, _files = of_plays(path.with_name(name))
        roles |= dict.fromkeys(more)
        used |= others
    # Users do not set results of tasks, nor facts that the role sets.
    returned = {
        *re.findall(r"register: (dataarts_\w+)", source),
        "dataarts_rerun_result",
        "dataarts_missing_result",
        "dataarts_rerun_summary",
    }
    return list(roles), used - returned, imported


@functools.cache
def specs(role: str) -> dict[str, t.Any]:
    """Argument specs of a role, by entry point."""
    source = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    return dict(yaml.load(source, Loader=role_options.LOADER)["argument_specs"])


@functools.cache
def typed() -> dict[str, role_options.Options]:
    """Options of role rerun, by entry point."""
    return role_options.typed_options()


def options(role: str, entry: str) -> dict[str, Mapping[str, t.Any]]:
    """Options of an entry point of a role, by name, with their types."""
    return dict(typed()[entry] if role == role_options.ROLE.name else specs(role)[entry].get("options", {}))


def code(text: str) -> str:
    """Mark names of variables, options and plugins as code."""
    return re.sub(
        rf"(?<![\w`/.])(--?[a-z][\w-]*|dataarts_\w+(?:=\S+\w)?|{re.escape(COLLECTION)}\.\w+|ansible-doc [^:;,]+\w)", r"``\1``", text
    )


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of two or three cells as a reStructuredText table."""
    head, widths = (
        (("Variable", "Type and default", "What it says"), "25 20 55") if len(rows[0]) == 3 else (("Variable", "What it says"), "25 75")
    )
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if number == 0 else ' '} - {cell}" for number, cell in enumerate(row)]
    return [*lines, ""]


def kind(option: Mapping[str, t.Any]) -> str:
    """Type, default and choices of an option in one cell."""
    parts = [option.get("type", "str") + (f" of {option['elements']}" if "elements" in option else "")]
    parts += [f"default ``{option['default']}``"] if option.get("default") not in (None, "", [], {}) else []
    parts += ["required"] if option.get("required") else []
    parts += [f"one of {', '.join(f'``{choice}``' for choice in option['choices'])}"] if option.get("choices") else []
    return "; ".join(parts)


def first(description: str | list[str]) -> str:
    """The first paragraph of a description."""
    return description if isinstance(description, str) else description[0]


def own_variables(playbook: Playbook) -> dict[str, str]:
    """Variables of the playbook that are not options of its roles, with explanations: from its comment, that of playbook `rerun`, or role rerun."""
    own = dict(playbook.variables)
    of_roles = {name for role in playbook.roles for name in options(*role)}
    elsewhere = {
        name: re.sub(r"\b[A-Z]\(([^)]+)\)", r"\1", first(option["description"])) for name, option in options("rerun", "main").items()
    }
    elsewhere |= variables_of(ROOT / "playbooks" / "rerun.yml")
    return own | {name: elsewhere[name] for name in sorted(playbook.used - of_roles - set(own))}


def page(playbook: Playbook, markup: Markup) -> str:
    """The page of *playbook* in reStructuredText."""
    title = f"{COLLECTION}.{playbook.name} playbook"
    lines = [f".. _ansible_collections.{COLLECTION}.{playbook.name}_playbook:", "", title, "=" * len(title), ""]
    for text in playbook.text:
        lines += [text if text.startswith("``") else code(text), ""]
    if playbook.example:
        language = "shell" if playbook.example.startswith("ansible-playbook") else "yaml"
        lines += [
            "Example",
            "-------",
            "",
            f".. code-block:: {language}",
            "",
            *(f"   {line}".rstrip() for line in playbook.example.split("\n")),
            "",
        ]
    own = own_variables(playbook)
    if own:
        lines += ["Variables of the playbook", "-------------------------", ""]
        lines += table([(f"``{name}``", code(text)) for name, text in own.items()])
    for role, entry in playbook.roles:
        rows = [
            (f"``{name}``", kind(option), markup(first(option["description"]), role, entry))
            for name, option in options(role, entry).items()
            if name not in own
        ]
        if not rows:
            continue
        heading = f"Variables of role {role}" + ("" if entry == "main" else f", entry point {entry}")
        whole = f"Each is explained in full on the page of :ref:`the role <ansible_collections.{COLLECTION}.{role}_role>`."
        lines += [heading, "-" * len(heading), "", whole, "", *table(rows)]
    return "\n".join(lines)


def pages() -> dict[str, Playbook]:
    """All playbooks except internal ones (`_*.yml`), by the names of their pages."""
    return {f"{path.stem}_playbook": read(path) for path in sorted((ROOT / "playbooks").glob("[!_]*.yml"))}
