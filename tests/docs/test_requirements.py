# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the requirements of the Ansible community and Red Hat that docs/requirements.md lists, as far as a test can check them."""

from __future__ import annotations

import ast
import json
import re
import shutil
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import ROOT, Ansible
from tools import environments

PAGE = ROOT / "docs" / "requirements.md"
ROWS = [line.strip("|").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
#: Kinds of plugins that `ansible-doc` documents -> their folders.
KINDS = {"module": "modules", "filter": "filter", "inventory": "inventory", "lookup": "lookup"}
KNOWN = {*KINDS.values(), "action", "doc_fragments", "module_utils", "plugin_utils"}
PLUGINS = sorted((kind, path.stem) for kind, folder in KINDS.items() for path in (ROOT / "plugins" / folder).glob("[a-z]*.py"))
MODULES = [name for kind, name in PLUGINS if kind == "module"]
#: Modules that change nothing on the service, although their names do not end in _info: they write files, or show the results of other tasks.
NOT_A_QUESTION = {"account_doctor", "fail", "overview", "rerun_report", "rerun_summary"}
#: Rules of ansible-lint that certification requires.
NEVER_SKIPPED = {"risky-shell-pipe", "command-instead-of-shell", "meta-no-info", "package-latest", "no-handler", "no-log-password"}
NEVER_SKIPPED |= {
    "meta-runtime[unsupported-version]",
    "no-changed-when",
    "risky-file-permissions",
    "command-instead-of-module",
    "unnamed-task",
}


def yaml_of(name: str) -> t.Any:
    """The content of YAML file *name* of the checkout."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, t.Any]]:
    """(kind, name) -> the output of `ansible-doc --json` for every plugin, including its doc fragments."""
    ansible = Ansible(tmp_path_factory.mktemp("documented"))
    read: dict[tuple[str, str], dict[str, t.Any]] = {}
    for kind in KINDS:
        names = [f"dataarts.factory.{name}" for of, name in PLUGINS if of == kind]
        outcome = ansible.run("ansible-doc", "--json", "-t", kind, *names).succeeded()
        read |= {(kind, name.rpartition(".")[2]): entry for name, entry in json.loads(outcome.stdout).items()}
    assert sorted(read) == PLUGINS
    return read


@pytest.mark.parametrize("row", [row for row in ROWS if row[0].strip() != "requirement"], ids=lambda row: row[0].strip())
def test_the_evidence_exists(row: list[str]) -> None:
    assert len(row) == 3, row
    met, evidence = row[1].strip(), row[2]
    assert re.match(r"(yes|no)\b", met)
    if met.startswith("no"):
        assert re.search(r"repository|published|another person|agreed|certification|belongs to AWX", met), met
    else:
        assert "`" in evidence
    for name, _member, test in re.findall(
        r"`([\w./-]+\.(?:py|md|rst|yml|yaml|toml|json|txt)|COPYING|\.github/ISSUE_TEMPLATE)(::(\w+))?`", evidence
    ):
        assert (ROOT / name).exists(), name
        assert not test or f"def {test}(" in (ROOT / name).read_text(encoding="utf-8"), test


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin[1])
def test_every_plugin_says_which_python_it_needs(documented: dict[tuple[str, str], dict[str, t.Any]], plugin: tuple[str, str]) -> None:
    """Plugins that send requests also name the library ``requests``, in the version of requirements.txt."""
    needs = documented[plugin]["doc"].get("requirements", [])
    assert [need for need in needs if re.match(r"python >= 3\.(9|10)\b", need)] != []
    oldest = re.findall(r"^requests>=(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {version for need in needs for version in re.findall(r"requests >= (\S+)", need)} <= set(oldest)
    options = documented[plugin]["doc"].get("options", {})
    assert ("access_key" in options) == any("requests" in need for need in needs) or plugin[0] == "inventory"


def test_shared_code_is_marked_as_private() -> None:
    for folder in ("module_utils", "plugin_utils"):
        parts = [path.name for path in (ROOT / "plugins" / folder).iterdir() if path.name not in ("__pycache__", "__init__.py")]
        assert [name for name in parts if not name.startswith("_")] == []
        assert "private" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_galaxy_yml_says_what_is_asked_for() -> None:
    galaxy = yaml_of("galaxy.yml")
    assert galaxy["tags"]
    assert galaxy["dependencies"] == {}
    assert re.fullmatch(r"[1-9]\d*\.\d+\.\d+", galaxy["version"])
    assert (ROOT / galaxy["license_file"]).exists()


def test_the_oldest_ansible_core_is_the_oldest_that_is_tested() -> None:
    assert yaml_of("meta/runtime.yml")["requires_ansible"] == f">={next(iter(environments.CONTROLLERS))}.0"


def test_plugins_stand_in_folders_that_ansible_knows() -> None:
    assert {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"} == KNOWN


@pytest.mark.long
def test_four_folders_are_enough(tmp_path: Path) -> None:
    """With nothing else of the collection, the documentation of every module can be read, and the syntax of every playbook is valid."""
    house = tmp_path / "collections" / "ansible_collections" / "dataarts" / "factory"
    for folder in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__"))
    ansible = Ansible(tmp_path, collections=tmp_path / "collections")
    names = [f"dataarts.factory.{name}" for name in MODULES]
    assert set(json.loads(ansible.run("ansible-doc", "--json", *names).succeeded().stdout)) == set(names)
    playbooks = sorted(f"dataarts.factory.{path.stem}" for path in (ROOT / "playbooks").glob("*.yml"))
    ansible.run("ansible-playbook", "--syntax-check", "-i", "sales,", *playbooks).succeeded()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin[1])
def test_every_plugin_has_examples_with_full_names(documented: dict[tuple[str, str], dict[str, t.Any]], plugin: tuple[str, str]) -> None:
    text = documented[plugin]["examples"]
    assert plugin[1] in text
    if plugin[0] == "module":
        tasks = [inner for task in yaml.safe_load(text) for inner in task.get("block", [task])]
        modules = {key for task in tasks for key in task if "." in key or key in ("debug", "set_fact", "fail", "assert", "include_role")}
        assert modules
        assert [name for name in modules if name.count(".") != 2] == []


@pytest.mark.parametrize("plugin", [plugin for plugin in PLUGINS if plugin[0] != "inventory"], ids=lambda plugin: plugin[1])
def test_every_plugin_says_what_it_returns(documented: dict[tuple[str, str], dict[str, t.Any]], plugin: tuple[str, str]) -> None:
    returned = documented[plugin]["return"]
    assert returned
    assert [name for name, value in returned.items() if not value.get("description") or not value.get("type")] == []


def test_modules_that_only_read_are_named_so(documented: dict[tuple[str, str], dict[str, t.Any]]) -> None:
    said = [name for name in MODULES if "only reads" in json.dumps(documented["module", name]["doc"]["attributes"])]
    assert [name for name in said if not name.endswith("_info") and name not in NOT_A_QUESTION] == []


def test_modules_that_only_read_support_check_mode(documented: dict[tuple[str, str], dict[str, t.Any]]) -> None:
    asking = [name for name in MODULES if name.endswith("_info")]
    assert {documented["module", name]["doc"]["attributes"]["check_mode"]["support"] for name in asking} == {"full"}


def test_no_option_is_a_state_that_queries(documented: dict[tuple[str, str], dict[str, t.Any]]) -> None:
    for name in MODULES:
        choices = documented["module", name]["doc"]["options"].get("state", {}).get("choices") or []
        assert not {"get", "list", "query", "info"} & set(choices), name


def test_sanity_ignores_nothing() -> None:
    assert list((ROOT / "tests" / "sanity").glob("ignore*")) == []


def test_python_requirements_have_no_upper_bound() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[a-z]+(>=[\d.]+)?", line) or "ansible" in line] == []


def test_the_linter_skips_no_rule_that_counts() -> None:
    settings = yaml_of(".ansible-lint")
    assert settings["profile"] == "production"
    assert settings["skip_list"] == ["var-naming[no-role-prefix]"], "the page says why"
    assert not set(settings["skip_list"]) & NEVER_SKIPPED
    assert not {"plugins/", "roles/", "extensions/", "playbooks/"} & set(settings["exclude_paths"])
    assert ".*" in yaml_of("galaxy.yml")["build_ignore"], "the linter's settings are not part of the artifact"


def defined(path: Path) -> set[str]:
    """The variables that a YAML file of a role defines, as defaults or vars, or in tasks with vars, set_fact or register."""
    content = yaml.safe_load(path.read_text(encoding="utf-8").replace(" !unsafe ", " "))
    if isinstance(content, dict):
        return set(content)
    names: set[str] = set()
    tasks = list(content)
    while tasks:
        task = tasks.pop()
        tasks += [inner for part in ("block", "rescue", "always") for inner in task.get(part, [])]
        names |= {*task.get("vars", {}), *task.get("ansible.builtin.set_fact", {})} - {"cacheable"}
        names |= {task["register"]} if "register" in task else set()
    return names


def test_variables_of_roles_begin_with_the_name_of_the_service() -> None:
    """The prefix is ``dataarts_`` instead of the role's name, which the linter would require."""
    files = [path for folder in ("defaults", "vars", "tasks") for path in sorted((ROOT / "roles").rglob(f"{folder}/**/*.yml"))]
    names = {path: defined(path) for path in files}
    assert sum(map(len, names.values())) > 50
    # Variables of Ansible itself keep their names.
    assert {name for name in set.union(*names.values()) if not re.match(r"(__)?dataarts_|ansible_", name)} == set()


def test_this_page_names_each_test_of_this_file() -> None:
    """Otherwise nobody would find the check of a requirement."""
    names = [node.name for node in ast.parse(Path(__file__).read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    tests = {name for name in names if name.startswith("test_")} - {
        "test_the_evidence_exists",
        "test_this_page_names_each_test_of_this_file",
    }
    assert {name for name in tests if name not in PAGE.read_text(encoding="utf-8")} == set()
