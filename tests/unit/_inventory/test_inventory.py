# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory plugin: accounts, host names and rows."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.plugin_utils._inventory.accounts import Target, checked, environment_of_target, targets_of
from ansible_collections.dataarts.factory.plugins.plugin_utils._inventory.matching import matching, unmatched
from ansible_collections.dataarts.factory.plugins.plugin_utils._inventory.names import RESERVED, host_names, host_pattern, safe_name
from ansible_collections.dataarts.factory.plugins.plugin_utils._inventory.rows import ROW_NAMES, intact

KEYS = {"access_key": "AK1", "secret_key": "SK1"}
ENVIRON = {"HW_PROJECT_ID": "p1", "HUAWEICLOUD_SDK_PROJECT_ID": "p2", "HW_REGION_NAME": "eu-de", "HW_ACCESS_KEY": "AK"}


def test_one_target_for_each_region() -> None:
    account = {"name": "a", "regions": ["eu-de", "eu-nl"], "max_retries": 2, "workspaces": ["prod*"], "studio_instance_ids": ["s1"], **KEYS}
    first, second = targets_of(account, {})
    assert (first.region, second.region) == ("eu-de", "eu-nl")
    assert first.options == {**KEYS, "max_retries": 2, "region": "eu-de", "project_id": None}
    assert (first.include, first.exclude, first.studio_instance_ids) == (("prod*",), (), ("s1",))
    assert first.fingerprint != second.fingerprint
    assert "SK1" not in repr(first)


def test_the_region_may_come_from_the_environment() -> None:
    assert [target.region for target in targets_of({"name": "a"}, ENVIRON)] == ["eu-de"]
    assert [target.region for target in targets_of({"name": "a", "regions": ["eu-nl"]}, ENVIRON)] == ["eu-nl"]
    assert [target.region for target in targets_of({"name": "a", "endpoint": "https://lab"}, {})] == [None]


@pytest.mark.parametrize("option", ["project_id", "endpoint", "endpoint_v1", "iam_endpoint"])
def test_what_belongs_to_one_region(option: str) -> None:
    with pytest.raises(OptionError, match=f"{option} belongs to one region, but 2 regions are listed: write one account per region"):
        targets_of({"name": "a", "regions": ["eu-de", "eu-nl"], option: "x"}, {})


def test_a_region_twice() -> None:
    with pytest.raises(OptionError, match="regions lists a region twice"):
        targets_of({"name": "a", "regions": ["eu-de", "eu-de"]}, {})


def test_the_projects_of_the_environment_are_only_for_its_own_credentials() -> None:
    (own,) = targets_of({"name": "a", **KEYS}, ENVIRON)
    (none,) = targets_of({"name": "a"}, ENVIRON)
    assert environment_of_target(none, True, ENVIRON) == ENVIRON
    for seen in (environment_of_target(none, False, ENVIRON), environment_of_target(own, True, ENVIRON)):
        assert seen == {"HW_REGION_NAME": "eu-de", "HW_ACCESS_KEY": "AK"}


def test_a_cache_entry_is_for_one_place_and_knows_no_secret() -> None:
    """With another secret, the same entry is read; with another account, region, project, host or user it is not."""
    user = {"user_name": "ops", "user_password": "secret", "domain_name": "acme"}

    def fingerprint(**changes: t.Any) -> str:
        (target,) = targets_of({"name": "a", "regions": ["eu-de"], **user, **changes}, {})
        return target.fingerprint

    changes = (
        {"name": "b"},
        {"regions": ["eu-nl"]},
        {"project_id": "p"},
        {"endpoint": "x"},
        {"user_name": "y"},
        {"domain_name": "z"},
        {"agency_name": "g", "agency_domain_name": "z"},
        {"studio_instance_ids": ["s"]},
    )
    others = [fingerprint(**change) for change in changes]
    assert len({fingerprint(), *others}) == 9
    assert fingerprint() == fingerprint(user_password="another") == fingerprint(workspaces=["prod*"])


def test_a_cache_entry_is_for_the_account_that_the_keys_or_the_environment_name() -> None:
    def fingerprint(environ: dict[str, str], **options: t.Any) -> str:
        (target,) = targets_of({"name": "a", "regions": ["eu-de"], **options}, environ)
        assert not any(secret in repr(target) for secret in ("AK1", "SK1", "AK2"))
        return target.fingerprint

    keys = {"HW_ACCESS_KEY": "AK1", "HW_SECRET_KEY": "SK1"}
    names = [
        fingerprint({}, **KEYS),
        fingerprint({}, **{**KEYS, "access_key": "AK2"}),
        fingerprint({**keys, "HW_PROJECT_ID": "p1"}),
        fingerprint({**keys, "HW_PROJECT_ID": "p2"}),
        fingerprint({**keys, "HW_ACCESS_KEY": "AK2"}),
        fingerprint({}),
    ]
    assert len(set(names)) == len(names)
    assert names[0] == fingerprint({**keys, "HW_PROJECT_ID": "p1"}, **{**KEYS, "secret_key": "SK2"})


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*",), (), True),
        (("sales*",), (), True),
        (("w-1",), (), True),
        (("Sales*",), (), False),
        (("hr", "*_eu"), (), True),
        (("*",), ("*_eu",), False),
        (("*",), ("w-?",), False),
        (("*",), ("hr",), True),
    ],
)
def test_patterns(include: tuple[str, ...], exclude: tuple[str, ...], expected: bool) -> None:
    target = Target("a", "eu-de", {}, include=include, exclude=exclude)
    assert target.wants({"workspace_name": "sales_eu", "workspace_id": "w-1"}) is expected


def test_a_cache_that_somebody_edited_is_asked_for_anew() -> None:
    row = dict.fromkeys(ROW_NAMES, "x")
    assert intact({"a": [row, row], "b": [], "c": [{"workspace_id": "x"}], "d": "x", "e": [7], "f": [{**row, "more": 1}]}) == {
        "a": [row, row],
        "b": [],
    }
    assert [intact(value) for value in (None, [row], "x")] == [{}, {}, {}]


NAMES = [
    ("sales", "sales"),
    ("Sales EU (prod)", "Sales_EU_prod"),
    ("{{ lookup('pipe', 'id') }}", "lookup_pipe_id"),
    ("销售", "销售"),
    ("a,b:c&d!e*[1:3]~/\\@", "a_b_c_d_e_1_3"),
    ("--all", "all"),
    ("...", ""),
    ("\u202ea\x1b[31m\n", "a_31m"),
    ("e\u0301", "\u00e9"),
    ("x" * 200, "x" * 100),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_names_that_a_pattern_can_name(name: str, expected: str) -> None:
    assert safe_name(name) == expected


COLLISIONS: list[tuple[str, list[tuple[str, str, str]], list[str], list[str]]] = [
    ("no collision", [("sales", "1111111122", "a"), ("hr", "2222222233", "a")], ["sales", "hr"], []),
    (
        "two of one name: both get a suffix",
        [("prod", "1111111122", "a"), ("hr", "2222222233", "a"), ("prod", "3333333344", "b")],
        ["prod-11111111", "hr", "prod-33333333"],
        ["prod is the name of 2 workspaces; a suffix is added to the name of the host."],
    ),
    (
        "alike only once they are safe",
        [("a b", "1111111122", "a"), ("a/b", "3333333344", "a")],
        ["a_b-11111111", "a_b-33333333"],
        ["a_b is the name of 2 workspaces; a suffix is added to the name of the host."],
    ),
    (
        "one workspace seen by two accounts",
        [("prod", "1111111122", "a"), ("prod", "1111111122", "b c")],
        ["prod-11111111-a", "prod-11111111-b_c"],
        ["prod is the name of 2", "prod-11111111 is the name of 2"],
    ),
    (
        "ids that begin alike, in one account",
        [("prod", "1111111122", "a"), ("prod", "1111111133", "a")],
        ["prod-11111111-a-1111111122", "prod-11111111-a-1111111133"],
        ["prod is", "prod-11111111 is", "prod-11111111-a is"],
    ),
    (
        "a name made to look like another's suffixed one",
        [("prod", "1111111122", "a"), ("prod", "3333333344", "a"), ("prod-11111111", "5555555566", "a")],
        ["prod-11111111-a-1111111122", "prod-33333333", "prod-11111111-a-5555555566"],
        ["prod is", "prod-11111111 is", "prod-11111111-a is"],
    ),
    ("a group that always exists", [("all", "1111111122", "a")], ["all-11111111"], ["all is the name of something else in the inventory"]),
    ("the controller", [("localhost", "1111111122", "a")], ["localhost-11111111"], ["localhost is the name of something else"]),
    ("nothing left of the name", [("??", "1111111122", "a"), ("!!", "3333333344", "a")], ["workspace-11111111", "workspace-33333333"], []),
]


@pytest.mark.parametrize(("wanted", "names", "warnings"), [case[1:] for case in COLLISIONS], ids=[case[0] for case in COLLISIONS])
def test_collisions(wanted: list[tuple[str, str, str]], names: list[str], warnings: list[str]) -> None:
    hosts, shown_warnings = host_names(wanted)
    assert hosts == names
    assert [shown.startswith(start) for shown, start in zip(shown_warnings, warnings)] == [True] * len(warnings)
    assert len(shown_warnings) == len(warnings)


WANTED = st.tuples(
    st.sampled_from(["prod", "Prod", "prod-11111111", "prod-11111111-a", "all", "dataarts", "p r", "p/r", "", "prod-2"])
    | st.text(max_size=8),
    st.text("12ab", min_size=8, max_size=12),
    st.sampled_from(["a", "b", "11111111"]),
)


@given(st.lists(WANTED, max_size=12, unique_by=lambda host: (host[1], host[2])), st.sets(st.sampled_from(["prod", "x", "prod-2"])))
def test_host_names_are_unique_safe_and_nobody_elses(wanted: list[tuple[str, str, str]], groups: set[str]) -> None:
    names, warnings = host_names(wanted, groups | RESERVED)
    assert len(names) == len(wanted) == len(set(names))
    assert not set(names) & (groups | RESERVED)
    assert all(re.fullmatch(r"\w[\w.-]*", name) for name in names)
    plain = [safe_name(name) or f"workspace-{workspace_id[:8]}" for name, workspace_id, account in wanted]
    assert bool(warnings) == (names != plain)


@given(st.lists(WANTED, max_size=12, unique_by=lambda host: (host[1], host[2])), st.randoms())
def test_host_names_do_not_depend_on_the_order(wanted: list[tuple[str, str, str]], random: t.Any) -> None:
    shuffled = list(wanted)
    random.shuffle(shuffled)
    assert dict(zip(wanted, host_names(wanted)[0])) == dict(zip(shuffled, host_names(shuffled)[0]))


def test_an_entry_gets_its_types() -> None:
    given_entry = {
        "name": "a",
        "regions": "eu-de",
        "studio_instance_ids": [" s1 ", ""],
        "validate_certs": "no",
        "connect_timeout": "2.5",
        "max_retries": "3",
        "project_id": "",
        "auth_token": None,
        **KEYS,
    }
    assert checked(given_entry, 1) == {
        "name": "a",
        "regions": ["eu-de"],
        "studio_instance_ids": ["s1"],
        "validate_certs": False,
        "connect_timeout": 2.5,
        "max_retries": 3,
        "project_id": None,
        "auth_token": None,
        **KEYS,
    }


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("retail", "entry 3 of accounts is not a mapping"),
        ({}, "entry 3 of accounts has no name"),
        ({"name": 7}, "entry 3 of accounts has no name: .* quote it if it is a number"),
        ({"name": "??"}, "entry 3 of accounts has no name"),
        ({"name": "a", "acess_key": "hunter2"}, "account a has the unknown option acess_key. Known are name, regions, .*access_key"),
        ({"name": "a", "regions": [7]}, "regions of account a must be a list of text: quote"),
        ({"name": "a", "workspaces": {"x": 1}}, "workspaces of account a must be a list"),
        ({"name": "a", "validate_certs": "hunter2"}, "validate_certs of account a must be true or false"),
        ({"name": "a", "read_timeout": "hunter2"}, "read_timeout of account a must be a number of seconds"),
        ({"name": "a", "max_retries": "1.5"}, "max_retries of account a must be a whole number"),
    ],
)
def test_entries_that_are_refused(entry: t.Any, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        checked(entry, 3)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["sales", "sales-1.eu", "销售", "w 0", "销 售", "a[1]", "a:22", "a,b", "*", "!no", "&a", "~a", "-x", "it's", r"a\b", "{{ x }}"]
)
def test_the_pattern_of_a_host_matches_it_and_no_other(host: str) -> None:
    groups = {"all": [host, "w", "0", "a", "b", "sales2", "销", "no", "x"]}
    assert matching(DataLoader(), groups, [host_pattern(host)]) == [host]
    assert matching(DataLoader(), groups, "all", f"{host_pattern(host)},sales2") == [host, "sales2"]
    assert host not in matching(DataLoader(), groups, "all", f"all,!{host_pattern(host)}")
    assert unmatched(DataLoader(), groups, f"{host_pattern(host)},sales2,!{host_pattern(host)}") == []
    assert [unmatched(DataLoader(), groups, blank) for blank in ("", " ", ",", ":")] == [None] * 4
    assert host_pattern("sales") == "sales"
