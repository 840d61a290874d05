# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials from OpenStack's ``clouds.yaml`` and variables ``OS_*``, for Open Telekom Cloud.

In the order of openstacksdk [OSSDK]: the cloud that ``OS_CLOUD`` names, else the variables, else the only cloud of the file.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._common.errors import OptionError
from .._common.text import did_you_mean, listed, printable
from .foreign_credentials import Source, source_of

CLOUD_VARIABLE, FILE_VARIABLE, SECURE_VARIABLE = "OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"
#: Option -> its names in section ``auth`` or next to it, most preferred first. The variables are the same names in capitals, after ``OS_``.
_NAMES: dict[str, tuple[str, ...]] = {
    "access_key": ("access_key", "ak"),
    "secret_key": ("secret_key", "sk"),
    "security_token": ("security_token",),
    "auth_token": ("token", "auth_token"),
    "user_name": ("username",),
    "user_password": ("password",),
    "domain_name": ("user_domain_name", "domain_name"),
    "region": ("region_name",),
    "project_id": ("project_id", "tenant_id"),
    "project_name": ("project_name", "tenant_name"),
    "iam_endpoint": ("auth_url",),
}
_SECRETS = ("access_key", "secret_key", "auth_token", "user_password")
_AUTH_TYPES = {"password": "user_password", "v3password": "user_password", "token": "auth_token", "v3token": "auth_token"}
#: openstacksdk's profile of this cloud -> address of IAM, default region.
_PROFILES = {
    "otc": ("https://iam.{region_name}.otc.t-systems.com", "eu-de"),
    "otc-swiss": ("https://iam-pub.{region_name}.sc.otc.t-systems.com", "eu-ch2"),
}
_IAM_HOST = re.compile(r"https?://iam(?:-pub)?\.([a-z0-9-]+)\.([a-z0-9.-]+?)(?::[0-9]+)?(?:/.*)?")
Cloud = t.Dict[str, t.Any]


def named_cloud(environ: t.Mapping[str, str]) -> Source:
    """The cloud that ``OS_CLOUD`` names. :raises OptionError: there is no such cloud, or it has no usable credentials."""
    name = environ[CLOUD_VARIABLE].strip()
    path, clouds = _clouds(environ)
    if name not in clouds:
        holder = f"The file {path} has" if path else f"No clouds.yaml was found in the usual places or with {FILE_VARIABLE}, and so"
        raise OptionError(f"{holder} no cloud {printable(name, 80)}, which {CLOUD_VARIABLE} names. {did_you_mean(name, clouds)}".rstrip())
    return _source_of(clouds[name], f"cloud {printable(name, 80)} of {os.path.basename(path)}", f"cloud {printable(name, 80)} of {path}")


def only_cloud(environ: t.Mapping[str, str]) -> Source | None:
    """The only cloud of the file; None without a file or with several clouds."""
    path, clouds = _clouds(environ)
    if len(clouds) != 1:
        return None
    ((name, cloud),) = clouds.items()
    return _source_of(cloud, f"cloud {printable(name, 80)} of {os.path.basename(path)}", f"cloud {printable(name, 80)} of {path}")


def of_variables(environ: t.Mapping[str, str]) -> Source | None:
    """The credentials in variables ``OS_*``; None if none of the variables is a secret."""
    cloud = {name[3:].lower(): value for name, value in environ.items() if name.startswith("OS_") and value.strip()}
    if not any(name in cloud for option in _SECRETS for name in _NAMES[option]):
        return None
    return _source_of(cloud, "variables", "the environment", lambda name: f"OS_{name.upper()}")


def _source_of(cloud: Cloud, place: str, where: str, shown: t.Callable[[str], str] = lambda name: name) -> Source:
    entry = _flat(cloud)
    kind = str(entry.get("auth_type") or entry.get("auth_plugin") or "")
    if kind and kind not in _AUTH_TYPES:
        raise OptionError(
            f"{shown('auth_type')} {printable(kind, 40)} of {where} is not supported: use password or token, or access_key and secret_key."
        )
    left_out = [option for option in ("auth_token", "user_password") if kind and option != _AUTH_TYPES[kind]]
    names = {
        option: next((name for name in own if entry.get(name) not in (None, "")), own[0])
        for option, own in _NAMES.items()
        if option not in left_out and (option not in ("user_name", "domain_name") or "password" in entry)
    }
    if "user_password" in names and entry.get("password") and not entry.get(names["domain_name"]):
        raise OptionError(
            f"{where[:1].upper()}{where[1:]} has no {shown('user_domain_name')}. Add it: the name of the account, not its id."
        )
    given = {shown(name): entry.get(name) for name in names.values()}
    source = source_of(place, where, given, {option: shown(name) for option, name in names.items()})
    region, domain = _of_iam(source.values.get("iam_endpoint", ""))
    derived = {"region": source.values.get("region") or region, "cloud_domain": domain}
    values = {**source.values, **{name: value for name, value in derived.items() if value}}
    iam = shown(names["iam_endpoint"])
    return Source(
        place, values, {**source.names, "cloud_domain": iam, "region": source.names["region"] if "region" in source.values else iam}
    )


def _flat(cloud: Cloud) -> Cloud:
    """*cloud* with its section ``auth`` merged in (entries outside it win), and with the defaults of its profile."""
    entry = {str(name).replace("-", "_"): value for part in (_mapping(cloud.get("auth")), cloud) for name, value in part.items()}
    entry.pop("auth", None)
    profile = _PROFILES.get(str(entry.get("profile") or entry.get("cloud") or ""))
    regions = entry.get("regions")
    first = regions[0] if isinstance(regions, list) and regions else None
    entry["region_name"] = entry.get("region_name") or (first.get("name") if isinstance(first, dict) else first) or (profile or ("", ""))[1]
    url = str(entry.get("auth_url") or (profile or ("", ""))[0]).rstrip("/")
    url = url[: -len("/v3")] if url.endswith("/v3") else url
    entry["auth_url"] = url.replace("%(region_name)s", "{region_name}").replace("{region_name}", str(entry["region_name"]))
    return entry


def _of_iam(url: str) -> tuple[str, str]:
    """Region and domain of the cloud from the address of its IAM; ("", "") for an address of another form."""
    match = _IAM_HOST.fullmatch(url.lower())
    return (match[1], match[2]) if match else ("", "")


def _clouds(environ: t.Mapping[str, str]) -> tuple[str, dict[str, Cloud]]:
    """Path of ``clouds.yaml``, safe to show, and its clouds merged with ``secure.yaml``; ("", {}) without a file."""
    path, clouds = _file(environ, "clouds", FILE_VARIABLE)
    dummy, secure = _file(environ, "secure", SECURE_VARIABLE) if path else ("", {})
    return path, {name: _merged(cloud, secure.get(name)) for name, cloud in clouds.items()}


def _merged(cloud: t.Any, more: t.Any) -> Cloud:
    cloud, more = (_mapping(part) for part in (cloud, more))
    return {**cloud, **more, "auth": {**_mapping(cloud.get("auth")), **_mapping(more.get("auth"))}}


def _mapping(value: t.Any) -> Cloud:
    return value if isinstance(value, dict) else {}


def _file(environ: t.Mapping[str, str], name: str, variable: str) -> tuple[str, dict[str, t.Any]]:
    """Path and clouds of the first file called *name*; ("", {}) without one."""
    named, home = environ.get(variable, "").strip(), environ.get("HOME", "")
    folders = [os.getcwd(), *([os.path.join(home, ".config", "openstack")] if home else []), "/etc/openstack"]
    usual = [os.path.join(folder, name + ending) for folder in folders for ending in (".yaml", ".yml", ".json")]
    path = named or next((path for path in usual if os.path.exists(path)), "")
    if not path:
        return "", {}
    shown = printable(path, 200)
    from ansible.module_utils.common.yaml import HAS_YAML, yaml_load  # imported here, because it would slow down every module

    if not HAS_YAML:
        raise OptionError(f"Failed to read {shown}: this Python has no PyYAML. Install it, or set credentials in another way.")
    try:
        with open(path, encoding="utf-8") as stream:
            data = yaml_load(stream)
    except OSError as error:
        raise OptionError(f"Failed to read {shown}: {error.strerror}. Correct {variable if named else 'the file'}, or remove it.") from None
    except Exception:  # whatever a YAML constructor raises; its text may quote secrets in the file
        data = None
    clouds = data.get("clouds") if isinstance(data, dict) else None
    if not isinstance(clouds, dict):
        raise OptionError(
            f"Failed to read {shown}: it is not a file of {listed(['clouds'])}. Correct it, or set credentials in another way."
        )
    return shown, {str(cloud): value for cloud, value in clouds.items()}
