# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specification, documentation and examples of each module agree, and module files contain nothing else."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins import modules
from ansible_collections.dataarts.factory.plugins.module_utils._config import argument_spec as _options
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import SECRET_OPTIONS

SPECS = _options.MODULES
#: It reads the journal, not the service, so it takes no credentials.
NOT_IN_GROUP = {"rerun_history_info"}
ACTIONS: dict[str, t.Callable[[], _options.Spec]] = {
    "fail": _options.fail_spec,
    "overview": _options.overview_spec,
    "rerun_summary": _options.rerun_summary_spec,
    "rerun_report": _options.rerun_report_spec,
}
FRAGMENTS: dict[str, t.Callable[[], _options.Spec]] = {
    "account": _options.account_spec,
    "workspace": _options.workspace_spec,
    "selection": _options.selection_spec,
    "retry": _options.retry_spec,
    "journal": _options.journal_spec,
    "language": _options.language_spec,
    "sending": _options.sending_spec,
}
ATTRIBUTES = {"check_mode", "diff_mode", "idempotent", "async", "platform"}
#: Names that ansible-core 2.21 refuses for return values: methods of dict.
DICT_METHODS = {name for name in dir(dict) if not name.startswith("_")}
COLLECTION = "ansible_collections.dataarts.factory.plugins"


def module(name: str) -> t.Any:
    return importlib.import_module(f"{COLLECTION}.modules.{name}")


def fragment(name: str) -> dict[str, t.Any]:
    """The content of doc fragment *name* ("attributes.info")."""
    file, _dot, part = name.partition(".")
    text = getattr(importlib.import_module(f"{COLLECTION}.doc_fragments.{file}").ModuleDocFragment, (part or "documentation").upper())
    return t.cast("dict[str, t.Any]", yaml.safe_load(text))


def documentation(name: str) -> dict[str, t.Any]:
    """A module's documentation with its fragments merged in as ansible-doc does; the module's own entries win."""
    doc = yaml.safe_load(module(name).DOCUMENTATION)
    for reference in doc.get("extends_documentation_fragment", []):
        parts = fragment(reference[len("dataarts.factory.") :])
        for section in ("options", "attributes"):
            for key, value in parts.get(section, {}).items():
                doc.setdefault(section, {})[key] = {**value, **doc.get(section, {}).get(key, {})}
    return t.cast("dict[str, t.Any]", doc)


def as_documented(spec: _options.Spec) -> dict[str, t.Any]:
    """A specification in the form of documented options, without no_log."""
    options = {}
    for name, entry in spec.items():
        shown = {key: value for key, value in entry.items() if key not in ("no_log", "options")}
        if "options" in entry:
            shown["suboptions"] = as_documented(entry["options"])
        options[name] = shown
    return options


def without_words(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Documented options without their descriptions."""
    described = {}
    for name, entry in options.items():
        shown = {key: value for key, value in entry.items() if key != "description"}
        if "suboptions" in shown:
            shown["suboptions"] = without_words(shown["suboptions"])
        described[name] = shown
    return described


def entries(returns: dict[str, t.Any], where: str = "") -> t.Iterator[tuple[str, str, dict[str, t.Any]]]:
    """The documented return values: path, name, entry."""
    for name, entry in returns.items():
        yield f"{where}{name}", name, entry
        yield from entries(entry.get("contains", {}), f"{where}{name}.")


def test_every_module_is_compared() -> None:
    assert {module.name for module in pkgutil.iter_modules(modules.__path__)} == {*SPECS, *ACTIONS}


@pytest.mark.parametrize("name", list(ACTIONS))
def test_the_documentation_of_an_action_is_its_specification(name: str) -> None:
    """The module next to an action is its documentation alone."""
    assert without_words(documentation(name)["options"]) == as_documented(ACTIONS[name]())


@pytest.mark.parametrize("name", list(SPECS))
def test_the_documentation_of_a_module_is_its_specification(name: str) -> None:
    assert without_words(documentation(name)["options"]) == as_documented(SPECS[name]())


@pytest.mark.parametrize("name", list(FRAGMENTS))
def test_a_fragment_is_its_part_of_the_specification(name: str) -> None:
    assert without_words(fragment(name)["options"]) == as_documented(FRAGMENTS[name]())


@pytest.mark.parametrize("name", list(SPECS))
def test_a_module_is_called_with_its_own_specification(name: str) -> None:
    calls = [node for node in ast.walk(ast.parse(source(name))) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    called = {ast.unparse(call.func): [ast.unparse(argument) for argument in call.args] for call in calls}
    assert called.keys() == {"run_module", "main"}
    assert called["run_module"][:1] == [repr(name)]


@pytest.mark.parametrize("name", list(SPECS))
def test_secrets_are_never_logged_and_nothing_else_is_hidden_by_its_name(name: str) -> None:
    spec = SPECS[name]()
    hidden = {option for option, entry in spec.items() if entry.get("no_log")}
    assert hidden == {option for option in (*SECRET_OPTIONS, "journal_password") if option in spec}
    assert hidden >= set(SECRET_OPTIONS) or name in NOT_IN_GROUP


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_every_option_is_described_in_sentences(name: str) -> None:
    for option, entry in documentation(name)["options"].items():
        words = entry["description"]
        for text in [words] if isinstance(words, str) else words:
            assert text[0].isupper() or text[0] == "V", (option, text)
            assert text.endswith("."), (option, text)


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_attributes_are_complete(name: str) -> None:
    attributes = documentation(name)["attributes"]
    has_action = name in (
        *ACTIONS,
        "account_doctor",
        "job_rerun",
        "job_instance_retry",
        "job_instance_stop",
        "job_run",
        "job_schedule",
        "rerun_history_info",
        "supplement_data",
        "supplement_missing",
    )
    in_group = name in SPECS and name not in NOT_IN_GROUP
    assert set(attributes) == ATTRIBUTES | ({"action_group"} if in_group else set()) | ({"action"} if has_action else set())
    assert all(entry["description"] and entry["support"] for entry in attributes.values())
    assert attributes["check_mode"]["support"] == "full"
    assert not in_group or attributes["action_group"]["membership"] == ["dataarts.factory.api"]
    assert attributes["platform"]["platforms"]


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_a_page_says_who_wrote_it_since_when_it_is_there_and_where_to_go_on(name: str) -> None:
    doc = documentation(name)
    assert doc["version_added"] == "1.0.0"
    assert doc["author"]
    assert doc["seealso"]


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_return_values_are_described_typed_and_shown(name: str) -> None:
    for path, key, entry in entries(yaml.safe_load(module(name).RETURN)):
        assert {"description", "type", "returned"} <= set(entry), path
        assert "contains" in entry or "sample" in entry, path
        assert key.isidentifier(), path
        assert key not in DICT_METHODS, path
        assert entry["type"] != "list" or "elements" in entry, path


@pytest.mark.parametrize("name", list(SPECS))
def test_examples_use_options_that_exist(name: str) -> None:
    used = 0
    for task in yaml.safe_load(module(name).EXAMPLES):
        assert task["name"][0].isupper()
        for key, given in task.items():
            short = key.rpartition(".")[2]
            if not key.startswith("dataarts.factory."):
                continue
            used += short == name
            spec = SPECS[short]()
            assert set(given) <= set(spec), (key, sorted(set(given) - set(spec)))
            required = {option for option, entry in spec.items() if entry.get("required")}
            assert required <= set(given), (key, sorted(required - set(given)))
            for option, value in given.items():
                choices = spec[option].get("choices")
                assert choices is None or set(value if isinstance(value, list) else [value]) <= set(choices)
    assert used >= 1


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_a_module_file_is_documentation_specification_and_a_short_main(name: str) -> None:
    text = source(name)
    tree = ast.parse(text)
    code = text[text.rindex('"""') :].splitlines()
    assert len(code) <= 40
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    imported = {(node.level, str(node.module)) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert all(level == 2 and path.startswith("module_utils.") for level, path in imported - {(0, "__future__")})
    assert text.startswith("#!/usr/bin/python\n")
    doc = yaml.safe_load(module(name).DOCUMENTATION)
    assert (doc["module"], doc["version_added"]) == (name, "1.0.0")
    assert doc["author"]


@pytest.mark.parametrize("name", [*SPECS, *ACTIONS])
def test_markup_names_options_that_exist(name: str) -> None:
    """O(option) and O(option=value) in a module's own text and its fragments."""
    doc = documentation(name)
    known = set(doc["options"])
    for text in strings(doc):
        for option, value in re.findall(r"\bO\(([a-z_0-9.#:]+)(?:=([^)]*))?\)", text):
            if "#" in option:
                continue
            assert option in known, text
            choices = doc["options"][option].get("choices")
            assert not value or choices is None or value in choices or doc["options"][option]["type"] == "bool", text


def strings(value: t.Any) -> t.Iterator[str]:
    """Every text in *value*, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def source(name: str) -> str:
    with open(module(name).__file__, encoding="utf-8") as file:
        return file.read()


def test_specifications_are_fresh_on_every_call() -> None:
    for spec in (*SPECS.values(), *FRAGMENTS.values()):
        first = spec()
        first.clear()
        assert spec()
