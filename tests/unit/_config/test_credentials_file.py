# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDKs' credentials file and variables of other tools: values used, precedence, and refusals."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import Account, WithoutProject, resolve_with_origins
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials_file import FILE_VARIABLE
from ansible_collections.dataarts.factory.plugins.module_utils._config.sources import with_sources

SECRET = "SKOFTHEFILE-0123456789"
KEYS = f"[basic]\nak = AKOFTHEFILE\nsk = {SECRET}\n"
WHOLE = f"{KEYS}security_token = STOFTHEFILE\nproject_id = p-file\niam_endpoint = https://iam.example.com\n[global]\nak = OTHER\n"
VARIABLES = {"HW_ACCESS_KEY": "AKOFTHEVARIABLES", "HW_SECRET_KEY": "SKOFTHEVARIABLES"}
AGENCY = {"HW_ASSUME_ROLE_AGENCY_NAME": "ops", "HW_ASSUME_ROLE_DOMAIN_NAME": "acme"}
OWN = {"access_key": "AKOFTHEOPTIONS", "secret_key": "SKOFTHEOPTIONS"}


def resolved(text: str | None, options: dict[str, t.Any], environ: dict[str, str], home: Path) -> tuple[dict[str, t.Any], dict[str, str]]:
    """The options that result on a machine with this credentials file in its usual place."""
    if text is not None:
        (home / ".huaweicloud").mkdir()
        (home / ".huaweicloud" / "credentials").write_text(text, encoding="utf-8")
    environment = {"HOME": str(home), **environ}
    return resolve_with_origins(options, with_sources(options, environment))


#: Name -> file, options, variables, resulting options that are not None.
USED: dict[str, tuple[str | None, dict[str, t.Any], dict[str, str], dict[str, str]]] = {
    "no file": (None, {}, {}, {}),
    "keys": (KEYS, {}, {}, {"access_key": "AKOFTHEFILE", "secret_key": SECRET}),
    "everything": (
        WHOLE,
        {},
        {},
        {
            "access_key": "AKOFTHEFILE",
            "secret_key": SECRET,
            "security_token": "STOFTHEFILE",
            "project_id": "p-file",
            "iam_endpoint": "https://iam.example.com",
        },
    ),
    "variables go before it": (WHOLE, {}, VARIABLES, {"access_key": "AKOFTHEVARIABLES", "secret_key": "SKOFTHEVARIABLES"}),
    "variables of another kind do too": (WHOLE, {}, {"HW_AUTH_TOKEN": "T"}, {"auth_token": "T"}),
    "options go before it": (WHOLE, OWN, {}, OWN),
    "a broken file that is not needed": ("not a file of sections", OWN, {}, OWN),
    "a project of the options": (WHOLE.replace("security_token", "x"), {"project_id": "p1"}, {}, {
        "access_key": "AKOFTHEFILE", "secret_key": SECRET, "project_id": "p1", "iam_endpoint": "https://iam.example.com"}),
    "the same project in a variable": (f"{KEYS}project_id = p1\n", {}, {"HW_PROJECT_ID": "p1"}, {
        "access_key": "AKOFTHEFILE", "secret_key": SECRET, "project_id": "p1"}),
    "IAM of Terraform's variable": (None, OWN, {"HW_AUTH_URL": "https://iam.cn-north-4.myhuaweicloud.com:443/v3/"}, {
        **OWN, "iam_endpoint": "https://iam.cn-north-4.myhuaweicloud.com:443"}),
    "another cloud": (None, OWN, {"HW_CLOUD": "example.com"}, {**OWN, "cloud_domain": "example.com"}),
    "options before the variables of other tools": (
        None, {**OWN, "cloud_domain": "a.com"}, {"HW_CLOUD": "b.com"}, {**OWN, "cloud_domain": "a.com"}),
    "an agency of the variables": (None, {}, {**VARIABLES, **AGENCY}, {
        "access_key": "AKOFTHEVARIABLES", "secret_key": "SKOFTHEVARIABLES", "agency_name": "ops", "agency_domain_name": "acme"}),
    "an agency of the variables with keys of the file": (KEYS, {}, AGENCY, {
        "access_key": "AKOFTHEFILE", "secret_key": SECRET, "agency_name": "ops", "agency_domain_name": "acme"}),
    "an agency of the variables is not for keys of the options": (None, OWN, AGENCY, OWN),
    "the name of a project": (None, OWN, {"HW_PROJECT_NAME": "cn-north-4_night"}, {**OWN, "project_name": "cn-north-4_night"}),
}  # fmt: skip


@pytest.mark.parametrize("name", USED)
def test_what_is_used(name: str, tmp_path: Path) -> None:
    text, options, environ, expected = USED[name]
    values, origins = resolved(text, options, environ, tmp_path)
    assert {option: value for option, value in values.items() if value} == expected
    assert set(origins) == set(expected) - {"project_name"}
    assert not any(SECRET in origin for origin in origins.values())
    if "secret_key" in expected or "auth_token" in expected:
        Account.from_options(values)


#: Name -> file, variables, pattern of the message.
REFUSED: dict[str, tuple[str | None, dict[str, str], str]] = {
    "another section": (f"[global]\nak = A\nsk = {SECRET}\n", {}, "no ak and sk in its section basic"),
    "half a key": (f"[basic]\nsk = {SECRET}\n", {}, "no ak in its section basic"),
    "no sections": (f"sk = {SECRET}\n", {}, "not a file of sections"),
    "a percent sign": (f"[basic]\nak = A\nsk = %{SECRET}\n", {}, "percent sign"),
    "a named file that is not there": (None, {FILE_VARIABLE: "/nonexistent/credentials"}, "Correct HUAWEICLOUD_SDK_CREDENTIALS_FILE"),
    "two projects": (f"{KEYS}project_id = p1\n", {"HW_PROJECT_ID": "p2"}, "HW_PROJECT_ID and the credentials file .* different projects"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    text, environ, message = REFUSED[name]
    with pytest.raises(OptionError, match=message) as caught:
        resolved(text, {}, environ, tmp_path)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(b"[basic]\nak = \xff\xfe\n")
    with pytest.raises(OptionError, match="not a file of sections"):
        with_sources({}, {FILE_VARIABLE: str(path)})


def test_one_of_several_logins_never_takes_the_project_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(WHOLE, encoding="utf-8")
    environ = WithoutProject({FILE_VARIABLE: str(path), "HW_PROJECT_ID": "p", "HW_PROJECT_NAME": "n"})
    values, dummy = resolve_with_origins({}, with_sources({}, environ))
    assert (values["access_key"], values["project_id"], values["project_name"]) == ("AKOFTHEFILE", None, None)
