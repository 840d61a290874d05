# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source's documentation and the rulebooks match the code."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.options import source_options, source_spec
from tests.unit.building import T
from tools.role_options import documentation

ROOT = Path(__file__).resolve().parents[2]
EDA = ROOT / "extensions" / "eda"
SOURCE = EDA / "plugins" / "event_source" / "failed_instances.py"
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_eda.rst"
RULEBOOKS = sorted(EDA.glob("rulebooks/*.yml"))


def filled(value: t.Any) -> t.Any:
    """*value* with templates replaced by text."""
    if isinstance(value, dict):
        return {name: filled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return "from-the-environment" if isinstance(value, str) and "{{" in value else value


def test_every_argument_is_documented_as_it_is_taken() -> None:
    documented = documentation(SOURCE)["options"]
    spec = source_spec()
    assert set(documented) == set(spec)
    for name, option in spec.items():
        shown = documented[name]
        for word in ("type", "elements", "default", "choices"):
            assert shown.get(word) == option.get(word), (name, word)
    assert set(documented["workspaces"]["suboptions"]) == set(spec["workspaces"]["options"])


def test_the_examples_are_taken() -> None:
    match = re.search(r'EXAMPLES = r"""(.*?)"""', SOURCE.read_text(encoding="utf-8"), re.DOTALL)
    assert match
    for example in yaml.safe_load(match.group(1)):
        (arguments,) = example.values()
        assert source_options(filled(arguments), T).logins


def test_the_variables_of_the_guide_are_taken() -> None:
    match = re.search(r"   # watch.yml\n(.*?)\n\n``host``", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert match
    given = yaml.safe_load(match.group(1))
    assert len(source_options({"accounts": given["dataarts_accounts"]}, T).logins[0].places) == 2
    used = set(re.findall(r"\bdataarts_\w+", "".join(path.read_text(encoding="utf-8") for path in RULEBOOKS)))
    assert set(given) <= used


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_a_rulebook_uses_arguments_and_playbooks_that_exist(path: Path) -> None:
    (rules,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    (source,) = rules["sources"]
    assert set(source["dataarts.factory.failed_instances"]) <= set(source_spec())
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"name: dataarts\.factory\.(\w+)", text)
    assert names
    assert all((ROOT / "playbooks" / f"{name}.yml").exists() for name in names)
    kinds = set(re.findall(r'dataarts\.kind == "(\w+)"', text))
    assert kinds == {"failed", "restored", "outage", "ended"} | (
        {"missing"} if source["dataarts.factory.failed_instances"].get("find_missing") else set()
    )
