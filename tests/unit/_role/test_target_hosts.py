# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that a playbook of the collection selects, for all forms of ``dataarts_hosts`` and ``dataarts_serial``."""

from __future__ import annotations

import typing as t

import pytest
from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.dataarts.factory.plugins.lookup.target_hosts import LookupModule
from ansible_collections.dataarts.factory.plugins.plugin_utils._common.templates import own_template
from tests.support.table import failing
from tests.unit.test_input_forms import BLANKS, OTHER, showable


def plugin() -> LookupModule:
    loader = DataLoader()
    lookup = LookupModule(loader=loader, templar=Templar(loader, variables={}))
    lookup._load_name = lookup.ansible_name = "dataarts.factory.target_hosts"
    return lookup


def looked_up(pattern: t.Any, **variables: t.Any) -> t.Any:
    lookup = plugin()
    return lookup._pattern(lookup._checked(pattern), {"groups": {"all": ["sales", "supply"]}, **variables})


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("all", "all"),
        (" sales\r\n", "sales"),
        ("sales,supply", "sales,supply"),
        ("all:!sales", "all:!sales"),
        ("sales[0]", "sales[0]"),
        (["sales", "supply"], ["sales", "supply"]),
        ('["sales", "supply"]', ["sales", "supply"]),
        ("nowhere", "localhost"),
    ],
)
def test_a_pattern_is_what_it_says(pattern: t.Any, hosts: t.Any) -> None:
    assert looked_up(pattern) == hosts


@pytest.mark.parametrize("limit", [None, "sales"])
def test_any_other_form_is_a_pattern_or_refused_by_name(limit: str | None) -> None:
    def check(form: str) -> None:
        value = {**BLANKS, **OTHER}[form]
        result, refusal = None, ""
        try:
            result = looked_up(value, **({"ansible_limit": limit} if limit else {}))
        except AnsibleError as error:
            refusal = str(error)
        if refusal:
            assert "dataarts_hosts" in refusal
            assert showable(refusal)
        else:
            assert form not in BLANKS
            assert isinstance(value, (str, list, tuple))
            assert result == "localhost" or result in (value, str(value).strip(), list(value)) or form.startswith("JSON")

    assert failing({**BLANKS, **OTHER}, check) == {}


@pytest.mark.parametrize("serial", [None, "", 1, "3", "20%", "100%", [1, "20%"], ["5"]])
def test_a_serial_that_a_play_may_have_passes(serial: t.Any) -> None:
    checked(serial)


@pytest.mark.parametrize(
    "serial", [" ", "some", 0, "0", -1, "2\n", 1.5, True, "0%", "101%", "20 %", [], [0], {"a": 1}, "[1, 2]", "２", "9" * 99]
)
def test_any_other_serial_is_refused_by_name(serial: t.Any) -> None:
    with pytest.raises(
        AnsibleError, match=r"dataarts_serial must be a number of workspaces of 1 or more, a share such as 20%, or a list of these\."
    ):
        checked(serial)


def checked(serial: t.Any) -> None:
    loader = DataLoader()
    LookupModule(loader=loader, templar=Templar(loader, variables={}))._check_serial(serial)


class HostVars(dict[str, dict[str, t.Any]]):
    """Variables of hosts in the form of ansible-core's."""

    def raw_get(self, host: str) -> dict[str, t.Any]:
        return self[host]


@pytest.mark.parametrize(
    ("checkup", "unready"), [({"ready": True}, False), ({"ready": False}, True), ({"failed": True}, True), (None, True)]
)
def test_a_workspace_that_was_not_found_ready_is_not_ready(checkup: dict[str, t.Any] | None, unready: bool) -> None:
    """This includes a workspace that was not checked because of a tag."""
    hostvars = HostVars(sales={} if checkup is None else {"dataarts_checkup": checkup}, supply={"dataarts_checkup": {"ready": True}})
    assert LookupModule._of_part("unready", ["sales", "supply"], hostvars) == (["sales"] if unready else [])


@pytest.mark.parametrize(
    ("skipped", "start_at", "named"),
    [([], None, ""), (["watch", "all"], None, ""), (["always"], None, "--skip-tags always"), ([], "Sum up", "--start-at-task")],
)
def test_a_command_line_that_leaves_out_the_verdict_is_refused(
    monkeypatch: pytest.MonkeyPatch, skipped: list[str], start_at: str | None, named: str
) -> None:
    monkeypatch.setattr(context, "CLIARGS", {"start_at_task": start_at})
    if not named:
        plugin()._check_command_line({"ansible_skip_tags": skipped})
        return
    with pytest.raises(AnsibleError, match=f"^Nothing was done: {named} leaves out tasks"):
        plugin()._check_command_line({"ansible_skip_tags": skipped})


def test_a_pattern_that_cannot_be_evaluated_is_not_taken_for_every_workspace() -> None:
    """``default('all')`` in the playbooks treats it like an unset variable."""
    hosts = own_template("{{ no_such_team }}")
    with pytest.raises(AnsibleError, match=r"dataarts_hosts cannot be evaluated for a whole play.*no_such_team"):
        plugin().run(["all"], {"groups": {"all": ["sales", "supply"]}, "dataarts_hosts": hosts})
