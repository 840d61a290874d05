# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request of the collection equals the official SDK's, and the SDK's signer creates the same signature."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

import huaweicloudsdkdataartsstudio.v1 as dataarts
import huaweicloudsdkdgc.v1 as dgc
import huaweicloudsdkiam.v3 as iam
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from requests import PreparedRequest

from ansible_collections.dataarts.factory.plugins.module_utils._api.base import ScopedClient
from ansible_collections.dataarts.factory.plugins.module_utils._api.baseline_query import Baselines
from ansible_collections.dataarts.factory.plugins.module_utils._api.management import Management
from ansible_collections.dataarts.factory.plugins.module_utils._api.supplement_data import SupplementDataApi
from ansible_collections.dataarts.factory.plugins.module_utils._api.v1 import V1Api
from ansible_collections.dataarts.factory.plugins.module_utils._api.v2 import V2Api
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import Account
from ansible_collections.dataarts.factory.plugins.module_utils._config.regions import Hosts
from ansible_collections.dataarts.factory.plugins.module_utils._http.client import Client
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import Iam
from ansible_collections.dataarts.factory.plugins.module_utils._http.rate_limiter import RateLimiter
from ansible_collections.dataarts.factory.plugins.module_utils._http.request import Answer, Request
from ansible_collections.dataarts.factory.plugins.module_utils._http.session import Session
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.transport import prepare
from emulator.running import Running
from tests.contract.generated import NASTY, REFUSED, Values, cases
from tests.contract.sdk import dataarts_client, dgc_client, iam_client, recorded
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, REGION, SECRET_KEY, WORKSPACE_ID, small_night

HOSTS = Hosts(REGION)
#: Random requests per operation, and in the long tests; least number of comparisons in total.
PER_OPERATION, MANY, IN_ALL = 75, 150, 2000
AUTHORIZATION = re.compile(r"SDK-HMAC-SHA256 Access=(\S+), SignedHeaders=(\S+), Signature=[0-9a-f]{64}")
#: Headers of the transport, and those that a request without a body does not need [H-RET].
TRANSPORT = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-sdk-date",
    "authorization",
}
#: An answer that every operation accepts.
ANSWER: dict[str, t.Any] = {
    **dict.fromkeys(("total", "count", "fail_count", "running_exception_count", "manual_stop_count"), 0),
    **{
        name: []
        for name in (
            "instances",
            "jobs",
            "depend_instances_info",
            "commodity_orders",
            "data",
            "nodes",
            "baselines",
            "baseline_instances",
            "rows",
        )
    },
    **dict.fromkeys(("name", "jobName", "status"), "x"),
    "token": {},
    "credential": {"access": "a", "secret": "s", "securitytoken": "t"},
}


class Kept(Client):
    """The collection's client without a network: builds and signs requests, keeps them, and answers each with the same valid answer."""

    def __init__(self, auth: t.Any, answer: t.Any) -> None:
        super().__init__(auth)
        self.requests: list[PreparedRequest] = []
        self._answer = answer
        self._signs = auth

    def send(self, request: Request, *, deadline: float | None = None) -> Answer:
        self.requests.append(prepare(request, self._signs))
        return Answer(200, self._answer, "request", {"x-subject-token": "token"})


class Sdk:
    """Clients of the SDKs for one set of values."""

    def __init__(self) -> None:
        self.studio = dataarts_client(HOSTS.v2)
        self.dgc = dgc_client(HOSTS.v1)
        self.iam = iam_client(HOSTS.iam)
        self.iam.with_credentials(self.iam.get_credentials().with_domain_id(None))

    def adopt(self, values: Values) -> Sdk:
        """Use the project and the security token of *values*."""
        for client in (self.studio, self.dgc):
            client.get_credentials().project_id = values.project_id
        for client in (self.studio, self.dgc, self.iam):
            client.get_credentials().security_token = values.security_token
        return self


class Collection:
    """The collection's APIs for one set of values."""

    def __init__(self, values: Values, operation: Operation) -> None:
        auth = AkSkAuth(ACCESS_KEY, SECRET_KEY, values.security_token) if operation.signed else None
        projects = {"projects": [{"id": "p", "name": values.name}]}
        self.client = Kept(auth, {**ANSWER, **projects} if operation.answer is None else operation.answer)
        scoped = ScopedClient(Session(self.client, HOSTS, values.project_id), values.workspace_id)
        self.v1, self.v2 = V1Api(scoped), V2Api(scoped)
        self.patch_data = SupplementDataApi(scoped)
        self.management = Management(scoped.session)
        self.baselines = Baselines(scoped.session)
        self.iam = Iam(self.client, HOSTS.iam)


class Operation(t.NamedTuple):
    """One operation, by the collection and by the SDK.

    :param named: whether ``values.name`` is in the path.
    :param body_differs: whether the SDK does not support the body that the page documents since 2025 [H-67].
    """

    ours: Callable[[Collection, Values], object]
    theirs: Callable[[Sdk, Values], object]
    named: bool = True
    signed: bool = True
    body_differs: bool = False
    answer: t.Any = None


def word(statuses: t.Sequence[t.Any], known: t.Collection[str]) -> str | None:
    """The status filter: only for a single status that all editions write in the same way."""
    return statuses[0].value if len(statuses) == 1 and statuses[0].value in known else None


def kind(values: Values) -> str | None:
    """The service's number of the instance type."""
    return str(values.instance_type.number) if values.instance_type else None


def params(values: Values) -> dict[str, str]:
    """Parameters of a job with random names and values."""
    return {values.other_name: values.name, "date": values.number, values.relation: ""}


V1_WORDS = {"waiting", "running", "fail", "running-exception", "pause", "freeze"}


def list_v2(sdk: Sdk, values: Values) -> object:
    request = dataarts.ListFactoryJobInstancesByNameRequest(
        workspace=values.workspace_id,
        limit=1000,
        offset=0,
        min_plan_time=values.window.begin,
        max_plan_time=values.window.end,
        status=word(values.statuses, V1_WORDS | {"success"}),
        job_name=values.name,
        instance_type=kind(values),
    )
    return sdk.studio.list_factory_job_instances_by_name(request)


def list_v1(sdk: Sdk, values: Values, *, one_job: bool) -> object:
    request = dgc.ListJobInstancesRequest(
        workspace=values.workspace_id,
        limit=1000,
        offset=0,
        min_plan_time=values.window.begin,
        max_plan_time=values.window.end,
        status=word(values.statuses, V1_WORDS),
        precise_query=True if one_job else None,
        job_name=values.name if one_job else None,
        instance_type=kind(values),
    )
    return sdk.dgc.list_job_instances(request)


def retry(sdk: Sdk, values: Values, **mode: t.Any) -> object:
    how = values.options
    body = dataarts.RetryFactoryJobInstanceBody(
        retry_location=how.retry_location,
        node_name=how.node_name,
        retry_task_version=how.retry_task_version,
        ignore_obs_monitor=how.ignore_obs_monitor,
        **mode,
    )
    request = dataarts.RetryFactoryJobInstanceRequest(values.name, values.workspace_id, values.project_id, body)
    return sdk.studio.retry_factory_job_instance(request)


def retry_selected(sdk: Sdk, values: Values) -> object:
    keys = [
        dataarts.RetryFactoryJobInstanceBodyTaskRetrys(job_id=int(key.job_id), plan_time=key.plan_time, submit_time=key.submit_time)
        for key in values.keys
    ]
    return retry(sdk, values, task_retrys=keys)


def retry_related(sdk: Sdk, values: Values) -> object:
    wanted = values.related
    jobs = [dataarts.RetryFactoryJobInstanceBodyJobs(job_name=name, workspace_id=workspace) for name, workspace in wanted.jobs]
    return retry(sdk, values, begin_time=wanted.begin_time, end_time=wanted.end_time, jobs=jobs, concurrent=wanted.concurrent)


def depend_instances(sdk: Sdk, values: Values) -> object:
    request = dataarts.ShowFactoryDependInstancesRequest(
        workspace=values.workspace_id, instance_id=values.name, relation=values.relation, depth=values.depth, latest=values.flag
    )
    return sdk.studio.show_factory_depend_instances(request)


def user(values: Values) -> Account:
    """Credentials of a user and an agency with random names and password."""
    return Account(
        "user",
        user_name=values.name,
        user_password=values.other_name,
        domain_name=values.workspace_id,
        agency_name=values.name,
        agency_domain_name=values.other_name,
    )


def scope(values: Values) -> dict[str, t.Any]:
    """A scope: a project by id or by name."""
    return {"project": {"id": values.project_id}} if values.flag else {"project": {"name": values.other_name}}


def user_token(sdk: Sdk, values: Values) -> object:
    account = user(values)
    person = iam.PwdPasswordUser(iam.PwdPasswordUserDomain(account.domain_name), account.user_name, account.user_password)
    wanted = iam.AuthScope(project=iam.AuthScopeProject(**scope(values)["project"]))
    auth = iam.PwdAuth(iam.PwdIdentity(["password"], iam.PwdPassword(person)), wanted)
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth)
    return sdk.iam.keystone_create_user_token_by_password(iam.KeystoneCreateUserTokenByPasswordRequest("true", body))


def agency_token(sdk: Sdk, values: Values) -> object:
    role = iam.AgencyTokenAssumerole(domain_name=values.other_name, agency_name=values.name)
    wanted = iam.AgencyTokenScope(project=iam.AgencyTokenScopeProject(**scope(values)["project"]))
    auth = iam.AgencyTokenAuth(iam.AgencyTokenIdentity(["assume_role"], role), wanted)
    return sdk.iam.keystone_create_agency_token(
        iam.KeystoneCreateAgencyTokenRequest("true", iam.KeystoneCreateAgencyTokenRequestBody(auth))
    )


def agency_keys(sdk: Sdk, values: Values) -> object:
    role = iam.IdentityAssumerole(agency_name=values.name, domain_name=values.other_name, duration_seconds=3600)
    auth = iam.AgencyAuth(iam.AgencyAuthIdentity(["assume_role"], role))
    request = iam.CreateTemporaryAccessKeyByAgencyRequest(iam.CreateTemporaryAccessKeyByAgencyRequestBody(auth))
    return sdk.iam.create_temporary_access_key_by_agency(request)


def patch_data(sdk: Sdk, values: Values) -> object:
    asked = values.patch_data
    kind = dataarts.CreateFactorySupplementDataInstanceRequestBody
    run_time, instance_time = asked.run_time, asked.instance_time
    zone = timezone(timedelta(hours=asked.offset_hours))
    dates = [datetime.fromtimestamp(ms // 1000, zone).strftime("%Y-%m-%dT%H:%M:%S %z")[:-2] for ms in (asked.begin, asked.end)]
    body = kind(
        asked.name,
        asked.job_name,
        *dates,
        asked.parallel,
        [dataarts.CreateFactorySupplementDataInstanceRequestBodyDependJobs(*job) for job in asked.depend_jobs] or None,
        asked.day_granularity,
        asked.priority,
        asked.stop_when_fail,
        int(asked.newest_first),
        dataarts.CreateFactorySupplementDataInstanceRequestBodySupplementDataRunTime(*run_time) if any(run_time) else None,
        dataarts.CreateFactorySupplementDataInstanceRequestBodySupplementDataInstanceTime(
            list(instance_time.days) or None, instance_time.time_of_day
        )
        if any(instance_time)
        else None,
        "true" if asked.force else None,
    )
    return sdk.studio.create_factory_supplement_data_instance(
        dataarts.CreateFactorySupplementDataInstanceRequest(values.workspace_id, body)
    )


def patch_data_rows(sdk: Sdk, values: Values) -> object:
    request = dataarts.ShowFactorySupplementDataRequest(values.workspace_id, sort="desc", page="0", size="100", name=values.name)
    return sdk.studio.show_factory_supplement_data(request)


#: All operations of the collection, by class and method.
OPERATIONS: dict[str, Operation] = {
    "V2Api.list_instances": Operation(
        lambda our, v: our.v2.list_instances(v.name, v.window, statuses=v.statuses, instance_type=v.instance_type), list_v2
    ),
    "V2Api.list_jobs": Operation(
        lambda our, v: our.v2.list_jobs(v.name if v.flag else None, v.job_type),
        lambda sdk, v: sdk.studio.list_factory_jobs(
            dataarts.ListFactoryJobsRequest(v.workspace_id, 100, 0, v.job_type, v.name if v.flag else None)
        ),
        named=False,
    ),
    "V2Api.probe": Operation(
        lambda our, v: our.v2.probe(),
        lambda sdk, v: sdk.studio.list_factory_jobs(dataarts.ListFactoryJobsRequest(v.workspace_id, 1, 0, "BATCH", None)),
        named=False,
    ),
    "V2Api.statistics": Operation(
        lambda our, v: our.v2.statistics(),
        lambda sdk, v: sdk.studio.list_factory_task_overview(
            dataarts.ListFactoryTaskOverviewRequest(workspace=v.workspace_id, is_own=False, query_days="all")
        ),
        named=False,
    ),
    "V2Api.retry": Operation(lambda our, v: our.v2.retry(v.name, v.keys, v.options), retry_selected),
    "V2Api.retry_related": Operation(lambda our, v: our.v2.retry_related(v.name, v.related, v.options), retry_related),
    "V2Api.depend_instances": Operation(
        lambda our, v: our.v2.depend_instances(v.name, v.relation, v.depth, v.flag),
        depend_instances,
    ),
    "V2Api.depend_jobs": Operation(
        lambda our, v: our.v2.depend_jobs(v.name, v.relation),
        lambda sdk, v: sdk.studio.show_factory_job_depend_instances(
            dataarts.ShowFactoryJobDependInstancesRequest(workspace=v.workspace_id, job_name=v.name, relation=v.relation)
        ),
        answer=[],
    ),
    "V1Api.list_instances": Operation(
        lambda our, v: our.v1.list_instances(v.name, v.window, statuses=v.statuses, instance_type=v.instance_type),
        lambda sdk, v: list_v1(sdk, v, one_job=True),
        named=False,
    ),
    "V1Api.list_instances of the workspace": Operation(
        lambda our, v: our.v1.list_instances(None, v.window, statuses=v.statuses, instance_type=v.instance_type),
        lambda sdk, v: list_v1(sdk, v, one_job=False),
        named=False,
    ),
    "V1Api.list_jobs": Operation(
        lambda our, v: our.v1.list_jobs(v.name if v.flag else None, v.job_type),
        lambda sdk, v: sdk.dgc.list_jobs(dgc.ListJobsRequest(v.workspace_id, 100, 0, v.job_type, v.name if v.flag else None)),
        named=False,
    ),
    "V1Api.probe": Operation(
        lambda our, v: our.v1.probe(),
        lambda sdk, v: sdk.dgc.list_jobs(dgc.ListJobsRequest(v.workspace_id, 1, 0, "BATCH", None)),
        named=False,
    ),
    "V1Api.job_detail": Operation(
        lambda our, v: our.v1.job_detail(v.name),
        lambda sdk, v: sdk.dgc.show_job(dgc.ShowJobRequest(workspace=v.workspace_id, job_name=v.name, get_job_submit_version=True)),
    ),
    "V1Api.job_nodes": Operation(
        lambda our, v: our.v1.job_nodes(v.name),
        lambda sdk, v: sdk.dgc.show_job(dgc.ShowJobRequest(workspace=v.workspace_id, job_name=v.name, get_job_submit_version=True)),
    ),
    "V1Api.instance_detail": Operation(
        lambda our, v: our.v1.instance_detail(v.name, v.number),
        lambda sdk, v: sdk.dgc.show_job_instance(dgc.ShowJobInstanceRequest(v.workspace_id, v.name, v.number)),
    ),
    "V1Api.restart": Operation(
        lambda our, v: our.v1.restart(v.name, v.number, v.options),
        lambda sdk, v: sdk.dgc.restore_job_instance(dgc.RestoreJobInstanceRequest(v.workspace_id, v.name, v.number)),
        body_differs=True,
    ),
    "V1Api.stop": Operation(
        lambda our, v: our.v1.stop(v.name, v.number),
        lambda sdk, v: sdk.dgc.stop_job_instance(dgc.StopJobInstanceRequest(v.workspace_id, v.name, v.number)),
    ),
    "V1Api.start_job": Operation(
        lambda our, v: our.v1.start_job(v.name),
        lambda sdk, v: sdk.dgc.start_job(dgc.StartJobRequest(v.workspace_id, v.name)),
    ),
    "V1Api.stop_job": Operation(
        lambda our, v: our.v1.stop_job(v.name),
        lambda sdk, v: sdk.dgc.stop_job(dgc.StopJobRequest(v.workspace_id, v.name)),
    ),
    "V1Api.run_job": Operation(
        lambda our, v: our.v1.run_job(v.name, {} if v.flag else params(v)),
        lambda sdk, v: sdk.dgc.run_once(
            dgc.RunOnceRequest(
                v.workspace_id,
                v.name,
                None if v.flag else dgc.StartJobReq([dgc.JobParam(name=name, value=value) for name, value in params(v).items()]),
            )
        ),
    ),
    "SupplementDataApi.create": Operation(lambda our, v: our.patch_data.create(v.patch_data), patch_data, named=False),
    "SupplementDataApi.rows": Operation(lambda our, v: our.patch_data.rows(v.name), patch_data_rows, named=False),
    "SupplementDataApi.named": Operation(lambda our, v: our.patch_data.named(v.name), patch_data_rows, named=False),
    "SupplementDataApi.stop": Operation(
        lambda our, v: our.patch_data.stop(v.name),
        lambda sdk, v: sdk.studio.stop_factory_supplement_data_instance(
            dataarts.StopFactorySupplementDataInstanceRequest(v.name, v.workspace_id)
        ),
    ),
    "Management.studio_instances": Operation(
        lambda our, v: our.management.studio_instances(),
        lambda sdk, v: sdk.studio.list_data_arts_studio_instances(dataarts.ListDataArtsStudioInstancesRequest(limit=100, offset=0)),
        named=False,
    ),
    "Management.workspaces": Operation(
        lambda our, v: our.management.workspaces(v.name),
        lambda sdk, v: sdk.studio.list_manager_work_spaces(dataarts.ListManagerWorkSpacesRequest(v.name, limit=100, offset=0)),
    ),
    "Baselines.definitions": Operation(
        lambda our, v: our.baselines.definitions(v.name, v.workspace_id),
        lambda sdk, v: sdk.studio.list_search_factory_baselines(
            dataarts.ListSearchFactoryBaselinesRequest(
                v.name, x_project_id=v.project_id, workspace_id=v.workspace_id, enable=True, offset=1, limit=100
            )
        ),
    ),
    "Baselines.instances": Operation(
        lambda our, v: our.baselines.instances(v.name, v.workspace_id, v.window),
        lambda sdk, v: sdk.studio.list_factory_search_baseline_instances(
            dataarts.ListFactorySearchBaselineInstancesRequest(
                v.name,
                x_project_id=v.project_id,
                workspace_id=v.workspace_id,
                start_time=v.window.begin,
                end_time=v.window.end,
                offset=1,
                limit=100,
            )
        ),
    ),
    "Iam.user_token": Operation(lambda our, v: our.iam.user_token(user(v), scope(v)), user_token, named=False, signed=False),
    "Iam.agency_token": Operation(lambda our, v: our.iam.agency_token(user(v), "token", scope(v)), agency_token, named=False, signed=False),
    "Iam.agency_keys": Operation(lambda our, v: our.iam.agency_keys(user(v)), agency_keys, named=False),
    "Iam.project_id": Operation(
        lambda our, v: our.iam.project_id(v.name),
        lambda sdk, v: sdk.iam.keystone_list_projects(iam.KeystoneListProjectsRequest(name=v.name)),
        named=False,
    ),
}


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    return Sdk()


def both(name: str, sdk: Sdk, values: Values) -> tuple[PreparedRequest, PreparedRequest]:
    """The request of the collection and that of the SDK."""
    operation = OPERATIONS[name]
    collection = Collection(values, operation)
    operation.ours(collection, values)
    sdk.adopt(values)
    with recorded(sdk.studio) as first, recorded(sdk.dgc) as second, recorded(sdk.iam) as third:
        operation.theirs(sdk, values)
    (ours,) = collection.client.requests
    (theirs,) = [*first, *second, *third]
    return ours, theirs


def pairs(request: PreparedRequest) -> list[tuple[str, str]]:
    """The decoded query as a sorted list."""
    query = urlsplit(str(request.url)).query
    return sorted(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else []


def own_headers(request: PreparedRequest) -> dict[str, str]:
    """Headers that are not those of the transport."""
    return {name.lower(): value for name, value in request.headers.items() if name.lower() not in TRANSPORT}


def media_type(request: PreparedRequest) -> tuple[str, str]:
    """Media type and charset of the body, UTF-8 by default."""
    given, _semicolon, parameters = str(request.headers["Content-Type"]).lower().partition(";")
    return given.strip(), parameters.strip().removeprefix("charset=") or "utf-8"


def content(request: PreparedRequest) -> t.Any:
    """The parsed JSON body, or None."""
    return json.loads(request.body) if request.body else None


def compare(ours: PreparedRequest, theirs: PreparedRequest, operation: Operation) -> None:
    """Check that both requests are equal."""
    our_url, their_url = urlsplit(str(ours.url)), urlsplit(str(theirs.url))
    assert (ours.method, our_url[:3]) == (theirs.method, their_url[:3])
    assert our_url.query == their_url.query
    assert pairs(ours) == pairs(theirs)
    if operation.body_differs:
        assert content(theirs) is None
        assert set(content(ours)) - {"node_name"} == {"retry_location", "job_param_version", "ignore_obs_monitor"}
    else:
        assert content(ours) == content(theirs)
    if operation.signed:
        assert own_headers(ours) == own_headers(theirs)
    if ours.method == "POST":
        assert media_type(ours) == media_type(theirs) == ("application/json", "utf-8")
    else:
        assert ours.body is None
        assert "Content-Type" not in ours.headers, "not required without a body [H-RET]"


def check_signature(request: PreparedRequest, security_token: str | None) -> None:
    """Check that the SDK's signer creates the same Authorization for the signed headers, and that all important headers are signed."""
    written = request.headers["Authorization"]
    matched = AUTHORIZATION.fullmatch(written)
    assert matched, written
    signed = matched.group(2).split(";")
    needed = {"host", "x-sdk-date", *own_headers(request)} | ({"content-type"} if "Content-Type" in request.headers else set())
    assert needed <= set(signed)
    assert security_token is None or "x-security-token" in signed
    parts = urlsplit(str(request.url))
    again = SdkRequest(
        method=request.method,
        schema=parts.scheme,
        host=parts.netloc,
        resource_path=parts.path,
        query_params=parse_qsl(parts.query, keep_blank_values=True),
        header_params={name: str(request.headers[name]) for name in signed},
        body=request.body,
    )
    assert Signer(BasicCredentials(ACCESS_KEY, SECRET_KEY)).sign(again).header_params["Authorization"] == written


def test_every_call_of_the_collection_is_compared() -> None:
    made = {
        f"{kind.__name__}.{name}"
        for kind in (V1Api, V2Api, SupplementDataApi, Management, Baselines, Iam)
        for name in dir(kind)
        if callable(getattr(kind, name)) and not name.startswith("_") and not name.endswith("_request")  # those only build requests
    }
    assert {name.split(" of ")[0] for name in OPERATIONS} == made
    assert len(OPERATIONS) * PER_OPERATION >= IN_ALL


@pytest.mark.parametrize("count", [PER_OPERATION, pytest.param(MANY, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_requests_are_the_sdks(sdk: Sdk, name: str, count: int) -> None:
    operation = OPERATIONS[name]
    compared = 0
    for values in cases(name, count):
        ours, theirs = both(name, sdk, values)
        try:
            compare(ours, theirs, operation)
            if operation.signed:
                check_signature(ours, values.security_token)
            else:
                assert "Authorization" not in ours.headers
                assert own_headers(ours) == ({"x-auth-token": "token"} if name == "Iam.agency_token" else {})
        except AssertionError as error:
            raise AssertionError(f"{error}\nours {ours.url}\ntheirs {theirs.url}\n{values}") from error
        compared += 1
    assert compared == count


def test_a_difference_would_be_found(sdk: Sdk) -> None:
    """The comparison and the signer reject changed requests."""
    name = "V2Api.retry"
    (values,) = cases("difference", 1)
    ours, theirs = both(name, sdk, replace(values, name="a/b"))
    compare(ours, theirs, OPERATIONS[name])
    for changes in ({"url": str(ours.url).replace("a%2Fb", "a/b")}, {"body": b"{}"}, {"method": "PUT"}):
        spoiled = ours.copy()
        vars(spoiled).update(changes)
        with pytest.raises(AssertionError):
            compare(spoiled, theirs, OPERATIONS[name])
    for header in ("workspace", "X-Project-Id"):
        spoiled = ours.copy()
        spoiled.headers[header] = "other"
        with pytest.raises(AssertionError):
            compare(spoiled, theirs, OPERATIONS[name])
        with pytest.raises(AssertionError):
            check_signature(spoiled, None)


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if operation.named])
def test_names_that_would_change_the_url_are_refused(name: str) -> None:
    (values,) = cases(name, 1)
    for refused in REFUSED:
        collection = Collection(values, OPERATIONS[name])
        with pytest.raises(OptionError):
            OPERATIONS[name].ours(collection, replace(values, name=refused))
        assert collection.client.requests == []


@pytest.mark.parametrize("name", [".", ".."])
def test_why_dots_are_refused(sdk: Sdk, name: str) -> None:
    """The SDK sends them, but another URL arrives."""
    (values,) = cases("dots", 1)
    sdk.adopt(values)
    with recorded(sdk.studio) as requests:
        list_v2(sdk, replace(values, name=name))
    assert "/jobs/" + name not in str(requests[0].url)


def test_what_both_send(emulated: Running) -> None:
    """The same names over real connections: the emulator receives equal requests."""
    jobs = [{"name": name, "failed": 1} for name in NASTY]
    emulated.reset(small_night(jobs=jobs, switches={"flow_control": False}))
    free = RateLimiter({"v2.list": 1e6})
    session = Session(
        Client(AkSkAuth(ACCESS_KEY, SECRET_KEY), rate_limiter=free),
        Hosts(None, endpoint=emulated.endpoint, endpoint_v1=emulated.endpoint_v1),
        PROJECT_ID,
    )
    factory = V2Api(ScopedClient(session, WORKSPACE_ID))
    theirs = dataarts_client(emulated.endpoint)
    now = emulated.now_ms()
    values = next(cases("wire", 1))
    wanted = replace(values, workspace_id=WORKSPACE_ID, window=type(values.window)(now - 86_400_000, now), statuses=(), instance_type=None)
    both_clients = Sdk()
    both_clients.studio = theirs
    for name in NASTY:
        instances = factory.list_instances(name, wanted.window)
        assert [instance.job_name for instance in instances] == [name]
        response = t.cast(t.Any, list_v2(both_clients, replace(wanted, name=name)))
        assert [instance.job_name for instance in response.instances] == [name]
    requests = emulated.requests("v2_list")
    assert len(requests) == 2 * len(NASTY)
    for ours, other in zip(requests[::2], requests[1::2], strict=True):
        assert (ours["method"], ours["raw_path"], ours["query"]) == (other["method"], other["raw_path"], other["query"])
        assert [ours["headers"][name] for name in ("workspace", "X-Project-Id")] == [WORKSPACE_ID, PROJECT_ID]
    session.close()
