# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that the official SDK's signer has signed, sent byte for byte as signed."""

from __future__ import annotations

import http.client
import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote, urlsplit

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from requests.structures import CaseInsensitiveDict

from emulator.running import Running
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY, WORKSPACE_ID

JOBS_V2 = f"/v2/{PROJECT_ID}/factory/jobs"
JOBS_V1 = f"/v1/{PROJECT_ID}/jobs"
DAY_MS = 86_400_000
Headers = dict[str, str]


@dataclass(frozen=True)
class Reply:
    """An HTTP response, unparsed."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def data(self) -> t.Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code, or "" if the body is empty or has none."""
        return str(self.data.get("error_code", "")) if self.body else ""


def sdk_date(moment_ms: int) -> str:
    """Format epoch ms as the header X-Sdk-Date: ``20261123T030000Z``."""
    return datetime.fromtimestamp(moment_ms / 1000, timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def sign(
    base: str,
    method: str,
    path: str,
    query: t.Mapping[str, t.Any] | None = None,
    body: bytes = b"",
    headers: Headers | None = None,
    key: tuple[str, str] = (ACCESS_KEY, SECRET_KEY),
) -> SdkRequest:
    """Sign a request to *path* (percent-encoded) of the server *base* with the SDK."""
    address = urlsplit(base)
    signed = SdkRequest(
        method=method,
        schema=address.scheme,
        host=address.netloc,
        resource_path=path,
        query_params=list((query or {}).items()),
        header_params=dict(headers or {}),
        body=body,
    )
    return t.cast(SdkRequest, Signer(BasicCredentials(*key)).sign(signed))


def send(base: str, method: str, uri: str, body: bytes = b"", headers: t.Mapping[str, str] | None = None, timeout: float = 60.0) -> Reply:
    """Send a request without changing or adding anything that the caller has not passed, and return the response."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=timeout)
    try:
        connection.request(method, uri, body or None, dict(headers or {}))
        response = connection.getresponse()
        return Reply(response.status, CaseInsensitiveDict(response.headers.items()), response.read())
    finally:
        connection.close()


def request(
    base: str,
    method: str,
    path: str,
    *,
    query: t.Mapping[str, t.Any] | None = None,
    body: t.Any = None,
    workspace: str | None = WORKSPACE_ID,
    headers: Headers | None = None,
    key: tuple[str, str] = (ACCESS_KEY, SECRET_KEY),
    token: str | None = None,
    timeout: float = 60.0,
) -> Reply:
    """Send one request with *body* as JSON: signed with *key*, or unsigned with *token* if that is set. Headers with empty values are left out."""
    all_headers: Headers = {"workspace": workspace} if workspace else {}
    all_headers["X-Project-Id"] = PROJECT_ID
    raw = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        all_headers["Content-Type"] = "application/json;charset=UTF-8"
    all_headers.update(headers or {})
    all_headers = {name: value for name, value in all_headers.items() if value}
    if token is not None:
        joined = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in (query or {}).items())
        return send(base, method, f"{path}?{joined}" if joined else path, raw, {**all_headers, "X-Auth-Token": token}, timeout)
    signed = sign(base, method, path, query, raw, all_headers, key)
    return send(base, method, signed.uri, raw, signed.header_params, timeout)


def listed(service: Running, name: str = "daily_sales", **query: t.Any) -> Reply:
    """List the instances of one job with v2: the last 30 days, 1000 entries, unless *query* overrides that."""
    now = service.now_ms()
    wanted = {"min_plan_time": now - 30 * DAY_MS, "max_plan_time": now, "limit": 1000, **query}
    return request(service.endpoint, "GET", f"{JOBS_V2}/{quote(name, safe='')}/instances/detail", query=wanted)


def listed_v1(service: Running, **query: t.Any) -> Reply:
    """List the instances of the workspace with v1: the last 7 days, 1000 entries, unless *query* overrides that."""
    now = service.now_ms()
    wanted = {"minPlanTime": now - 7 * DAY_MS, "maxPlanTime": now, "limit": 1000, **query}
    return request(service.endpoint_v1, "GET", f"{JOBS_V1}/instances/detail", query=wanted)


def keys(entries: t.Iterable[dict[str, t.Any]]) -> list[dict[str, int]]:
    """The entries of ``task_retrys`` that name the listed instances *entries*."""
    return [{name: entry[name] for name in ("job_id", "plan_time", "submit_time")} for entry in entries]


def retry_body(entries: t.Iterable[dict[str, t.Any]], **changes: t.Any) -> dict[str, t.Any]:
    """The body of a v2 rerun of the listed instances *entries* (mode A: by instance)."""
    return {"retry_location": "errorNode", "retry_task_version": "original_version", "task_retrys": keys(entries), **changes}


def retry(service: Running, name: str, body: t.Any, **options: t.Any) -> Reply:
    """Send a v2 rerun."""
    return request(service.endpoint, "POST", f"{JOBS_V2}/{quote(name, safe='')}/instances/retry", body=body, **options)


def restart(service: Running, name: str, instance_id: int, body: t.Any = None, **options: t.Any) -> Reply:
    """Send a v1 restart."""
    return request(service.endpoint_v1, "POST", f"{JOBS_V1}/{quote(name, safe='')}/instances/{instance_id}/restart", body=body, **options)
