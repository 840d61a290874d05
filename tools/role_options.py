# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate the options of role rerun from the documentation of its modules: job_rerun, job_instance_retry (entry point ``related``) and
supplement_missing (entry point ``missing``).

    python -m tools.role_options          write roles/rerun/meta/argument_specs.yml and roles/rerun/defaults/main.yml
    python -m tools.role_options --check  exit 1 and name what differs

A variable of the role is ``dataarts_`` + the option's name. plugin_utils/_task/module_action.py passes them to the modules. Options that
only the role has are in tools/role_rerun.yml.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".cache" / "tree"))

from ansible_collections.dataarts.factory.plugins.plugin_utils._role.options import LEFT_OUT, RENAMED  # noqa: E402

ROLE = ROOT / "roles" / "rerun"
MODULE = "job_rerun"
RELATED_MODULE = "job_instance_retry"
MISSING_MODULE = "supplement_missing"
PREFIX = "dataarts_"
#: libyaml's loader, if available, is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Doc fragments of every module in the action group.
SHARED = ("account", "workspace")

#: Descriptions with at least this many characters after the first sentence are given in full by one entry point only.
_LONG = 60
#: Required options of entry point related, which the role checks itself.
NEEDED = ("workspace_id", "job_name", "jobs", "begin_time", "end_time")

_HEADER = """---
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tools/role_options.py from the documentation of the modules: change it there, or in tools/role_rerun.yml.
"""

_WORDS: dict[str, t.Any] = yaml.load((ROOT / "tools" / "role_rerun.yml").read_text(encoding="utf-8"), Loader=LOADER)
#: Options that only the role has.
OWN: dict[str, dict[str, t.Any]] = _WORDS["options"]
#: Those that entry point recap reads.
_RECAP = frozenset({"report_path", "report_url", "report_token", "report_link"})

#: Types for which Ansible's validation of a role refuses blank text, with a description of each.
_KINDS = {"int": "A whole number.", "float": "A number.", "bool": "V(true) or V(false).", "list": "A list.", "dict": "A dictionary."}

Options = dict[str, dict[str, t.Any]]


@dataclasses.dataclass(frozen=True)
class Names:
    """Names of a module's options in the role.

    :param module: name of the module.
    :param variables: option to variable, for the options that the role has.
    :param others: options that the role does not have.
    """

    module: str
    variables: dict[str, str]
    others: tuple[str, ...] = ()


def documentation(path: Path, name: str = "DOCUMENTATION") -> dict[str, t.Any]:
    """Parse the YAML in the string *name* of a module or doc fragment, without importing it.

    :raises LookupError: there is no such string.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            loaded = yaml.load(ast.literal_eval(node.value), Loader=LOADER)
            return loaded if isinstance(loaded, dict) else {}
    raise LookupError(f"{path} has no {name}")


def fragment_options(fragment: str) -> Options:
    """Options of a doc fragment (``account``, ``attributes.info``)."""
    name, _dot, part = fragment.partition(".")
    documented = documentation(ROOT / "plugins" / "doc_fragments" / f"{name}.py", part.upper() or "DOCUMENTATION")
    return t.cast(Options, documented.get("options") or {})


def module_options(module: str = MODULE) -> tuple[Options, Options]:
    """Options of a module: (those shared by all modules of the action group, its own), both in documentation order."""
    own = documentation(ROOT / "plugins" / "modules" / f"{module}.py")
    shared: Options = {}
    options: Options = dict(own.get("options") or {})
    for fragment in own.get("extends_documentation_fragment") or []:
        if not fragment.startswith("dataarts.factory."):
            continue
        short = fragment.removeprefix("dataarts.factory.")
        (shared if short in SHARED else options).update(fragment_options(short))
    return shared, {name: option for name, option in options.items() if name not in LEFT_OUT[module]}


def names(module: str = MODULE) -> Names:
    """Names of a module's options in the role."""
    shared, own = module_options(module)
    renamed = RENAMED.get(module, {})
    return Names(module, {name: PREFIX + renamed.get(name, name) for name in (*shared, *own)}, LEFT_OUT[module])


def role_options() -> Options:
    """Options of entry point main, by variable.

    None is required for Ansible: its error for a missing variable would show the whole documentation. The role checks required options itself.
    """
    shared, own = module_options()
    called = names()
    options = {PREFIX + name: _role_option(option, called) for name, option in {**shared, **own, **OWN}.items()}
    for option in options.values():
        if option.pop("required", False):
            option["description"].append("The role fails without it.")
    return options


def related_options() -> Options:
    """Options of entry point related, by variable."""
    shared, own = module_options(RELATED_MODULE)
    called = names(RELATED_MODULE)
    options = {}
    for name, option in {**shared, **own}.items():
        shown = options[called.variables[name]] = _role_option(option, called)
        shown.pop("required", None)
        if name in NEEDED:
            shown["description"].append("The role fails without it.")
    return {**options, called.variables["jobs"]: _WORDS["related_jobs"]}


def missing_options() -> Options:
    """Options of entry point missing, by variable. ``plans`` is the role's own."""
    shared, own = module_options(MISSING_MODULE)
    called = names(MISSING_MODULE)
    options = {called.variables[name]: _role_option(option, called) for name, option in {**shared, **own}.items()}
    for option in options.values():
        if option.pop("required", False):
            option["description"].append("The role fails without it.")
    return {**options, PREFIX + "plans": _role_option(OWN["plans"], called)}


def typed_options() -> dict[str, Options]:
    """Options of each entry point, with the types that the modules validate."""
    return {
        "main": role_options(),
        "related": related_options(),
        "missing": missing_options(),
        "recap": {PREFIX + name: option for name, option in OWN.items() if name in _RECAP},
    }


def argument_specs() -> str:
    """Text of ``meta/argument_specs.yml``."""
    options = {entry: {name: _unchecked(option) for name, option in typed.items()} for entry, typed in typed_options().items()}
    for entry in options.keys() - {"main"}:
        options[entry] = {name: _said_once(option, options["main"].get(name)) for name, option in options[entry].items()}
    common = {"version_added": "1.0.0", "author": _WORDS["author"]}
    entry_points = {
        name: {**{key: entry[key] for key in ("short_description", "description")}, **common, "options": options[name], **entry}
        for name, entry in _WORDS["entry_points"].items()
    }
    return _HEADER + _dump({"argument_specs": entry_points})


def _said_once(option: dict[str, t.Any], of_main: dict[str, t.Any] | None) -> dict[str, t.Any]:
    """*option* of another entry point. If entry point main has the same option, a long description is cut to its first sentence."""
    text = " ".join(option["description"])
    first = text.partition(". ")[0]
    if option != of_main or len(text) - len(first) < _LONG:
        return option
    return {**option, "description": [f"{first}.", "Entry point C(main) says more."]}


def defaults() -> str:
    """Text of ``defaults/main.yml``: defaults of the options that only the role has. The modules have the others."""
    values = {PREFIX + name: option["default"] for name, option in OWN.items() if option.get("default") is not None}
    return _HEADER + _dump(values)


def differences() -> list[str]:
    """One sentence for each generated file that is out of date."""
    return [
        f"{path.relative_to(ROOT)} is not what tools/role_options.py writes: run it"
        for path, text in ((ROLE / "meta" / "argument_specs.yml", argument_specs()), (ROLE / "defaults" / "main.yml", defaults()))
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def _role_option(option: dict[str, t.Any], called: Names) -> dict[str, t.Any]:
    """*option* as a role documents it.

    Without ``no_log``: before ansible-core 2.19, it breaks inline vaulted values in roles. The module masks secrets.
    """
    kept: dict[str, t.Any] = {name: option[name] for name in ("type", "elements", "required", "choices", "default") if name in option}
    described: dict[str, t.Any] = {"description": [_renamed(line, called) for line in _lines(option["description"])]}
    described.update(kept)
    if "suboptions" in option:
        described["options"] = {name: _role_option(suboption, called) for name, suboption in option["suboptions"].items()}
    return described


def _unchecked(option: dict[str, t.Any]) -> dict[str, t.Any]:
    """*option* for ``argument_specs.yml``: with type ``raw``, and the real type described in words.

    Ansible validates a role's variables before any code of the role runs. For a number, it refuses blank text, which surveys pass for empty
    answers, and its error shows the documentation of all variables. The action plugin of the modules reads blank text as not set.
    """
    kept = {name: value for name, value in option.items() if name not in ("type", "elements", "choices")}
    words = _KINDS.get(option["type"], "")
    if "choices" in option:
        words = f"{'A list of' if words else 'One of'} {', '.join(f'V({choice})' for choice in option['choices'])}."
    if option.get("default") is not None:
        words = words or "Text."  # ansible-core 2.16 refuses null for text with a default, too
    if not words:
        return option
    default = {"default": kept.pop("default")} if "default" in kept else {}
    return {**kept, "description": [*_lines(option["description"]), words], "type": "raw", **default}


def _lines(description: str | list[str]) -> list[str]:
    return [description] if isinstance(description, str) else description


def _renamed(text: str, called: Names) -> str:
    """*text* with ``O()`` and ``RV()`` changed to the role's variables, or to the module's options and results where the role has none."""

    def option(match: re.Match[str]) -> str:
        name, rest = t.cast("re.Match[str]", re.match(r"([^=\[.:#]*)(.*)", match.group(1))).groups()
        if name in called.variables:
            return f"O({called.variables[name]}{rest}"
        return f"O(dataarts.factory.{called.module}#module:{name}{rest}" if name in called.others else match.group(0)

    renamed = re.sub(r"\bO\(([^)=]+)", option, text)
    return re.sub(r"\bRV\((?!\w+\.)", f"RV(dataarts.factory.{called.module}#module:", renamed)


class _Dumper(yaml.SafeDumper):
    """Indents lists inside mappings, as yamllint requires."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- the name is the base class's
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 -- the name is the base class's
        return super().increase_indent(flow, False)


_Dumper.add_representer(str, _Dumper.represent_str)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def main() -> int:
    """Write the two files, or with ``--check`` only compare them. Returns the exit status."""
    if "--check" not in sys.argv[1:]:
        (ROLE / "meta" / "argument_specs.yml").write_text(argument_specs(), encoding="utf-8")
        (ROLE / "defaults" / "main.yml").write_text(defaults(), encoding="utf-8")
    problems = differences()
    print("\n".join(problems) or "Role rerun has the options of its modules.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
