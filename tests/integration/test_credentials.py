# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All kinds of credentials, with the emulator, which verifies signatures and issues tokens."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Request, encoded_path
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import Session, open_session
from emulator.running import Running, running
from tests.support.scenarios import (
    ACCESS_KEY,
    AGENCY_NAME,
    DOMAIN,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    STUDIO_ID,
    USER_NAME,
    USER_PASSWORD,
    small_night,
)
from tests.support.workspace import token

OTHER_PROJECT = "a8f25e9b4a0f4d7e8d2d5d0f6b1c3e7a"
OTHER_STUDIO = "0f8e5f6a7b8c4d1e9a2b3c4d5e6f7a8b"
KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
USER = {"user_name": USER_NAME, "user_password": USER_PASSWORD, "domain_name": DOMAIN}
AGENCY = {"agency_name": AGENCY_NAME, "agency_domain_name": "other"}
SECRETS = (SECRET_KEY, USER_PASSWORD)


def scenario() -> dict[str, t.Any]:
    """:func:`small_night` with a second account ``other``, whose agency trusts the first one."""
    other = {
        "domain": "other",
        "region": REGION,
        "project_id": OTHER_PROJECT,
        "users": [{"name": "someone", "password": "x", "access_key": "AKOTHER", "secret_key": "sk-other"}],
        "agencies": [{"name": AGENCY_NAME, "trusted_domain": DOMAIN, "role": "operator"}, {"name": "closed", "trusted_domain": "nobody"}],
        "studios": [{"id": OTHER_STUDIO, "name": "dataarts-other"}],
    }
    night = small_night()
    return {**night, "accounts": [*night["accounts"], other]}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    with running(scenario()) as service:
        yield service


@pytest.fixture
def service(emulator: Running) -> Iterator[Running]:
    emulator.reset(scenario())
    emulator.clear_faults()
    FetchedAuth._leases.clear()
    yield emulator
    FetchedAuth._leases.clear()


def connected(service: Running, **options: t.Any) -> Session:
    """A session with *options*, without environment variables."""
    addresses = {name: getattr(service, name) for name in ("endpoint", "endpoint_v1", "iam_endpoint")}
    return open_session({**addresses, "region": REGION, **options}, {})


def studios(session: Session) -> list[str]:
    """Ids of the DataArts Studio instances, which show whose credentials were used."""
    headers = (("X-Project-Id", session.project_id),)
    path = encoded_path("v1", session.project_id, "instances")
    answer = session.client.send(Request("GET", session.hosts.v2, path, route="studios", headers=headers))
    return [order["resource_id"] for order in answer.body["commodity_orders"]]


def temporary_keys(service: Running) -> dict[str, str]:
    """Get temporary keys of the operator from IAM."""
    session = connected(service, **USER)
    body = {"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}}
    call = Request("POST", service.iam_endpoint, "/v3.0/OS-CREDENTIAL/securitytokens", route="iam", body=body)
    made = session.client.send(call).body["credential"]
    session.close()
    return {"access_key": made["access"], "secret_key": made["secret"], "security_token": made["securitytoken"]}


def options_of(kind: str, service: Running) -> dict[str, str]:
    """Options of each kind of credentials."""
    if kind == "temporary keys":
        return temporary_keys(service)
    if kind == "token":
        return {"auth_token": token(service)}
    return {"keys": KEYS, "user": USER, "agency by keys": {**KEYS, **AGENCY}, "agency by user": {**USER, **AGENCY}}[kind]


@pytest.mark.parametrize("given", [True, False], ids=["project given", "project looked up"])
@pytest.mark.parametrize("kind", ["keys", "temporary keys", "token", "user", "agency by keys", "agency by user"])
def test_every_kind_gets_in(service: Running, kind: str, given: bool) -> None:
    project, studio = (OTHER_PROJECT, OTHER_STUDIO) if kind.startswith("agency") else (PROJECT_ID, STUDIO_ID)
    options = options_of(kind, service)
    FetchedAuth._leases.clear()
    before = len(service.requests())
    session = connected(service, **options, **({"project_id": project} if given else {}))
    assert len(service.requests()) == before, "nothing is sent before it is needed"
    assert session.project_id == project
    assert studios(session) == [studio]
    seen = service.requests()[before:]
    expected = {
        "keys": [],
        "temporary keys": [],
        "token": [],
        "user": ["tokens"],
        "agency by keys": ["security_tokens"],
        "agency by user": ["tokens", "tokens"],
    }[kind]
    # a fetched token names its project; with other credentials, it must be looked up
    lookup = [] if given or kind in ("user", "agency by user") else ["projects"]
    assert sorted(request["route"] for request in seen) == sorted([*expected, *lookup, "studios"])
    assert {request["status"] for request in seen} <= {200, 201}
    session.close()


def test_a_token_is_asked_for_without_the_catalog_and_scoped(service: Running) -> None:
    studios(connected(service, **USER))
    (asked,) = service.requests("tokens")
    assert asked["query"] == "nocatalog=true"
    assert json.loads(asked["body"])["auth"]["scope"] == {"project": {"name": REGION}}
    assert "X-Auth-Token" not in asked["headers"]
    assert "Authorization" not in asked["headers"]


def test_a_token_is_fetched_once_for_the_process(service: Running) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: studios(connected(service, **USER)), range(8)))
    assert answers == [[STUDIO_ID]] * 8
    assert len(service.requests("tokens")) == 1


@pytest.mark.parametrize("kind", [USER, {**USER, **AGENCY}], ids=["user", "agency by user"])
def test_an_expired_token_is_renewed_once(service: Running, kind: dict[str, str]) -> None:
    session = connected(service, **kind)
    studio = studios(session)
    tokens = len(service.requests("tokens"))
    service.expire_tokens()
    assert studios(session) == studio
    assert len(service.requests("tokens")) == 2 * tokens
    assert [request["status"] for request in service.requests("studios")] == [200, 401, 200]


def test_the_token_must_be_updated(service: Running) -> None:
    session = connected(service, **USER)
    service.inject({"route": "studios", "kind": "expired_token"})
    assert studios(session) == [STUDIO_ID]
    assert len(service.requests("tokens")) == 2


def test_a_token_that_is_refused_again_is_not_renewed_for_ever(service: Running) -> None:
    session = connected(service, **USER)
    service.inject({"route": "studios", "kind": "expired_token", "times": 50})
    with pytest.raises(ApiError) as caught:
        studios(session)
    assert caught.value.kind is Kind.CREDENTIALS
    assert len(service.requests("tokens")) == 2


def test_a_ready_token_that_expired_cannot_be_renewed(service: Running) -> None:
    session = connected(service, auth_token=token(service))
    assert studios(session) == [STUDIO_ID]
    asked = len(service.requests("tokens"))
    service.expire_tokens()
    with pytest.raises(ApiError) as caught:
        studios(session)
    assert caught.value.kind is Kind.CREDENTIALS
    assert len(service.requests("tokens")) == asked


def test_temporary_keys_of_an_agency_are_renewed(service: Running) -> None:
    session = connected(service, **KEYS, **AGENCY)
    assert studios(session) == [OTHER_STUDIO]
    # near their expiry ...
    for key, lease in list(FetchedAuth._leases.items()):
        assert lease.good_until > stopwatch() + 3000
        FetchedAuth._leases[key] = dataclasses.replace(lease, good_until=stopwatch())
    assert studios(session) == [OTHER_STUDIO]
    assert len(service.requests("security_tokens")) == 2
    # ... or refused before
    service.inject({"route": "studios", "kind": "status", "status": 401, "code": "APIGW.0301", "message": "verify ak fail"})
    assert studios(session) == [OTHER_STUDIO]
    assert [request["status"] for request in service.requests("studios")] == [200, 200, 401, 200]
    assert len(service.requests("security_tokens")) == 3


REFUSED: list[tuple[str, dict[str, t.Any], str, str]] = [
    (
        "a wrong password",
        {**USER, "user_password": "another-Pa55-word"},
        f"Failed to get a token for user {USER_NAME} of account {DOMAIN}: ",
        "Check user_name, user_password and domain_name",
    ),
    ("an unknown account", {**USER, "domain_name": "nobody"}, "of account nobody: ", "Check user_name"),
    ("another's project", {**USER, "project_id": OTHER_PROJECT}, "Failed to get a token", "the project belongs to that account"),
    (
        "an unknown agency",
        {**KEYS, **AGENCY, "agency_name": "none"},
        "Failed to assume agency none of account other: ",
        "Check agency_name",
    ),
    (
        "an agency that trusts others",
        {**USER, **AGENCY, "agency_name": "closed"},
        "Failed to assume agency closed",
        "that the agency trusts",
    ),
    (
        "an agency by a wrong key",
        {**KEYS, **AGENCY, "secret_key": "another-secret-key"},
        "Failed to assume agency",
        "Check the credentials: that the key is active",
    ),
    ("a wrong key", {**KEYS, "secret_key": "another-secret-key"}, "", ""),
    ("a security token next to permanent keys", {**KEYS, "security_token": "token-of-another-key"}, "security token", "temporary key"),
    ("an unknown token", {"auth_token": "unknown-token-of-nobody"}, "", ""),
]


@pytest.mark.parametrize(("options", "message", "hint"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_who_does_not_get_in(service: Running, options: dict[str, t.Any], message: str, hint: str) -> None:
    with pytest.raises(ApiError) as caught:
        studios(connected(service, **options))
    error = caught.value
    assert error.kind in (Kind.CREDENTIALS, Kind.NO_PERMISSION)
    assert message in str(error)
    assert hint in error.hint
    assert error.hint
    shown = f"{error} {error!r} {error.to_result()}"
    secrets = [str(value) for name, value in options.items() if name in ("secret_key", "user_password", "auth_token")]
    assert not [secret for secret in (*SECRETS, *secrets) if secret in shown]
    assert [request for request in service.requests("studios") if request["status"] == 200] == []


def test_no_project_of_that_name(service: Running) -> None:
    session = connected(service, **{**KEYS, "region": "eu-west-101"})
    with pytest.raises(ApiError, match="no project named eu-west-101") as caught:
        studios(session)
    assert "Set project_id" in caught.value.hint
    assert service.requests("studios") == []


def test_several_projects_of_that_name(service: Running) -> None:
    night = scenario()
    twin = "b" * 32
    del night["accounts"][0]["project_id"]
    night["accounts"][0]["projects"] = [{"id": PROJECT_ID, "name": REGION}, {"id": twin, "name": REGION}]
    service.reset(night)
    with pytest.raises(ApiError, match=f"2 projects \\({PROJECT_ID}, {twin}\\) named {REGION}.*project_id cannot be found") as caught:
        studios(connected(service, **KEYS))
    assert "Set project_id" in caught.value.hint
    assert studios(connected(service, **KEYS, project_id=PROJECT_ID)) == [STUDIO_ID]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 500}, Kind.SERVER),
        ({"kind": "malformed"}, Kind.BAD_ANSWER),
        ({"kind": "malformed", "text": "{}"}, Kind.BAD_ANSWER),
        ({"kind": "malformed", "text": "[1]"}, Kind.BAD_ANSWER),
        ({"kind": "drop"}, Kind.SERVER),
        ({"kind": "redirect"}, Kind.REDIRECT),
    ],
)
@pytest.mark.parametrize("options", [USER, KEYS, {**KEYS, **AGENCY}], ids=["token", "project", "agency"])
def test_an_iam_that_fails_is_named(service: Running, options: dict[str, str], fault: dict[str, t.Any], kind: Kind) -> None:
    """The outcome is never unknown, because nothing was written. When IAM works again, the session does too."""
    service.inject({"route": "iam", "times": 50, **fault})
    session = connected(service, **options, max_retries=1)
    with pytest.raises(ApiError) as caught:
        studios(session)
    assert caught.value.kind is kind
    assert caught.value.hint
    service.clear_faults()
    assert len(studios(session)) == 1


def test_a_failure_that_passes_is_not_noticed(service: Running) -> None:
    service.inject({"route": "tokens", "kind": "throttle", "retry_after": 0})
    service.inject({"route": "projects", "kind": "status", "status": 503})
    assert studios(connected(service, **USER)) == [STUDIO_ID]
    assert studios(connected(service, **KEYS)) == [STUDIO_ID]
