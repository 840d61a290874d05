# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the options of role rerun what module job_rerun documents.

    python -m tools.role_options          write roles/rerun/meta/argument_specs.yml and roles/rerun/defaults/main.yml
    python -m tools.role_options --check  exit 1 and name what differs, also in the tasks that pass the options on

The role's variables are ``dataarts_`` + the option's name; what they mean is documented once, in the module and its fragments.
"""

from __future__ import annotations

import ast
import re
import sys
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
ROLE = ROOT / "roles" / "rerun"
MODULE = "job_rerun"
PREFIX = "dataarts_"
#: Fragments whose options every module of the action group takes: the role passes them on through module_defaults.
SHARED = ("account", "workspace")

#: Options by which the module's action plugin hands on what it knows.
INTERNAL = ("carry",)

_HEADER = """---
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tools/role_options.py from the documentation of module dataarts.factory.job_rerun: change it there.
"""

REPORT_PATH: dict[str, t.Any] = {
    "description": [
        "Folder for the report of all workspaces of the play, C(report.html), C(report.json) and C(report.xml) (JUnit).",
        "Written once for the play, in check mode too, by M(dataarts.factory.rerun_report). Nothing is written if it is not set.",
        "A relative path counts from the folder in which Ansible was started. Files of an earlier report are replaced.",
    ],
    "type": "path",
}
#: What only the role knows.
OWN: dict[str, dict[str, t.Any]] = {
    "fail_on_broken": {
        "description": [
            "Whether the role fails at its end when an instance did not succeed, or the workspace could not be read.",
            "If it is false, look at C(dataarts_rerun_result.succeeded).",
        ],
        "type": "bool",
        "default": True,
    },
    "plans": {
        "description": [
            "What was approved, by host, as M(dataarts.factory.rerun_summary) and the statistics of a run in check mode give it.",
            "Each workspace then reruns what its C(plan_id) stands for, in the same window and with the same C(since), or nothing.",
            "A workspace without an entry sends nothing and fails.",
        ],
        "type": "dict",
    },
    "report_path": REPORT_PATH,
}

Options = dict[str, dict[str, t.Any]]


def documentation(path: Path, name: str = "DOCUMENTATION") -> dict[str, t.Any]:
    """The YAML in the string *name* of a module or doc fragment, read without importing it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            loaded = yaml.safe_load(ast.literal_eval(node.value))
            return loaded if isinstance(loaded, dict) else {}
    raise LookupError(f"{path} has no {name}")


def fragment_options(fragment: str) -> Options:
    """The options of doc fragment *fragment* (``account``, ``attributes.info``)."""
    name, _dot, part = fragment.partition(".")
    found = documentation(ROOT / "plugins" / "doc_fragments" / f"{name}.py", part.upper() or "DOCUMENTATION")
    return t.cast(Options, found.get("options") or {})


def module_options() -> tuple[Options, Options]:
    """The options of the module: those of every module of the action group, and its own; both in the order in which they are documented."""
    own = documentation(ROOT / "plugins" / "modules" / f"{MODULE}.py")
    shared: Options = {}
    mine: Options = {name: option for name, option in (own.get("options") or {}).items() if name not in INTERNAL}
    for fragment in own.get("extends_documentation_fragment") or []:
        if not fragment.startswith("dataarts.factory."):
            continue
        short = fragment.removeprefix("dataarts.factory.")
        (shared if short in SHARED else mine).update(fragment_options(short))
    return shared, mine


def role_options() -> Options:
    """The options of the role, by the names of its variables.

    What the module requires the role checks itself: Ansible's own check would show this whole documentation to whoever forgot it.
    """
    shared, mine = module_options()
    every = {**shared, **mine}
    options = {PREFIX + name: _role_option(option, every) for name, option in {**every, **OWN}.items()}
    for option in options.values():
        if option.pop("required", False):
            option["description"].append("The role fails without it.")
    return options


def argument_specs() -> str:
    """The text of ``meta/argument_specs.yml``."""
    spec = {
        "argument_specs": {
            "main": {
                "short_description": "Rerun failed job instances of a DataArts Studio workspace, each exactly once",
                "description": [
                    "Runs M(dataarts.factory.job_rerun) for the workspace that an inventory host stands for, with credentials from inventory variables.",
                    "Leaves what it found and did in the variable C(dataarts_rerun_result).",
                ],
                "options": role_options(),
            },
            "report": {
                "short_description": "Write the report of all workspaces of a play",
                "description": [
                    "Runs M(dataarts.factory.rerun_report) over what the role left in C(dataarts_rerun_result) of every host of the play.",
                    "Include it with C(tasks_from=report) and C(run_once=true), after the role has run on every host.",
                ],
                "options": {"dataarts_report_path": REPORT_PATH},
            },
        }
    }
    return _HEADER + _dump(spec)


def defaults() -> str:
    """The text of ``defaults/main.yml``: the documented defaults, except of what an environment variable may say instead."""
    _shared, mine = module_options()
    values = {PREFIX + name: option["default"] for name, option in {**mine, **OWN}.items() if option.get("default") is not None}
    return _HEADER + _dump(values)


def differences() -> list[str]:
    """What is not as the module documents it, in sentences; empty if nothing."""
    found = [
        f"{path.relative_to(ROOT)} is not what tools/role_options.py writes: run it"
        for path, text in ((ROLE / "meta" / "argument_specs.yml", argument_specs()), (ROLE / "defaults" / "main.yml", defaults()))
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    tasks = (ROLE / "tasks" / "main.yml").read_text(encoding="utf-8")
    shared, mine = module_options()
    for name in (*shared, *mine):
        if not re.search(rf"^ +{name}: \"{{{{ .*\b{PREFIX}{name}\b", tasks, re.MULTILINE):
            found.append(f"roles/rerun/tasks/main.yml does not pass on {PREFIX}{name}")
    known = {PREFIX + name for name in (*shared, *mine, *OWN, "rerun_result", "hosts")}
    found.extend(
        f"roles/rerun/tasks/main.yml uses {name}, which is no option" for name in sorted(set(re.findall(rf"\b{PREFIX}\w+", tasks)) - known)
    )
    return found


def _role_option(option: dict[str, t.Any], every: Options) -> dict[str, t.Any]:
    """*option* as a role documents it. Secrets get no ``no_log`` here: before ansible-core 2.19 it breaks inline vaulted values, and the module masks them."""
    kept: dict[str, t.Any] = {name: option[name] for name in ("type", "elements", "required", "choices", "default") if name in option}
    text = option["description"]
    lines = [text] if isinstance(text, str) else text
    described: dict[str, t.Any] = {"description": [_renamed(line, every) for line in lines]}
    described.update(kept)
    if "suboptions" in option:
        described["options"] = {name: _role_option(one, every) for name, one in option["suboptions"].items()}
    return described


def _renamed(text: str, every: Options) -> str:
    """*text* with the names of options turned into the role's variables, and of return values into the module's."""

    def option(match: re.Match[str]) -> str:
        return f"O({PREFIX}{match.group(1)}" if re.split(r"[=\[.:#]", match.group(1))[0] in every else match.group(0)

    renamed = re.sub(r"\bO\(([^)=]+)", option, text)
    return re.sub(r"\bRV\((?!\w+\.)", f"RV(dataarts.factory.{MODULE}#module:", renamed)


class _Dumper(yaml.SafeDumper):
    """Indents lists inside mappings, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 -- the name is the base class's
        return super().increase_indent(flow, False)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def main() -> int:
    """Write the two files, or compare; returns the exit status."""
    if "--check" not in sys.argv[1:]:
        (ROLE / "meta" / "argument_specs.yml").write_text(argument_specs(), encoding="utf-8")
        (ROLE / "defaults" / "main.yml").write_text(defaults(), encoding="utf-8")
    found = differences()
    print("\n".join(found) or "Role rerun has the options of module job_rerun.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
