# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choice of credentials from options and environment, and refusals, whose messages never contain a secret."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import (
    CREDENTIAL_OPTIONS,
    ENVIRONMENT,
    SECRET_OPTIONS,
    Account,
    resolve,
)
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import client_settings, open_session

Strings = dict[str, str]

KEYS = {"access_key": "AK1", "secret_key": "SK1"}
TEMPORARY = {**KEYS, "security_token": "ST1"}
TOKEN = {"auth_token": "TOKEN1"}
USER = {"user_name": "ops", "user_password": "pass word 1 ", "domain_name": "acme"}
AGENCY = {"agency_name": "rerun", "agency_domain_name": "other"}
HW_KEYS = {"HW_ACCESS_KEY": "AK1", "HW_SECRET_KEY": "SK1"}
HW_TEMPORARY = {**HW_KEYS, "HW_SECURITY_TOKEN": "ST1"}
SDK_KEYS = {"HUAWEICLOUD_SDK_AK": "AK2", "HUAWEICLOUD_SDK_SK": "SK2"}
CLOUD_KEYS = {"CLOUD_SDK_AK": "AK3", "CLOUD_SDK_SK": "SK3"}
HW_USER = {"HW_USER_NAME": "ops", "HW_USER_PASSWORD": "pass word 1 ", "HW_DOMAIN_NAME": "acme"}

ACCEPTED: list[tuple[str, Strings, Strings, Strings]] = [
    ("keys", KEYS, {}, KEYS),
    ("temporary keys", TEMPORARY, {}, TEMPORARY),
    ("a token", TOKEN, {}, TOKEN),
    ("a user, whose password keeps its blanks", USER, {}, USER),
    ("keys for an agency", {**KEYS, **AGENCY}, {}, {**KEYS, **AGENCY}),
    ("a user for an agency", {**USER, **AGENCY}, {}, {**USER, **AGENCY}),
    ("blanks around a key, as a file ends with a line break", {"access_key": " AK1", "secret_key": "SK1\n"}, {}, KEYS),
    ("HW variables", {}, HW_KEYS, KEYS),
    ("HW variables with a token", {}, HW_TEMPORARY, TEMPORARY),
    ("the SDK's variables", {}, SDK_KEYS, {"access_key": "AK2", "secret_key": "SK2"}),
    (
        "the SDK's variables with a token",
        {},
        {**SDK_KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST2"},
        {"access_key": "AK2", "secret_key": "SK2", "security_token": "ST2"},
    ),
    ("a token variable of the SDK next to keys of HW", {}, {**HW_KEYS, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST2"}, KEYS),
    ("the older SDK's variables", {}, CLOUD_KEYS, {"access_key": "AK3", "secret_key": "SK3"}),
    ("HW before the SDK's", {}, {**CLOUD_KEYS, **SDK_KEYS, **HW_KEYS}, KEYS),
    ("the newer SDK's before the older", {}, {**CLOUD_KEYS, **SDK_KEYS}, {"access_key": "AK2", "secret_key": "SK2"}),
    ("a token variable", {}, {"HW_AUTH_TOKEN": "TOKEN1"}, TOKEN),
    ("user variables", {}, HW_USER, USER),
    ("an agency by options, its user by variables", AGENCY, HW_USER, {**USER, **AGENCY}),
    ("empty options are unset", dict.fromkeys(CREDENTIAL_OPTIONS, ""), HW_KEYS, KEYS),
    (
        "empty variables are unset",
        {},
        {"HW_ACCESS_KEY": "", "HW_SECRET_KEY": " ", "HW_AUTH_TOKEN": "", **SDK_KEYS},
        {"access_key": "AK2", "secret_key": "SK2"},
    ),
    ("the account's name next to keys, as other tools want it", {}, {**HW_KEYS, "HW_DOMAIN_NAME": "acme"}, KEYS),
    ("options win over variables of other kinds", KEYS, {**HW_USER, "HW_AUTH_TOKEN": "T"}, KEYS),
    ("options win over variables of their kind", KEYS, {"HW_ACCESS_KEY": "AK9", "HW_SECRET_KEY": "SK9", "HW_SECURITY_TOKEN": "ST9"}, KEYS),
    ("a token by option, everything by variable", TOKEN, {**HW_TEMPORARY, **HW_USER}, TOKEN),
    ("a token variable of the same key joins", KEYS, HW_TEMPORARY, TEMPORARY),
    ("a token variable whose key nobody knows does not", KEYS, {"HW_SECURITY_TOKEN": "ST1"}, KEYS),
    (
        "the secret key that belongs to the option's key",
        {"access_key": "AK2"},
        {**HW_KEYS, **SDK_KEYS},
        {"access_key": "AK2", "secret_key": "SK2"},
    ),
    (
        "a password by variable for the option's user",
        {"user_name": "ops", "domain_name": "acme"},
        {"HW_USER_PASSWORD": "pass word 1 "},
        USER,
    ),
    ("a password by variable, its user named in both", {"user_name": "ops"}, HW_USER, USER),
]


@pytest.mark.parametrize(("options", "environ", "expected"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_credentials_that_are_used(options: Strings, environ: Strings, expected: Strings) -> None:
    account = Account.from_options(resolve(options, environ))
    assert {name: getattr(account, name) for name in CREDENTIAL_OPTIONS if getattr(account, name)} == expected
    assert account.secrets() == {value for name, value in expected.items() if name in SECRET_OPTIONS}


REFUSED: list[tuple[str, dict[str, t.Any], Strings, str]] = [
    (
        "none",
        {},
        {},
        "No credentials: set access_key and secret_key, or auth_token, or user_name.*HW_ACCESS_KEY.*HW_AUTH_TOKEN.*HW_USER_PASSWORD",
    ),
    ("an agency alone", AGENCY, {}, "No credentials"),
    ("a region alone", {"region": "eu-de"}, {"HW_DOMAIN_NAME": "acme"}, "No credentials"),
    (
        "half a pair",
        {"access_key": "AK1"},
        {},
        r"access_key without secret_key: set secret_key \(or HW_SECRET_KEY / HUAWEICLOUD_SDK_SK / CLOUD_SDK_SK\)",
    ),
    ("the other half", {"secret_key": "SK1"}, {}, "secret_key without access_key"),
    ("a security token alone", {"security_token": "ST1"}, {}, "security_token without access_key and secret_key"),
    ("a foreign secret key never joins", {"access_key": "AK9"}, {**HW_KEYS, **SDK_KEYS, **CLOUD_KEYS}, "access_key without secret_key"),
    (
        "a foreign password never joins",
        {"user_name": "someone", "domain_name": "acme"},
        HW_USER,
        r"user_name and domain_name without user_password: set user_password \(or HW_USER_PASSWORD\)",
    ),
    ("half a pair of variables is not mended by another", {}, {"HW_ACCESS_KEY": "AK1", **SDK_KEYS}, "access_key without secret_key"),
    ("a security token variable alone", {}, {"HW_SECURITY_TOKEN": "ST1"}, "security_token without access_key and secret_key"),
    ("a user without account", {"user_name": "ops", "user_password": "p"}, {}, "user_name and user_password without domain_name"),
    ("keys and a token", {**KEYS, **TOKEN}, {}, "access_key, secret_key and auth_token are credentials of different kinds"),
    ("keys and a user", {**KEYS, **USER}, {}, "credentials of different kinds"),
    (
        "keys and an account's name",
        {**KEYS, "domain_name": "acme"},
        {},
        "access_key, secret_key and domain_name are credentials of different kinds",
    ),
    (
        "several kinds of variables",
        {},
        {**HW_KEYS, **HW_USER},
        "environment holds credentials of different kinds: HW_ACCESS_KEY, HW_SECRET_KEY, HW_USER_NAME and HW_USER_PASSWORD. Unset",
    ),
    ("half an agency", {**KEYS, "agency_name": "rerun"}, {}, "agency_name without agency_domain_name"),
    ("the other half of an agency", {**KEYS, "agency_domain_name": "other"}, {}, "agency_domain_name without agency_name"),
    ("an agency by a token", {**TOKEN, **AGENCY}, {}, "agency_name with auth_token"),
    ("an agency by temporary keys", {**TEMPORARY, **AGENCY}, {}, "agency_name with security_token"),
    (
        "a number for a key",
        {"access_key": 12345678, "secret_key": "SK1"},
        {},
        r"access_key must be text, not a number.*Quote it there.*environment variable HW_ACCESS_KEY",
    ),
    ("a number for a secret", {"access_key": "AK1", "secret_key": 87654321}, {}, "secret_key must be text, not a number.*HW_SECRET_KEY"),
    ("a number for a password", {**USER, "user_password": 87654321}, {}, "user_password must be text, not a number"),
    ("a float", {**KEYS, "project_id": 1.5e30}, {}, "project_id must be text, not a number.*HW_PROJECT_ID"),
    ("a truth", {"auth_token": True}, {}, "auth_token must be text, not a boolean"),
    ("a list", {"auth_token": ["87654321"]}, {}, "auth_token must be text, not a list"),
    (
        "a number for an agency",
        {**KEYS, **AGENCY, "agency_name": 7},
        {},
        "agency_name must be text, not a number.*declare it as a string where it is entered, or use .*HW_ASSUME_ROLE_AGENCY_NAME.$",
    ),
    ("a line break in a key", {"access_key": "AK1", "secret_key": "87654321\nX: y"}, {}, "secret_key contains blanks, line breaks"),
    ("a line break in a variable", {}, {**HW_KEYS, "HW_SECRET_KEY": "8765\n4321"}, "secret_key contains blanks"),
    ("script in a token", {"auth_token": "令牌87654321"}, {}, "auth_token contains .*outside ASCII"),
]


@pytest.mark.parametrize(("options", "environ", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_credentials_that_are_refused(options: dict[str, t.Any], environ: Strings, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        Account.from_options(resolve(options, environ))
    secrets = ("AK1", "SK1", "ST1", "TOKEN1", "12345678", "87654321", "8765", "pass word")
    assert not [secret for secret in secrets if secret in str(caught.value)]


def test_the_documented_variables() -> None:
    assert ENVIRONMENT == {
        "region": ("HW_REGION_NAME",),
        "project_id": ("HW_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"),
        "access_key": ("HW_ACCESS_KEY", "HUAWEICLOUD_SDK_AK", "CLOUD_SDK_AK"),
        "secret_key": ("HW_SECRET_KEY", "HUAWEICLOUD_SDK_SK", "CLOUD_SDK_SK"),
        "security_token": ("HW_SECURITY_TOKEN", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        "auth_token": ("HW_AUTH_TOKEN",),
        "user_name": ("HW_USER_NAME",),
        "user_password": ("HW_USER_PASSWORD",),
        "domain_name": ("HW_DOMAIN_NAME",),
        "cloud_domain": ("HW_CLOUD",),
        "iam_endpoint": ("HW_AUTH_URL",),
        "agency_name": ("HW_ASSUME_ROLE_AGENCY_NAME",),
        "agency_domain_name": ("HW_ASSUME_ROLE_DOMAIN_NAME",),
    }


@pytest.mark.parametrize(
    ("options", "environ", "region", "project_id"),
    [
        ({}, {"HW_REGION_NAME": "eu-de", "HW_PROJECT_ID": "p1", "HUAWEICLOUD_SDK_PROJECT_ID": "p2"}, "eu-de", "p1"),
        (
            {"project_id": "", "region": None},
            {"HW_REGION_NAME": " eu-de ", "HW_PROJECT_ID": " ", "HUAWEICLOUD_SDK_PROJECT_ID": "p2"},
            "eu-de",
            "p2",
        ),
        ({"region": "eu-nl", "project_id": "p3"}, {"HW_REGION_NAME": "eu-de", "HW_PROJECT_ID": "p1"}, "eu-nl", "p3"),
        ({}, {}, None, None),
    ],
)
def test_region_and_project(options: dict[str, t.Any], environ: Strings, region: str | None, project_id: str | None) -> None:
    resolved = resolve(options, environ)
    assert (resolved["region"], resolved["project_id"]) == (region, project_id)


def test_resolving_keeps_everything_else_and_changes_nothing() -> None:
    options = {**KEYS, "endpoint": "x", "max_retries": 2, "region": " eu-de "}
    before = dict(options)
    resolved = resolve(options, {"HW_ENDPOINT": "y"})
    assert options == before
    assert {"endpoint": "x", "max_retries": 2, "region": "eu-de", **KEYS}.items() <= resolved.items()


SECRETS = st.text("abcXYZ0189+/=_-", min_size=12, max_size=40)


@given(*[SECRETS] * 4)
def test_no_repr_shows_a_secret(first: str, second: str, third: str, password: str) -> None:
    for options in (
        {"access_key": first, "secret_key": second, "security_token": third},
        {"auth_token": first},
        {"user_name": "ops", "user_password": password, "domain_name": "acme", **AGENCY},
    ):
        session = open_session({**options, "region": "eu-de", "project_id": "p"}, {})
        inside = vars(session.client)["_auth"]
        shown = "".join(repr(thing) + str(thing) for thing in (session, session.account, session.hosts, session.client, inside))
        assert not [secret for name, secret in options.items() if name in SECRET_OPTIONS and secret in shown]
        session.close()


def marked(text: str) -> str:
    """*text* with a character that no message contains, so that it cannot be part of one by chance."""
    return f"{text[: len(text) // 2]}‡{text[len(text) // 2 :]}"


VALUES = st.one_of(SECRETS.map(marked), st.none(), st.just(""), st.integers(10**9), st.text().map(marked))


@given(st.dictionaries(st.sampled_from(CREDENTIAL_OPTIONS), VALUES))
def test_options_make_an_account_of_one_kind_or_a_refusal_without_secrets(options: dict[str, t.Any]) -> None:
    refused = ""
    account: Account | None = None
    try:
        account = Account.from_options(resolve(options, {}))
    except OptionError as error:
        refused = str(error)
    if account is None:
        assert not [value for value in options.values() if value not in (None, "") and str(value) in refused]
        return
    assert bool(account.access_key) + bool(account.auth_token) + bool(account.user_name) == 1
    assert (account.kind == "keys") == bool(account.secret_key) == bool(account.access_key)


def test_settings_of_the_client(tmp_path: Path) -> None:
    assert client_settings({}) == {}
    given_settings = {
        "validate_certs": False,
        "allow_http": True,
        "connect_timeout": 1,
        "read_timeout": 2.5,
        "max_retries": 0,
        "ca_path": str(tmp_path),
    }
    assert client_settings(given_settings) == given_settings
    assert client_settings(dict.fromkeys(given_settings)) == {}


@pytest.mark.parametrize(
    "option", [{"connect_timeout": 0}, {"read_timeout": float("nan")}, {"max_retries": -1}, {"ca_path": "/nowhere/ca.pem"}]
)
def test_settings_that_are_refused(option: dict[str, t.Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(option))):
        open_session({**KEYS, "region": "eu-de", "project_id": "p", **option}, {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "region is missing"),
        ({"endpoint": "https://dayu.lab"}, "project_id is missing, and without region it cannot be looked up"),
        ({"endpoint": "https://lab", "region": "eu-de"}, "Set iam_endpoint too"),
        ({"endpoint": "https://lab", "region": "eu-de", "project_id": "p", **AGENCY}, "Set iam_endpoint too"),
        ({"endpoint": "https://lab/path", "region": "eu-de", "project_id": "p"}, "endpoint .* has a path"),
        ({"endpoint": 7, "region": "eu-de"}, "endpoint must be text"),
        ({"region": 7}, "region must be text, not a number"),
    ],
)
def test_places_that_are_refused(options: dict[str, t.Any], message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(OptionError, match=message):
        open_session({**KEYS, **options}, {})


def test_a_connection_with_a_project_asks_nobody() -> None:
    session = open_session({**KEYS, "endpoint": "https://lab", "project_id": "p1"}, {})
    assert session.project_id == "p1"
    assert session.hosts.v2 == "https://lab"
    session.close()
