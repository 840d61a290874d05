# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and variables of other tools: values used, precedence, and refusals, whose messages contain names but never values."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import Account, WithoutProject, resolve_with_origins
from ansible_collections.dataarts.factory.plugins.module_utils._config.sources import with_sources

SECRET = "SECRET-OF-A-FILE-0123456789"
OTC = "https://iam.eu-de.otc.t-systems.com/v3"
PROFILE = {
    "name": "ops",
    "mode": "AKSK",
    "accessKeyId": "AKOFTHEPROFILE",
    "secretAccessKey": SECRET,
    "region": "eu-west-101",
    "projectId": "p-prof",
}
KEYS_FILE = f"[basic]\nak = AKOFTHEFILE\nsk = {SECRET}\n"
AUTH = {
    "auth_url": OTC,
    "username": "ops",
    "password": SECRET,
    "user_domain_name": "OTC00000000001000000001",
    "project_name": "eu-de_night",
}
OS_USER = {"OS_AUTH_URL": OTC, "OS_USERNAME": "ops", "OS_PASSWORD": SECRET, "OS_USER_DOMAIN_NAME": "OTC1", "OS_PROJECT_NAME": "eu-de"}
OS_KEYS = {"OS_ACCESS_KEY": "AKOFOTC", "OS_SECRET_KEY": SECRET, "OS_AUTH_URL": OTC, "OS_REGION_NAME": "eu-de", "OS_PROJECT_NAME": "eu-de"}
HW = {"HW_ACCESS_KEY": "AKOFTHEVARIABLES", "HW_SECRET_KEY": "SKOFTHEVARIABLES"}
OF_OTC = {"region": "eu-de", "cloud_domain": "otc.t-systems.com", "iam_endpoint": "https://iam.eu-de.otc.t-systems.com"}


class Machine:
    """A home directory with these files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ: dict[str, str] = {"HOME": str(home)}

    def config(self, **changes: t.Any) -> Machine:
        data = {
            "current": "ops",
            "authEncrypt": "false",
            "profiles": [PROFILE, {**PROFILE, "name": "other", "accessKeyId": "AKOFOTHER"}],
            **changes,
        }
        (self.home / "config.json").write_text(json.dumps(data), encoding="utf-8")
        self.environ["HW_SHARED_CONFIG_FILE"] = "~/config.json"
        return self

    def keys(self, *, named: bool = False) -> Machine:
        path = self.home / ("named" if named else ".huaweicloud/credentials")
        path.parent.mkdir(exist_ok=True)
        path.write_text(KEYS_FILE, encoding="utf-8")
        if named:
            self.environ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = str(path)
        return self

    def clouds(self, secure: dict[str, t.Any] | None = None, **clouds: t.Any) -> Machine:
        folder = self.home / ".config" / "openstack"
        folder.mkdir(parents=True)
        (folder / "clouds.yaml").write_text(json.dumps({"clouds": clouds}), encoding="utf-8")
        if secure:
            (folder / "secure.yaml").write_text(json.dumps({"clouds": secure}), encoding="utf-8")
        return self

    def having(self, environ: dict[str, str]) -> Machine:
        self.environ.update(environ)
        return self

    def used(self, options: dict[str, t.Any] | None = None) -> tuple[dict[str, t.Any], dict[str, str]]:
        options = options or {}
        resolved, origins = resolve_with_origins(options, with_sources(options, self.environ))
        Account.from_options(resolved)
        return {name: value for name, value in resolved.items() if value}, origins


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.chdir(tmp_path)
    return Machine(tmp_path)


def test_the_profile_of_the_shared_file(machine: Machine) -> None:
    values, origins = machine.config().used()
    assert values == {"access_key": "AKOFTHEPROFILE", "secret_key": SECRET, "region": "eu-west-101", "project_id": "p-prof"}
    assert origins["access_key"] == "profile ops of HW_SHARED_CONFIG_FILE: accessKeyId"
    assert machine.having({"HW_PROFILE": "other"}).used()[0]["access_key"] == "AKOFOTHER"


def test_the_agency_of_a_profile(machine: Machine) -> None:
    agency = {"agencyName": "ops", "agencyDomainName": "acme"}
    values, dummy = machine.config(profiles=[{**PROFILE, **agency}]).used()
    assert (values["agency_name"], values["agency_domain_name"]) == ("ops", "acme")
    other = {"HW_ASSUME_ROLE_AGENCY_NAME": "b", "HW_ASSUME_ROLE_DOMAIN_NAME": "c"}
    assert machine.having(other).used()[0]["agency_name"] == "b"


def test_another_region_than_that_of_the_profile_has_another_project(machine: Machine) -> None:
    assert "project_id" not in machine.config().used({"region": "cn-north-4"})[0]
    machine.environ["HW_REGION_NAME"] = "cn-north-4"
    assert "project_id" not in machine.used()[0]
    machine.environ = dict(machine.environ, HW_REGION_NAME="eu-west-101")
    assert machine.used()[0]["project_id"] == "p-prof"
    machine.environ = WithoutProject(machine.environ)
    assert "project_id" not in machine.used()[0]


def test_a_cloud_by_its_name(machine: Machine) -> None:
    values, origins = machine.clouds(otc={"auth": AUTH}, other={"auth": {**AUTH, "username": "nobody"}}).having({"OS_CLOUD": "otc"}).used()
    assert values == {
        "user_name": "ops",
        "user_password": SECRET,
        "domain_name": "OTC00000000001000000001",
        "project_name": "eu-de_night",
        **OF_OTC,
    }
    assert origins["user_password"] == "cloud otc of clouds.yaml: password"


#: Name -> entry of clouds.yaml, entry of secure.yaml, resulting options.
CLOUDS: dict[str, tuple[dict[str, t.Any], dict[str, t.Any] | None, dict[str, str]]] = {
    "password in secure.yaml": ({"auth": {**AUTH, "password": ""}}, {"auth": {"password": SECRET}}, {"user_password": SECRET}),
    "a profile of the SDK": ({"profile": "otc", "auth": {**AUTH, "auth_url": None}}, None, OF_OTC),
    "a profile in another region": (
        {"profile": "otc", "region_name": "eu-nl", "auth": {**AUTH, "auth_url": ""}},
        None,
        {"region": "eu-nl", "iam_endpoint": "https://iam.eu-nl.otc.t-systems.com"},
    ),
    "the Swiss cloud": (
        {"profile": "otc-swiss", "auth": {**AUTH, "auth_url": ""}},
        None,
        {"region": "eu-ch2", "cloud_domain": "sc.otc.t-systems.com"},
    ),
    "keys": ({"auth": {"auth_url": OTC}, "ak": "AKOFOTC", "sk": SECRET}, None, {"access_key": "AKOFOTC", "secret_key": SECRET, **OF_OTC}),
    "a token": ({"auth_type": "token", "auth": {"auth_url": OTC, "token": SECRET}}, None, {"auth_token": SECRET}),
    "next to auth goes before in it": ({"auth": AUTH, "username": "other"}, None, {"user_name": "other"}),
    "the account by domain_name": ({"auth": {**AUTH, "user_domain_name": "", "domain-name": "OTC2"}}, None, {"domain_name": "OTC2"}),
    "the first of several regions": ({"regions": ["eu-nl", "eu-de"], "auth": AUTH}, None, {"region": "eu-nl"}),
    "the type says which": ({"auth_type": "v3password", "auth": {**AUTH, "token": "T"}}, None, {"user_password": SECRET}),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_what_a_cloud_says(machine: Machine, name: str) -> None:
    entry, secure, expected = CLOUDS[name]
    values, dummy = machine.clouds({"it": secure} if secure else None, it=entry).used()
    assert {option: values.get(option) for option in expected} == expected
    assert {"access_key", "auth_token", "user_password"} & set(values) <= set(expected) | {"user_password"}


def test_variables_of_openstack(machine: Machine) -> None:
    values, origins = machine.having(OS_USER).used()
    assert values == {"user_name": "ops", "user_password": SECRET, "domain_name": "OTC1", "project_name": "eu-de", **OF_OTC}
    assert origins["user_name"] == "variables: OS_USERNAME"
    assert origins["cloud_domain"] == "variables: OS_AUTH_URL"


def test_keys_in_variables_of_openstack(machine: Machine) -> None:
    values, dummy = machine.having(OS_KEYS).used()
    assert values == {"access_key": "AKOFOTC", "secret_key": SECRET, "project_name": "eu-de", **OF_OTC}


#: All sources in the order of the guide's table, each with the value used if those before it are missing.
ORDER: tuple[tuple[str, t.Callable[[Machine], Machine], str], ...] = (
    ("HW_ACCESS_KEY", lambda machine: machine.having(HW), "AKOFTHEVARIABLES"),
    ("HW_SHARED_CONFIG_FILE", lambda machine: machine.config(), "AKOFTHEPROFILE"),
    ("OS_ACCESS_KEY", lambda machine: machine.having(OS_KEYS), "AKOFOTC"),
    ("~/.huaweicloud/credentials", lambda machine: machine.keys(), "AKOFTHEFILE"),
    ("clouds.yaml", lambda machine: machine.clouds(it={"auth": {"auth_url": OTC}, "ak": "AKOFTHECLOUD", "sk": SECRET}), "AKOFTHECLOUD"),
)


@pytest.mark.parametrize("first", range(len(ORDER)), ids=[entry[0] for entry in ORDER])
def test_what_goes_before_what(machine: Machine, first: int) -> None:
    for dummy, put, _used in ORDER[first:]:
        put(machine)
    assert machine.used()[0]["access_key"] == ORDER[first][2]
    assert machine.used({"access_key": "A", "secret_key": "B"})[0]["access_key"] == "A"
    assert machine.used({"use_instance_metadata": True})[0].keys() <= {"use_instance_metadata", "region", "project_name"}


def test_several_clouds_and_none_named(machine: Machine) -> None:
    with pytest.raises(OptionError, match="No credentials"):
        machine.clouds(one={"auth": AUTH}, two={"auth": AUTH}).used()


def with_auth(value: t.Any) -> t.Callable[[Machine], Machine]:
    """A cloud whose section ``auth`` is *value*."""
    return lambda machine: machine.clouds(it={"auth": value})


#: Name -> set-up of the machine, pattern of the message.
REFUSED: dict[str, tuple[t.Callable[[Machine], Machine], str]] = {
    "two named": (
        lambda machine: machine.config().keys(named=True),
        "HW_SHARED_CONFIG_FILE and HUAWEICLOUD_SDK_CREDENTIALS_FILE each name",
    ),
    "a cloud and a file named": (
        lambda machine: machine.config().clouds(it={"auth": AUTH}).having({"OS_CLOUD": "it"}),
        "HW_SHARED_CONFIG_FILE and OS_CLOUD each name",
    ),
    "encrypted": (lambda machine: machine.config(authEncrypt="true"), "hcloud configure set --cli-auth-encrypt=false"),
    "no such profile": (lambda machine: machine.config().having({"HW_PROFILE": "opps"}), "has no profile opps. Did you mean ops"),
    "no current profile": (lambda machine: machine.config(current=""), "has no profile that is the current one"),
    "the agency of a machine": (lambda machine: machine.config(profiles=[{**PROFILE, "mode": "ecsAgency"}]), "Set use_instance_metadata"),
    "half a key": (lambda machine: machine.config(profiles=[{**PROFILE, "secretAccessKey": ""}]), "has no secretAccessKey"),
    "not text": (lambda machine: machine.config(profiles=[{**PROFILE, "accessKeyId": 12}]), "accessKeyId of profile ops"),
    "a missing file": (lambda machine: machine.having({"HW_SHARED_CONFIG_FILE": "/nowhere"}), "/nowhere"),
    "another file": (lambda machine: machine.config(profiles="x"), "not KooCLI's config.json"),
    "a profile without its file": (lambda machine: machine.having({"HW_PROFILE": "ops"}), "HW_SHARED_CONFIG_FILE names no file"),
    "another project": (lambda machine: machine.config().having({"HW_PROJECT_ID": "p-other"}), "name different projects"),
    "no such cloud": (lambda machine: machine.clouds(otc={"auth": AUTH}).having({"OS_CLOUD": "oct"}), "has no cloud oct"),
    "no file of clouds": (lambda machine: machine.having({"OS_CLOUD": "otc"}), "No clouds.yaml"),
    "a named file of clouds that is missing": (
        lambda machine: machine.having({"OS_CLOUD": "otc", "OS_CLIENT_CONFIG_FILE": "/nowhere"}),
        "Correct OS_CLIENT_CONFIG_FILE",
    ),
    "a type that is not known": (
        lambda machine: machine.clouds(it={"auth_type": "v3oidcpassword", "auth": AUTH}),
        "auth_type v3oidcpassword",
    ),
    "password and keys": (
        lambda machine: machine.having({**OS_USER, **OS_KEYS}),
        "OS_ACCESS_KEY, OS_SECRET_KEY, OS_USERNAME and OS_PASSWORD",
    ),
    "an account by its id": (
        lambda machine: machine.having({**OS_USER, "OS_USER_DOMAIN_NAME": "", "OS_USER_DOMAIN_ID": "x"}),
        "has no OS_USER_DOMAIN_NAME",
    ),
    **{f"an auth section that is {value!r}": (with_auth(value), "has no access_key") for value in (SECRET, [SECRET], 5, True)},
    "another cloud's address": (
        lambda machine: machine.having({**OS_USER, "OS_AUTH_URL": "https://auth.cloud.example.net/v3"}),
        "OS_AUTH_URL of the variables is not of the form",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_name(machine: Machine, name: str) -> None:
    put, words = REFUSED[name]
    with pytest.raises(OptionError) as raised:
        put(machine).used()
    assert words in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_broken_file_is_not_quoted(machine: Machine) -> None:
    path = machine.clouds(it={}).home / ".config" / "openstack" / "clouds.yaml"
    path.write_text(f"clouds: [{SECRET}", encoding="utf-8")
    with pytest.raises(OptionError, match=r"clouds\.yaml: it is not") as raised:
        machine.used()
    assert SECRET not in str(raised.value)
