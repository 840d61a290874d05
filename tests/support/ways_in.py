# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All sources of credentials: how each is set up, and what the doctor calls it. Add a new one here, and it is tested."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.dataarts.factory.plugins.module_utils._http.metadata import TEST_VARIABLE
from emulator.running import Running
from tests.support.scenarios import ACCESS_KEY, AGENCY_NAME, DOMAIN, REGION, SECRET_KEY, USER_NAME, USER_PASSWORD
from tests.support.workspace import token

#: Sets up a source in a home directory, and returns the environment variables that it needs.
Way = t.Callable[[Running, Path], dict[str, str]]


def _config(service: Running, home: Path) -> dict[str, str]:
    profile = {"name": "ops", "mode": "AKSK", "accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET_KEY, "region": REGION}
    (home / "config.json").write_text(json.dumps({"current": "none", "profiles": [profile]}), encoding="utf-8")
    return {"HW_SHARED_CONFIG_FILE": "~/config.json", "HW_PROFILE": "ops"}


def _keys_file(service: Running, home: Path) -> dict[str, str]:
    (home / ".huaweicloud").mkdir()
    (home / ".huaweicloud" / "credentials").write_text(f"[basic]\nak = {ACCESS_KEY}\nsk = {SECRET_KEY}\n", encoding="utf-8")
    return {}


def _cloud(home: Path, **cloud: t.Any) -> None:
    (home / ".config" / "openstack").mkdir(parents=True)
    (home / ".config" / "openstack" / "clouds.yaml").write_text(json.dumps({"clouds": {"otc": cloud}}), encoding="utf-8")


def _named_cloud(service: Running, home: Path) -> dict[str, str]:
    user = {"username": USER_NAME, "password": USER_PASSWORD, "user_domain_name": DOMAIN, "project_name": REGION}
    _cloud(home, auth={"auth_url": f"{service.iam_endpoint}/v3", **user})
    return {"OS_CLOUD": "otc"}


def _only_cloud(service: Running, home: Path) -> dict[str, str]:
    _cloud(home, auth={"auth_url": f"{service.iam_endpoint}/v3"}, ak=ACCESS_KEY, sk=SECRET_KEY, region_name=REGION)
    return {}


def _variables(service: Running, home: Path) -> dict[str, str]:
    user = {"OS_USERNAME": USER_NAME, "OS_PASSWORD": USER_PASSWORD, "OS_USER_DOMAIN_NAME": DOMAIN, "OS_PROJECT_NAME": REGION}
    return {"OS_AUTH_URL": f"{service.iam_endpoint}/v3", **user}


_OF_AGENCY = (
    "access key of an agency, agency_name, agency_domain_name, access_key and secret_key from "
    "HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME, HW_ACCESS_KEY and HW_SECRET_KEY"
)
#: Source to its set-up and to what the doctor calls it.
WAYS: dict[str, tuple[Way, str]] = {
    "HW_SHARED_CONFIG_FILE": (
        _config,
        "access key, access_key and secret_key from accessKeyId, secretAccessKey of the profile ops of HW_SHARED_CONFIG_FILE",
    ),
    "credentials file": (_keys_file, "access key, access_key and secret_key from ak, sk of the credentials file"),
    "OS_CLOUD": (
        _named_cloud,
        "user and password, user_name, user_password and domain_name from username, password, user_domain_name of the cloud otc of clouds.yaml",
    ),
    "clouds.yaml": (_only_cloud, "access key, access_key and secret_key from ak, sk of the cloud otc of clouds.yaml"),
    "OS_PASSWORD": (
        _variables,
        "user and password, user_name, user_password and domain_name from OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME of the variables",
    ),
    "OS_TOKEN": (
        lambda service, home: {"OS_TOKEN": token(service), "OS_AUTH_TYPE": "v3token", "OS_AUTH_URL": service.iam_endpoint},
        "token, auth_token from OS_TOKEN of the variables",
    ),
    "OS_ACCESS_KEY": (
        lambda service, home: {"OS_ACCESS_KEY": ACCESS_KEY, "OS_SECRET_KEY": SECRET_KEY, "OS_AUTH_URL": service.iam_endpoint},
        "access key, access_key and secret_key from OS_ACCESS_KEY, OS_SECRET_KEY of the variables",
    ),
    "HW_ACCESS_KEY and HW_PROJECT_NAME": (
        lambda service, home: {"HW_ACCESS_KEY": ACCESS_KEY, "HW_SECRET_KEY": SECRET_KEY, "HW_PROJECT_NAME": REGION},
        "access key, access_key and secret_key from HW_ACCESS_KEY and HW_SECRET_KEY",
    ),
    "HW_AUTH_URL": (
        lambda service, home: {
            "HW_USER_NAME": USER_NAME,
            "HW_USER_PASSWORD": USER_PASSWORD,
            "HW_DOMAIN_NAME": DOMAIN,
            "HW_AUTH_URL": f"{service.iam_endpoint}/v3",
        },
        "user and password, user_name, user_password and domain_name from HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME",
    ),
    "HW_ASSUME_ROLE_AGENCY_NAME": (
        lambda service, home: {
            "HW_ACCESS_KEY": ACCESS_KEY,
            "HW_SECRET_KEY": SECRET_KEY,
            "HW_ASSUME_ROLE_AGENCY_NAME": AGENCY_NAME,
            "HW_ASSUME_ROLE_DOMAIN_NAME": DOMAIN,
        },
        _OF_AGENCY,
    ),
    "metadata of the machine": (
        lambda service, home: {TEST_VARIABLE: service.iam_endpoint},
        "temporary access key of this machine's agency, use_instance_metadata from options",
    ),
}
#: Sources that are only used on request, and the option for it.
ASKED_FOR: dict[str, dict[str, t.Any]] = {"metadata of the machine": {"use_instance_metadata": True}}
#: Agencies of the operator's own account that sources need.
AGENCIES = [
    {"name": AGENCY_NAME, "trusted_domain": DOMAIN, "role": "operator"},
    {"name": "reruns", "trusted_domain": "op_svc_ecs", "role": "operator"},
]


def options_left_out(name: str) -> dict[str, t.Any]:
    """Options that source *name* sets itself, as None."""
    own_iam = name.startswith(("OS_", "clouds", "HW_AUTH"))
    return {"access_key": None, "secret_key": None, "project_id": None, **({"iam_endpoint": None} if own_iam else {})}
