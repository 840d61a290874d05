# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of the official SDKs for any host, and a recorder of their requests."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import huaweicloudsdkdataartsstudio.v1 as dataarts
import huaweicloudsdkdgc.v1 as dgc
import huaweicloudsdkiam.v3 as iam
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from requests.adapters import HTTPAdapter

from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY

#: Prefix of every SDK's User-Agent.
USER_AGENT = "huaweicloud-usdk-python"


def dataarts_client(endpoint: str, project_id: str = PROJECT_ID) -> t.Any:
    """Client of the v2 Factory API and the management API."""
    return _built(dataarts.DataArtsStudioClient, endpoint, BasicCredentials(ACCESS_KEY, SECRET_KEY, project_id))


def dgc_client(endpoint: str, project_id: str = PROJECT_ID) -> t.Any:
    """Client of the v1 Factory API."""
    return _built(dgc.DgcClient, endpoint, BasicCredentials(ACCESS_KEY, SECRET_KEY, project_id))


def iam_client(endpoint: str) -> t.Any:
    """Client of IAM."""
    return _built(iam.IamClient, endpoint, GlobalCredentials(ACCESS_KEY, SECRET_KEY, "domain-id"))


def _built(kind: t.Any, endpoint: str, credentials: t.Any) -> t.Any:
    return kind.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()


class Recorder(HTTPAdapter):
    """Transport adapter that keeps the requests instead of sending them, and answers each with an empty object."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: t.Any, **kwargs: t.Any) -> requests.Response:
        self.requests.append(request)
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        response.headers["Content-Type"] = "application/json"
        response._content = b"{}"
        return response


@contextmanager
def recorded(client: t.Any) -> Iterator[list[requests.PreparedRequest]]:
    """Yields the list of requests that *client* makes in the block. None reaches the network."""
    session = client.get_http_client()._session
    recorder, before = Recorder(), dict(session.adapters)
    session.mount("http://", recorder)
    session.mount("https://", recorder)
    try:
        yield recorder.requests
    finally:
        session.adapters.update(before)
