# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module options and inventory variables for the workspace of ``small_night``."""

from __future__ import annotations

import json
import os
import typing as t
import urllib.request

from tests.support.scenarios import (
    ACCESS_KEY,
    DOMAIN,
    PROJECT_ID,
    REGION,
    SECRET_KEY,
    USER_NAME,
    USER_PASSWORD,
    WORKSPACE_ID,
)

#: Environment variable with the Python for modules, if it is not the one that runs Ansible; `make matrix` sets it.
TARGET_VARIABLE = "DATAARTS_TEST_TARGET"


class Addresses(t.Protocol):
    """An object with the base URLs of a service: the emulator's handle or a substitute."""

    endpoint: str
    endpoint_v1: str
    iam_endpoint: str


def options(service: Addresses, **changes: t.Any) -> dict[str, t.Any]:
    """Options of every module, with the operator's access key. A change to None removes an option."""
    given: dict[str, t.Any] = {**account(service), "workspace_id": WORKSPACE_ID, **changes}
    return {name: value for name, value in given.items() if value is not None}


def account(service: Addresses, **changes: t.Any) -> dict[str, t.Any]:
    """The options of :func:`options` without the workspace."""
    given: dict[str, t.Any] = {
        "endpoint": service.endpoint,
        "endpoint_v1": service.endpoint_v1,
        "iam_endpoint": service.iam_endpoint,
        "region": REGION,
        "project_id": PROJECT_ID,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def variables(service: Addresses, **changes: t.Any) -> dict[str, t.Any]:
    """The options of :func:`options` as inventory variables ``dataarts_…``."""
    return {f"dataarts_{name}": value for name, value in options(service, **changes).items()}


def token(service: Addresses) -> str:
    """Get a token of the operator for the project from IAM. Unlike signatures, it works however far a test has advanced the service's clock."""
    user = {"name": USER_NAME, "password": USER_PASSWORD, "domain": {"name": DOMAIN}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": {"name": REGION}}}
    request = urllib.request.Request(f"{service.iam_endpoint}/v3/auth/tokens", json.dumps({"auth": auth}).encode(), method="POST")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.headers["X-Subject-Token"])


def inventory(**workspaces: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An inventory as data: a host with variables for each workspace; modules run on the controller.

    Write it with ``json.dump`` to a ``.yml`` file.
    """
    python = os.environ.get(TARGET_VARIABLE) or "{{ ansible_playbook_python }}"
    controller = {"ansible_connection": "local", "ansible_python_interpreter": python}
    return {"all": {"vars": controller, "hosts": {name: dict(values) for name, values in workspaces.items()}}}
