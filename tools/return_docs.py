# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the return values that modules share into their RETURN sections: ``python -m tools.return_docs``.

The shared keys are in return_docs.yml. A module keeps its own order and may omit shared keys, but the texts are the same everywhere.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "plugins" / "modules"
ERRORS = ROOT / "plugins" / "module_utils" / "_common" / "errors.py"
SOURCE = Path(__file__).with_suffix(".yml")
WIDTH = 140
_RETURN = re.compile(r'(?<=RETURN = r"""\n).*?(?=""")', re.DOTALL)
_LIST = "  contains:\n"


def blocks(text: str, indent: int) -> list[tuple[str, str]]:
    """Split YAML *text* at the keys with that indentation: (key, its lines). Lines before the first key have the key ""."""
    starts = [*re.finditer(rf"^ {{{indent}}}(\w+):", text, re.MULTILINE)]
    ends = [*(match.start() for match in starts[1:]), len(text)][: len(starts)]
    first = starts[0].start() if starts else len(text)
    return [("", text[:first]), *((match[1], text[match.start() : end]) for match, end in zip(starts, ends, strict=True))]


def kinds() -> str:
    """The sentence about the kinds of errors."""
    # Parsed, not executed: runpy does not work with ansible-test's collection importer.
    classes = [node for node in ast.parse(ERRORS.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    members = [node.value for node in next(node for node in classes if node.name == "Kind").body if isinstance(node, ast.Assign)]
    *words, last = (f"V({ast.literal_eval(member)})" for member in members)
    return (
        f"One of {', '.join(words)} and {last} for an answer of the service or its absence, V(option) for an option that cannot be used, "
        "V(journal) for a journal that cannot be used, V(import) for a missing Python library, V(limit) for a plan that is refused as a whole, "
        "V(incomplete) if the goal was not reached, V(quiet_hours) if nothing was sent in quiet hours, and V(internal) for a defect of the collection."
    )


def shared() -> dict[str, dict[str, str]]:
    """Section of return_docs.yml to key to its lines, dedented."""
    sections = {}
    for section, text in blocks(re.sub(r"^#.*\n", "", SOURCE.read_text(encoding="utf-8"), flags=re.MULTILINE), 0):
        keys = {key: textwrap.dedent(lines).strip("\n") + "\n" for key, lines in blocks(text, 2) if key}
        sections[section] = {key: _with_kinds(lines) for key, lines in keys.items()}
    return sections


def generated(source: str) -> str:
    """The *source* of a module, with the shared keys as in return_docs.yml."""
    sections = shared()

    def rewritten(match: re.Match[str]) -> str:
        keys = blocks(match[0], 0)
        if not any(key in ("requests", "error") for key, dummy in keys):
            return match[0]  # a module that sends no requests and returns no error
        return "".join(_result_key(key, lines, sections) for key, lines in keys)

    return _RETURN.sub(rewritten, source)


def main() -> None:
    """Rewrite the modules."""
    for path in sorted(MODULES.glob("*.py")):
        path.write_text(generated(path.read_text(encoding="utf-8")), encoding="utf-8")


def _result_key(key: str, lines: str, sections: dict[str, dict[str, str]]) -> str:
    if key in sections["results"]:
        return sections["results"][key]
    keys = sections.get(key)
    if keys is None or _LIST not in lines:
        return lines
    head, body = lines.split(_LIST, 1)
    inner = [textwrap.indent(keys[name], "    ") if name in keys else text for name, text in blocks(body, 4)]
    return head + _LIST + "".join(inner)


def _with_kinds(lines: str) -> str:
    match = re.search(r"^( *)- '@KINDS@'\n", lines, re.MULTILINE)
    if match is None:
        return lines
    wrapped = textwrap.wrap(kinds(), WIDTH, initial_indent=f"{match[1]}- ", subsequent_indent=f"{match[1]}  ", break_on_hyphens=False)
    return lines.replace(match[0], "\n".join(wrapped) + "\n")


if __name__ == "__main__":
    main()
