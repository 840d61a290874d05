# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM host: tokens, projects and temporary keys, and which requests they authorize."""

from __future__ import annotations

import json
import typing as t

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkdataartsstudio import v1 as studio
from huaweicloudsdkiam import v3 as iam

from emulator.running import Running
from tests.emulator.signed_requests import JOBS_V2, Headers, Reply, request, send, sign
from tests.support.scenarios import (
    ACCESS_KEY,
    AGENCY_NAME,
    DOMAIN,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    USER_NAME,
    USER_PASSWORD,
    WORKSPACE_ID,
    small_night,
)

Night = t.Callable[..., Running]
LIST = f"{JOBS_V2}/daily_sales/instances/detail"
OTHER_KEY = ("AKOTHER", "sk-other")
OTHER = {
    "domain": "other",
    "project_id": "e" * 32,
    "users": [
        {"name": "them", "password": "their-password", "access_key": OTHER_KEY[0], "secret_key": OTHER_KEY[1]},
    ],
}


def password_body(user: str = USER_NAME, password: str = USER_PASSWORD, domain: str = DOMAIN, scope: t.Any = None) -> dict[str, t.Any]:
    """The body of a token request by password. *scope* is the project of the region unless it is set."""
    scope = {"project": {"name": REGION}} if scope is None else scope
    identity = {"methods": ["password"], "password": {"user": {"name": user, "password": password, "domain": {"name": domain}}}}
    return {"auth": {"identity": identity, "scope": scope}}


def agency_body(name: str = AGENCY_NAME, domain: str = DOMAIN, **more: t.Any) -> dict[str, t.Any]:
    """The body of a token request that assumes an agency."""
    identity = {"methods": ["assume_role"], "assume_role": {"domain_name": domain, "agency_name": name, **more}}
    return {"auth": {"identity": identity, "scope": {"project": {"name": REGION}}}}


def token_request(service: Running, body: t.Any, headers: Headers | None = None) -> Reply:
    """Send a token request without a signature."""
    return send(
        service.iam_endpoint, "POST", "/v3/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
    )


def use(service: Running, token: str) -> Reply:
    """Send a list request with *token*."""
    return request(service.endpoint, "GET", LIST, token=token)


@pytest.fixture
def agency(shared: Running) -> Running:
    """The emulator with the small night, whose account has an agency that trusts a second account."""
    scenario = small_night(switches={"flow_control": False}, agencies=[{"name": AGENCY_NAME, "trusted_domain": "other"}])
    scenario["accounts"].append(OTHER)
    shared.reset(scenario)
    return shared


@pytest.mark.parametrize("scope", [{"project": {"name": REGION}}, {"project": {"id": PROJECT_ID}}])
def test_a_token_by_password_opens_its_project(service: Running, scope: dict[str, t.Any]) -> None:
    reply = token_request(service, password_body(scope=scope))
    assert reply.status == 201
    token = reply.data["token"]
    assert set(token) <= set(iam.TokenResult.attribute_map.values())
    assert (token["project"]["id"], token["user"]["name"], token["methods"]) == (PROJECT_ID, USER_NAME, ["password"])
    assert use(service, reply.headers["X-Subject-Token"]).status == 200
    assert use(service, reply.headers["X-Subject-Token"] + "x").code == "APIGW.0301"


def test_nocatalog_leaves_the_catalog_out(service: Running) -> None:
    headers = {"Content-Type": "application/json"}
    reply = send(service.iam_endpoint, "POST", "/v3/auth/tokens?nocatalog=true", json.dumps(password_body()).encode(), headers)
    assert "catalog" not in reply.data["token"]


def test_a_token_for_the_account_opens_no_project(service: Running) -> None:
    reply = token_request(service, password_body(scope={"domain": {"name": DOMAIN}}))
    assert reply.data["token"]["domain"]["name"] == DOMAIN
    assert use(service, reply.headers["X-Subject-Token"]).status == 403


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (password_body(password="wrong"), 401, "The username or password is wrong."),
        (password_body(user="nobody"), 401, "The username or password is wrong."),
        (password_body(domain="nowhere"), 401, "The username or password is wrong."),
        (password_body(scope={"project": {"name": "mars-1"}}), 400, "Could not find project: mars-1"),
        ({"auth": {}}, 400, "auth.identity"),
        ({"auth": {"identity": {"methods": ["magic"]}}}, 400, "auth.identity.methods"),
        ({"auth": {"identity": {"methods": ["password"], "password": {}}}}, 400, "auth.identity.password.user"),
    ],
)
def test_refused_token_requests_are_answered_as_iam_does(service: Running, body: t.Any, status: int, message: str) -> None:
    reply = token_request(service, body)
    assert reply.status == status
    assert reply.data["error"]["code"] == status
    assert message in reply.data["error"]["message"]


def test_a_token_expires(service: Running) -> None:
    token = token_request(service, password_body()).headers["X-Subject-Token"]
    service.advance(85_000)
    assert use(service, token).status == 200
    service.advance(1401)
    reply = use(service, token)
    assert (reply.status, reply.code) == (401, "APIGW.0301")
    assert "The token must be updated" in reply.data["error_msg"]


def test_tokens_can_be_killed_and_made_anew(service: Running) -> None:
    token = token_request(service, password_body()).headers["X-Subject-Token"]
    service.expire_tokens()
    assert "The token must be updated" in use(service, token).data["error_msg"]
    assert use(service, token_request(service, password_body()).headers["X-Subject-Token"]).status == 200


def test_an_agency_token_acts_in_the_account_that_trusts(agency: Running) -> None:
    own = token_request(agency, password_body("them", "their-password", "other", {"domain": {"name": "other"}}))
    reply = token_request(agency, agency_body(), {"X-Auth-Token": own.headers["X-Subject-Token"]})
    assert reply.status == 201
    assert use(agency, reply.headers["X-Subject-Token"]).status == 200
    assert agency.requests("v2_list")[-1]["user"] == f"{DOMAIN}/{AGENCY_NAME}"


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [(agency_body("unknown"), OTHER_KEY, 404), (agency_body(domain="x"), OTHER_KEY, 404), (agency_body(), (ACCESS_KEY, SECRET_KEY), 403)],
)
def test_refused_agencies(agency: Running, body: t.Any, key: tuple[str, str], status: int) -> None:
    for path in ("/v3/auth/tokens", "/v3.0/OS-CREDENTIAL/securitytokens"):
        assert request(agency.iam_endpoint, "POST", path, body=body, key=key, workspace=None).status == status


def test_an_agency_token_needs_credentials(agency: Running) -> None:
    assert token_request(agency, agency_body()).status == 401


def temporary(service: Running, body: t.Any, key: tuple[str, str] = OTHER_KEY) -> dict[str, str]:
    """Get temporary keys."""
    reply = request(service.iam_endpoint, "POST", "/v3.0/OS-CREDENTIAL/securitytokens", body=body, key=key, workspace=None)
    assert reply.status == 201
    return t.cast(dict[str, str], reply.data["credential"])


def test_temporary_keys_by_agency_need_their_token_signed(agency: Running) -> None:
    credential = temporary(agency, agency_body())
    assert set(credential) == set(iam.Credential.attribute_map.values())
    key = credential["access"], credential["secret"]
    token = {"X-Security-Token": credential["securitytoken"]}
    assert request(agency.endpoint, "GET", LIST, key=key, headers=token).status == 200
    assert request(agency.endpoint, "GET", LIST, key=key).status == 401
    assert request(agency.endpoint, "GET", LIST).status == 200
    assert request(agency.endpoint, "GET", LIST, headers=token).status == 401, "the token of another key"
    assert request(agency.endpoint, "GET", LIST, key=key, headers={"X-Security-Token": "another"}).status == 401
    signed = sign(agency.endpoint, "GET", LIST, headers={"workspace": WORKSPACE_ID, "X-Project-Id": PROJECT_ID}, key=key)
    assert send(agency.endpoint, "GET", LIST, headers={**signed.header_params, **token}).status == 401
    agency.advance(901)
    assert request(agency.endpoint, "GET", LIST, key=key, headers=token).status == 401


@pytest.mark.parametrize(("seconds", "status"), [(899, 400), (900, 201), (86_400, 201), (86_401, 400)])
def test_temporary_keys_live_as_long_as_asked(agency: Running, seconds: int, status: int) -> None:
    body = agency_body(duration_seconds=seconds)
    assert (
        request(agency.iam_endpoint, "POST", "/v3.0/OS-CREDENTIAL/securitytokens", body=body, key=OTHER_KEY, workspace=None).status
        == status
    )


def test_temporary_keys_by_ones_own_token(service: Running) -> None:
    token = token_request(service, password_body()).headers["X-Subject-Token"]
    body = {"auth": {"identity": {"methods": ["token"], "token": {"duration_seconds": 900}}}}
    reply = request(service.iam_endpoint, "POST", "/v3.0/OS-CREDENTIAL/securitytokens", body=body, token=token)
    credential = reply.data["credential"]
    headers = {"X-Security-Token": credential["securitytoken"]}
    assert request(service.endpoint, "GET", LIST, key=(credential["access"], credential["secret"]), headers=headers).status == 200


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 3), ({"name": REGION}, 1), ({"name": "nowhere"}, 0), ({"page": 1, "per_page": 2}, 2), ({"page": 2, "per_page": 2}, 1)],
)
def test_projects(night: Night, query: dict[str, t.Any], count: int) -> None:
    projects = [{"id": PROJECT_ID, "name": REGION}, {"name": f"{REGION}_prod"}, {"name": "eu-west-101"}]
    reply = request(night(projects=projects).iam_endpoint, "GET", "/v3/projects", query=query, workspace=None)
    assert len(reply.data["projects"]) == count
    assert all(set(project) <= set(iam.ProjectResult.attribute_map.values()) for project in reply.data["projects"])


def test_the_sdk_finds_the_project_by_region(service: Running) -> None:
    credentials = BasicCredentials(ACCESS_KEY, SECRET_KEY).with_iam_endpoint(service.iam_endpoint)
    client = studio.DataArtsStudioClient.new_builder().with_credentials(credentials).with_region(Region(REGION, service.endpoint)).build()
    request = studio.ListFactoryJobsRequest(workspace=WORKSPACE_ID)
    assert client.list_factory_jobs(request).total == 3


def test_the_sdks_iam_client(agency: Running) -> None:
    credentials = GlobalCredentials(*OTHER_KEY, "other-domain-id")
    client = iam.IamClient.new_builder().with_credentials(credentials).with_endpoint(agency.iam_endpoint).build()
    role = iam.IdentityAssumerole(agency_name=AGENCY_NAME, domain_name=DOMAIN)
    identity = iam.AgencyAuthIdentity(methods=["assume_role"], assume_role=role)
    body = iam.CreateTemporaryAccessKeyByAgencyRequestBody(iam.AgencyAuth(identity))
    credential = client.create_temporary_access_key_by_agency(iam.CreateTemporaryAccessKeyByAgencyRequest(body=body)).credential
    temporary_key = BasicCredentials(credential.access, credential.secret, PROJECT_ID).with_security_token(credential.securitytoken)
    factory = studio.DataArtsStudioClient.new_builder().with_credentials(temporary_key).with_endpoint(agency.endpoint).build()
    assert factory.list_factory_jobs(studio.ListFactoryJobsRequest(workspace=WORKSPACE_ID)).total == 3
