# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rerun as the endpoint's page shows: with the official Python SDK, one job and one instance after the other.

``python -m tools.bench.sdk_way ENDPOINT MOST WORKSPACE:JOB...`` stops after MOST instances.
"""

from __future__ import annotations

import sys
import time
import typing as t

import huaweicloudsdkdataartsstudio.v1 as sdk
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions

from tools.bench.nights import ACCESS_KEY, PAGE, PROJECT_ID, SECRET_KEY

#: Seconds to wait after a 429.
PATIENCE = 1.0


def main() -> None:
    """Rerun the failed instances of the last day."""
    endpoint, most, *jobs = sys.argv[1:]
    left = int(most)
    client = (
        sdk.DataArtsStudioClient.new_builder()
        .with_credentials(BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT_ID))
        .with_endpoint(endpoint)
        .build()
    )
    now = int(time.time() * 1000)
    for workspace, _colon, job in (job.partition(":") for job in jobs):
        wanted = sdk.ListFactoryJobInstancesByNameRequest(
            workspace=workspace, job_name=job, status="fail", limit=PAGE, min_plan_time=now - 86_400_000, max_plan_time=now
        )
        for instance in patiently(client.list_factory_job_instances_by_name, wanted).instances:
            key = sdk.RetryFactoryJobInstanceBodyTaskRetrys(
                job_id=instance.job_id, plan_time=instance.plan_time, submit_time=instance.submit_time
            )
            body = sdk.RetryFactoryJobInstanceBody("errorNode", None, "original_version", True, [key])
            patiently(client.retry_factory_job_instance, sdk.RetryFactoryJobInstanceRequest(job, workspace, body=body))
            left -= 1
            if not left:
                return


def patiently(call: t.Callable[[t.Any], t.Any], request: t.Any) -> t.Any:
    """Send a request, again after each 429. Returns the answer."""
    while True:
        try:
            return call(request)
        except exceptions.ClientRequestException as error:
            if error.status_code != 429:
                raise
            time.sleep(PATIENCE)


if __name__ == "__main__":
    main()
