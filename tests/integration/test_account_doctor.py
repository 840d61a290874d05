# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken set-ups: module account_doctor names the problem first, and its remedy makes the account ready."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.metadata import TEST_VARIABLE
from emulator.running import Running
from tests.support.cloud import cloud
from tests.support.http_server import HttpServer, reply
from tests.support.logic import Result, call
from tests.support.scenarios import (
    ACCESS_KEY,
    BOTH,
    DOMAIN,
    FREE,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    STUDIO_ID,
    USER_NAME,
    USER_PASSWORD,
    V1,
    V2,
    WORKSPACE_ID,
    WORKSPACE_NAME,
    small_night,
)
from tests.support.workspace import options, token

Json = dict[str, t.Any]
#: A port on which nothing listens.
CLOSED = "http://127.0.0.1:1"
#: No endpoints: the service is found by its real host names, through HTTPS_PROXY.
BY_NAME = {"endpoint": None, "endpoint_v1": None, "iam_endpoint": None}
BY_USER = {"access_key": None, "secret_key": None, "user_name": USER_NAME, "user_password": USER_PASSWORD, "domain_name": DOMAIN}
OTHER_PROJECT = "5f2099355b894428e8916573ae635f1f"
LONGEST = 10.0


def user(**more: t.Any) -> Json:
    """A scenario with one user, who has the test's access key."""
    return {"users": [{"name": USER_NAME, "password": USER_PASSWORD, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, **more}]}


def fault(kind: str, route: str = "*", **more: t.Any) -> Json:
    return {"faults": [{"route": route, "kind": kind, "times": 99, **more}]}


@dataclass(frozen=True)
class Broken:
    """A broken set-up.

    :param check: the check that reports the first problem.
    :param options: changes to working options; *cured* are the further changes that the remedy asks for.
    :param scenario: scenario of the emulator; *repaired* is the one after the remedy was carried out in the account.
    :param environ: environment variables; ``cured_environ`` are those after the remedy. Those for the real host names are added.
    :param says: words of the text and the remedy; *says_not* are words that they must not have, because they would not help.
    """

    check: str
    options: Json = field(default_factory=dict)
    cured: Json = field(default_factory=dict)
    scenario: Json = field(default_factory=dict)
    repaired: Json = field(default_factory=dict)
    environ: Json = field(default_factory=dict)
    cured_environ: Json = field(default_factory=dict)
    says: tuple[str, ...] = ()
    says_not: str | None = None


BY_MACHINE: Json = {"access_key": None, "secret_key": None, "use_instance_metadata": True}
BY_KEYS: Json = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "use_instance_metadata": False}
V2_OPEN = {"switches": V2}
ANOTHER_ACCOUNT = {
    "domain": "globex",
    "region": REGION,
    "project_id": OTHER_PROJECT,
    "users": [{"name": "other", "access_key": "AKOTHER", "secret_key": "sk-of-another-account-0123456789abcdef0"}],
    "workspaces": [{"id": "1" * 32, "name": "globex_sales"}],
}
SETUPS: dict[str, Broken] = {
    "no region": Broken(
        "name_resolution", {**BY_NAME, "region": None}, {"region": REGION}, environ={"cloud": "*"}, says=("region", "HW_REGION_NAME")
    ),
    "region that does not exist": Broken(
        "tls",
        {**BY_NAME, "region": "cn-nort-4"},
        {"region": REGION},
        environ={"cloud": "*"},
        says=("Check region (cn-nort-4)", "dayu.cn-nort-4"),
    ),
    "endpoint without an address": Broken(
        "name_resolution", {"endpoint": "https://dayu.invalid"}, {"endpoint": "*"}, says=("endpoint", "dayu.invalid")
    ),
    "proxy that is down": Broken(
        "proxy", BY_NAME, environ={"cloud": "*", "HTTPS_PROXY": CLOSED}, cured_environ={"cloud": "*"}, says=("HTTPS_PROXY", "127.0.0.1:1")
    ),
    "proxy that wants a login": Broken(
        "proxy", BY_NAME, environ={"cloud": "*", "HTTPS_PROXY": "407"}, cured_environ={"cloud": "*"}, says=("HTTPS_PROXY", "407")
    ),
    "SOCKS proxy": Broken(
        "proxy",
        BY_NAME,
        environ={"cloud": "*", "HTTPS_PROXY": "socks5://127.0.0.1:1"},
        cured_environ={"cloud": "*"},
        says=("HTTPS_PROXY", "SOCKS"),
    ),
    "closed port": Broken("connection", {"endpoint": CLOSED}, {"endpoint": "*"}, says=("127.0.0.1:1", "firewall")),
    "blocked v1": Broken(
        "connection", {"endpoint_v1": CLOSED}, {"api_version": "v2"}, V2_OPEN, repaired=V2_OPEN, says=("set api_version to v2",)
    ),
    "blocked v1, and v2 not open": Broken(
        "connection",
        {"endpoint_v1": CLOSED},
        {"endpoint_v1": "*"},
        {"switches": {**V1, "v2_list_open": False}},
        repaired={"switches": {**V1, "v2_list_open": False}},
        says=("firewall",),
        says_not="api_version",
    ),
    "portal that redirects": Broken("connection", scenario=fault("redirect"), says=("redirected", "endpoint")),
    "private authority": Broken(
        "tls", BY_NAME, {"ca_path": "*"}, environ={"cloud": "*", "REQUESTS_CA_BUNDLE": ""}, says=("cn-north-4.myhuaweicloud.com", "ca_path")
    ),
    "clock 20 minutes off": Broken("clock", scenario={"switches": {"clock_skew_seconds": 1200}}, says=("behind the service's", "NTP")),
    "no credentials": Broken(
        "credentials",
        {"access_key": None, "secret_key": None},
        {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY},
        says=("access_key", "HW_ACCESS_KEY"),
    ),
    "half a key": Broken("credentials", {"secret_key": None}, {"secret_key": SECRET_KEY}, says=("secret_key", "HW_SECRET_KEY")),
    "two kinds of credentials": Broken(
        "credentials", {"auth_token": "a-token"}, {"auth_token": None}, says=("auth_token", "different kinds")
    ),
    "key in the environment that contradicts itself": Broken(
        "credentials",
        {"access_key": None, "secret_key": None},
        environ={"HW_ACCESS_KEY": ACCESS_KEY, "HW_SECRET_KEY": SECRET_KEY, "HW_AUTH_TOKEN": "a-token"},
        cured_environ={"HW_ACCESS_KEY": ACCESS_KEY, "HW_SECRET_KEY": SECRET_KEY},
        says=("HW_ACCESS_KEY", "HW_AUTH_TOKEN", "Unset"),
    ),
    "wrong secret key": Broken(
        "credentials", {"secret_key": "another-secret-key-0123456789abcdef0123"}, {"secret_key": SECRET_KEY}, says=("access key",)
    ),
    "expired token": Broken(
        "credentials",
        {"access_key": None, "secret_key": None, "auth_token": "MIIFexpired"},
        {"auth_token": "*"},
        says=("token", "auth_token"),
    ),
    "temporary key without its account": Broken(
        "credentials",
        {"security_token": "a-security-token"},
        {"security_token": None},
        says=("temporary access key", "security_token", "expired"),
    ),
    "wrong password": Broken(
        "credentials", {**BY_USER, "user_password": "wrong"}, {"user_password": USER_PASSWORD}, says=("user_password", USER_NAME)
    ),
    "IAM user without API access": Broken(
        "credentials",
        BY_USER,
        scenario=fault("status", "tokens", status=403, code="IAM.0011", message="Forbidden"),
        says=("programmatic access",),
    ),
    "agency that trusts somebody else": Broken(
        "credentials",
        {"agency_name": "rerun-agency", "agency_domain_name": DOMAIN},
        scenario={"agencies": [{"name": "rerun-agency", "trusted_domain": "globex"}]},
        repaired={"agencies": [{"name": "rerun-agency", "trusted_domain": DOMAIN}]},
        says=("agency_name", "trusts"),
    ),
    "agency that is asked for with a wrong key": Broken(
        "credentials",
        {"agency_name": "rerun-agency", "agency_domain_name": DOMAIN, "secret_key": "another-secret-key-0123456789abcdef0123"},
        {"secret_key": SECRET_KEY},
        scenario={"agencies": [{"name": "rerun-agency", "trusted_domain": DOMAIN}]},
        repaired={"agencies": [{"name": "rerun-agency", "trusted_domain": DOMAIN}]},
        says=("Check the credentials", "key"),
        says_not="Check agency_name",
    ),
    "machine without a metadata service": Broken(
        "credentials",
        BY_MACHINE,
        BY_KEYS,
        environ={TEST_VARIABLE: CLOSED},
        says=("metadata of this machine", "Connection refused", "works on an ECS", "credentials in another way"),
        says_not="HTTPS_PROXY",
    ),
    "machine of another cloud": Broken(
        "credentials", BY_MACHINE, BY_KEYS, environ={TEST_VARIABLE: "another cloud"}, says=("no temporary access key", "works on an ECS")
    ),
    "project of another account": Broken(
        "project", {"project_id": OTHER_PROJECT}, {"project_id": PROJECT_ID}, says=(OTHER_PROJECT, f"project_id to {PROJECT_ID}")
    ),
    "wrong region, project looked up": Broken(
        "project", {"region": "eu-west-101", "project_id": None}, {"region": REGION}, says=("eu-west-101", "region")
    ),
    "wrong region, project known": Broken("project", {"region": "eu-west-101"}, {"region": REGION}, says=(f"Set region to {REGION}",)),
    "project without DataArts Studio": Broken(
        "project",
        {"project_id": "a" * 32},
        {"project_id": PROJECT_ID},
        scenario={"projects": [{"id": PROJECT_ID, "name": REGION}, {"id": "a" * 32, "name": f"{REGION}_test"}]},
        says=("no DataArts Studio instance", "project_id"),
    ),
    "frozen DataArts Studio instance": Broken("project", scenario={"studios": [{"id": STUDIO_ID, "status": 4}]}, says=("frozen", "Renew")),
    "workspace of another account": Broken(
        "workspace", {"workspace_id": "1" * 32}, {"workspace_id": WORKSPACE_ID}, says=(WORKSPACE_ID, WORKSPACE_NAME)
    ),
    "name of the workspace": Broken(
        "workspace", {"workspace_id": WORKSPACE_NAME}, {"workspace_id": WORKSPACE_ID}, says=(f"Set workspace_id to {WORKSPACE_ID}",)
    ),
    "id with a typo": Broken(
        "workspace", {"workspace_id": f"{WORKSPACE_ID[:-1]}5"}, {"workspace_id": WORKSPACE_ID}, says=(f"Did you mean {WORKSPACE_NAME}",)
    ),
    "id of the DataArts Studio instance": Broken(
        "workspace", {"workspace_id": STUDIO_ID}, {"workspace_id": WORKSPACE_ID}, says=("id of the DataArts Studio instance", WORKSPACE_ID)
    ),
    "what cannot be an id": Broken("workspace", {"workspace_id": "sales team"}, {"workspace_id": WORKSPACE_ID}, says=("workspace_info",)),
    "key without rights": Broken("workspace", scenario=user(role="none"), says=(WORKSPACE_ID, "role")),
    "v1 asked for, not open": Broken(
        "v1_list",
        {"api_version": "v1"},
        {"api_version": "auto"},
        scenario={"switches": {**V2, "v1_open": False}},
        repaired={"switches": {**V2, "v1_open": False}},
        says=("api_version to auto",),
    ),
    "v1 asked for, nothing open": Broken(
        "v1_list",
        {"api_version": "v1"},
        {"api_version": "auto"},
        scenario={"switches": {"v2_open": False, "v1_open": False}},
        says=("support",),
        says_not="api_version",
    ),
    "v2 asked for, not open": Broken(
        "v2_list",
        {"api_version": "v2"},
        {"api_version": "auto"},
        scenario={"switches": {**V1, "v2_open": False}},
        repaired={"switches": {**V1, "v2_open": False}},
        says=("api_version to auto",),
    ),
    "v2 not open, v1 without an address": Broken(
        "v2_list",
        {"endpoint_v1": None},
        {"endpoint_v1": "*"},
        scenario={"switches": {**V1, "v2_list_open": False}},
        repaired={"switches": {**V1, "v2_list_open": False}},
        says=("Set endpoint_v1",),
    ),
    "nothing open": Broken("v2_list", scenario={"switches": {"v2_open": False, "v1_open": False}}, says=("support",)),
    "lists that fail": Broken("v2_list", scenario=fault("status", "v2_list", status=500, code="DLF.0001"), says=("support",)),
    "developer who may not rerun": Broken("right_to_rerun", {"probe_retry": True}, scenario=user(role="viewer"), says=("role",)),
    "rerun not open": Broken(
        "right_to_rerun",
        {"probe_retry": True, "api_version": "v2"},
        {"api_version": "auto"},
        scenario={"switches": {**BOTH, "v2_retry_open": False}},
        repaired={"switches": {**BOTH, "v2_retry_open": False}},
        says=("api_version to auto",),
    ),
    "journal's server down": Broken(
        "journal", {"journal": "postgresql://me@127.0.0.1:1/db"}, {"journal": "*"}, says=("server runs", "journal")
    ),
    "journal in a place that is not a folder": Broken(
        "journal", {"journal": "/dev/null/journal.db"}, {"journal": "*"}, says=("Set journal",)
    ),
    "journal of another program": Broken(
        "journal", {"journal": "other"}, {"journal": "*"}, says=("another program", "set journal", "Move it")
    ),
    "busy account": Broken("requests", scenario=fault("throttle"), says=("fewer forks",)),
}


class Place:
    """The emulator and what the broken set-ups need."""

    def __init__(self, service: Running, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service, self.folder, self._monkeypatch = service, folder, monkeypatch
        monkeypatch.setenv("HOME", str(folder))

    def begin(self, scenario: Json) -> None:
        """Reset the emulator, without flow control."""
        changes = dict(scenario)
        studios = changes.pop("studios", None)
        night = small_night(**{**changes, "switches": {**FREE, **changes.get("switches", {})}})
        if studios is not None:
            night["accounts"][0]["studios"] = studios
        night["accounts"].append(ANOTHER_ACCOUNT)
        self.service.reset(night)
        FetchedAuth._leases.clear()

    @contextlib.contextmanager
    def environment(self, environ: Json) -> Iterator[dict[str, str]]:
        with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
            values = {name: value for name, value in environ.items() if name != "cloud"}
            if "cloud" in environ:
                values = {**stack.enter_context(cloud(self.service, self.folder)), **values}
            if values.get("HTTPS_PROXY") == "407":
                values["HTTPS_PROXY"] = stack.enter_context(HttpServer(reply(407, b"", {"Connection": "close"}))).base
            if values.get(TEST_VARIABLE) == "another cloud":
                values[TEST_VARIABLE] = stack.enter_context(HttpServer(reply(200, b'{"AccessKeyId": "ASIA"}'))).base
            for name, value in values.items():
                patch.setenv(name, value)
            yield values

    def options(self, changes: Json) -> Json:
        """Working options with *changes*; ``*`` stands for the working value."""
        working = {
            "endpoint": self.service.endpoint,
            "endpoint_v1": self.service.endpoint_v1,
            "ca_path": str(self.folder / "server.pem"),
            "journal": str(self.folder / "journal.db"),
        }
        made = {name: working[name] if value == "*" else value for name, value in changes.items() if name != "auth_token"}
        if "auth_token" in changes:
            made["auth_token"] = token(self.service) if changes["auth_token"] == "*" else changes["auth_token"]
        if changes.get("journal") == "other":
            made["journal"] = str(self.folder / "other.db")
            with contextlib.closing(sqlite3.connect(made["journal"])) as other:
                other.execute("CREATE TABLE IF NOT EXISTS theirs (x)")
        return options(self.service, **{"journal": working["journal"], **made})

    def doctor(self, changes: Json, environ: Json) -> Result:
        with self.environment(environ):
            began = time.monotonic()
            result = call("account_doctor", self.options(changes))
            assert time.monotonic() - began < LONGEST
        assert not result["failed"], result["msg"]
        return result


@pytest.fixture
def place(emulated: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(emulated, tmp_path, monkeypatch)


def problems(result: Result) -> list[Json]:
    return [finding for finding in result["checks"] if finding["state"] == "problem"]


@pytest.mark.parametrize("name", SETUPS)
def test_the_first_problem_is_named_and_its_remedy_cures_it(place: Place, name: str) -> None:
    broken = SETUPS[name]
    place.begin(broken.scenario)
    result = place.doctor(broken.options, broken.environ)
    assert not result["ready"]
    first = problems(result)[0]
    assert first["check"] == broken.check, result["checks"]
    said = f"{first['text']}. {first['remedy']}"
    assert [words for words in broken.says if words not in said] == [], said
    assert broken.says_not is None or broken.says_not not in said
    assert said in result["first_step"]
    assert SECRET_KEY not in str(result)
    assert USER_PASSWORD not in str(result)

    place.begin(broken.repaired)
    cured = place.doctor({**broken.options, **broken.cured}, broken.cured_environ or broken.environ)
    assert problems(cured) == []
    assert cured["ready"]
    assert place.service.journal() == []


def test_there_are_enough_of_them() -> None:
    assert len(SETUPS) >= 25
    assert {broken.check for broken in SETUPS.values()} >= {
        "proxy",
        "tls",
        "clock",
        "credentials",
        "project",
        "workspace",
        "v1_list",
        "v2_list",
        "journal",
    }
