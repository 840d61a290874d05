# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role rerun has the options of its modules, and passes all of them on."""

from __future__ import annotations

import pytest
import yaml

from tools import role_options

ROLE = role_options.ROLE


def test_the_role_is_what_the_module_documents() -> None:
    assert role_options.differences() == []


def test_a_difference_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(role_options.OWN, "another", {"description": "text", "type": "int", "default": 3})
    problems = role_options.differences()
    assert any(line.startswith("roles/rerun/meta/argument_specs.yml is not what") for line in problems)
    assert any(line.startswith("roles/rerun/defaults/main.yml is not what") for line in problems)


def test_every_default_of_the_role_is_the_one_in_its_documentation() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert defaults
    assert {name: specs[name]["default"] for name in defaults} == defaults


def test_secrets_have_no_default_and_no_mark_that_breaks_vaulted_values() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    for name in ("access_key", "secret_key", "security_token", "auth_token", "user_password"):
        assert set(specs[f"dataarts_{name}"]) == {"description", "type"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as O(jobs) and O(since=x)", "as O(dataarts_jobs) and O(dataarts_since=x)"),
        ("O(ansible.builtin.copy#module:src) stays", "O(ansible.builtin.copy#module:src) stays"),
        ("see RV(plan)", "see RV(dataarts.factory.job_rerun#module:plan)"),
        ("O(unheard_of)", "O(unheard_of)"),
        ("not with O(carry)", "not with O(dataarts.factory.job_rerun#module:carry)"),
    ],
)
def test_names_in_texts_become_variables(text: str, expected: str) -> None:
    called = role_options.Names("job_rerun", {"jobs": "dataarts_jobs", "since": "dataarts_since"}, ("carry",))
    assert role_options._renamed(text, called) == expected
