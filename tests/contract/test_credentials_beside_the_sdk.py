# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables and the file that the official SDK reads too, the collection uses the same credentials as the SDK, and they work."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from huaweicloudsdkcore.auth.provider import CredentialProviderChain, EnvCredentialProvider, ProfileCredentialProvider
from huaweicloudsdkcore.exceptions.exceptions import ApiValueError

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import Account, resolve
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials_file import FILE_VARIABLE
from ansible_collections.dataarts.factory.plugins.module_utils._config.sources import with_sources
from emulator.running import Running
from tests.support.logic import call
from tests.support.scenarios import ACCESS_KEY, PROJECT_ID, SECRET_KEY, small_night
from tests.support.workspace import options

FILE = f"[basic]\nak = {ACCESS_KEY}\nsk = {SECRET_KEY}\nproject_id = {PROJECT_ID}\n"
VARIABLES = {"HUAWEICLOUD_SDK_AK": "AKOFTHEVARIABLES", "HUAWEICLOUD_SDK_SK": "SKOFTHEVARIABLES", "HUAWEICLOUD_SDK_PROJECT_ID": "p"}
#: Content of the file, and variables.
CASES: dict[str, tuple[str | None, dict[str, str]]] = {
    "the file": (FILE, {}),
    "variables before the file": (FILE, VARIABLES),
    "variables": (None, VARIABLES),
    "temporary keys in the file": (f"{FILE}security_token = ST\n", {}),
    "temporary keys in variables": (None, {**VARIABLES, "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST"}),
    "another section": ("[global]\nak = A\nsk = B\n", {}),
    "half a key": ("[basic]\nak = A\n", {}),
    "an empty value": (f"{FILE}security_token =\n", {}),
    "nothing": (None, {}),
}


def of_sdk() -> dict[str, t.Any] | None:
    """Credentials that the SDK's chain finds without the network, or None."""
    chain = CredentialProviderChain((EnvCredentialProvider.get_basic(), ProfileCredentialProvider.get_basic()))
    try:
        credentials = chain.get_credentials()
    except ApiValueError:
        return None
    return {
        "access_key": credentials.ak,
        "secret_key": credentials.sk,
        "security_token": credentials.security_token or None,
        "project_id": credentials.project_id,
    }


def of_ours(environ: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    try:
        resolved = resolve({}, with_sources({}, environ))
        Account.from_options(resolved)
    except OptionError:
        return None
    return {name: resolved[name] for name in ("access_key", "secret_key", "security_token", "project_id")}


@pytest.fixture(params=["in its usual place", "named by a variable"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str | None], dict[str, str]]:
    """Function that writes the file and returns the environment in which it is found."""
    home = tmp_path / "home"
    usual = home / ".huaweicloud" / "credentials"
    usual.parent.mkdir(parents=True)
    path = usual if request.param == "in its usual place" else tmp_path / "named"
    monkeypatch.setenv("HOME", str(home))

    def write(text: str | None) -> dict[str, str]:
        if text is not None:
            path.write_text(text, encoding="utf-8")
        if path != usual:
            monkeypatch.setenv(FILE_VARIABLE, str(path))
            return {"HOME": str(home), FILE_VARIABLE: str(path)}
        return {"HOME": str(home)}

    return write


@pytest.mark.parametrize("name", CASES)
def test_the_same_credentials(name: str, place: t.Callable[[str | None], dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    text, variables = CASES[name]
    environ = {**place(text), **variables}
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert of_ours(environ) == of_sdk()


def test_a_module_works_with_the_file_alone(emulated: Running, place: t.Callable[[str | None], dict[str, str]]) -> None:
    emulated.reset(small_night(switches={"flow_control": False}))
    place(FILE)
    result = call("account_doctor", options(emulated, access_key=None, secret_key=None, project_id=None, measure=False))
    credentials = next(finding for finding in result["checks"] if finding["check"] == "credentials")
    assert result["ready"], result["first_step"]
    assert credentials["text"] == "access key, access_key and secret_key from ak, sk of the credentials file"
    assert SECRET_KEY not in str(result)
