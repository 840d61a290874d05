# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata service of a server: same requests and same keys as the official SDK; renewed in time, and never used unless requested."""

from __future__ import annotations

import typing as t

import pytest
from huaweicloudsdkcore.auth.internal import MetadataAccessor
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._http import metadata
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.metadata import TEST_VARIABLE, address, machine_keys
from ansible_collections.dataarts.factory.plugins.module_utils._http.transport import proxies_for
from emulator.running import Running
from tests.support.logic import call
from tests.support.scenarios import small_night
from tests.support.workspace import options

MACHINE = {"access_key": None, "secret_key": None, "use_instance_metadata": True, "measure": False}


@pytest.fixture
def machine(emulated: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Emulator as the metadata service of a server whose agency may operate workspaces, for the collection and the SDK."""
    begin(emulated)
    monkeypatch.setenv(TEST_VARIABLE, emulated.iam_endpoint)
    monkeypatch.setattr(MetadataAccessor, "_METADATA_ENDPOINT", emulated.iam_endpoint)
    monkeypatch.setattr(FetchedAuth, "_leases", {})
    monkeypatch.setattr(FetchedAuth, "gate", None)
    return emulated


def begin(service: Running, agencies: t.Sequence[dict[str, t.Any]] | None = None, **switches: t.Any) -> None:
    night = small_night(switches={"flow_control": False, "clock_skew_seconds": 0, **switches})
    ecs = {"name": "reruns", "trusted_domain": "op_svc_ecs", "role": "operator"}
    night["accounts"][0]["agencies"] = [ecs] if agencies is None else list(agencies)
    service.reset(night)


#: First answers of the metadata service: route and status.
ANSWERS: dict[str, list[tuple[str, int]]] = {
    "tokens and keys": [],
    "no tokens": [("machine_token", 404)],
    "tokens are not allowed": [("machine_token", 405)],
    "no answer for tokens": [("machine_token", 503), ("machine_token", 503)],
}


def asked(service: Running) -> list[tuple[str, str, int, bool]]:
    """Requests to the metadata service: method, path, status, and whether they had a token."""
    seen = [request for request in service.requests() if (request["route"] or "").startswith("machine")]
    return [(request["method"], request["path"], request["status"], "X-Metadata-Token" in request["headers"]) for request in seen]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_questions_and_keys(machine: Running, name: str) -> None:
    questions, keys = [], []
    for of_sdk in (True, False):
        begin(machine)
        for route, status in ANSWERS[name] if not of_sdk else ANSWERS[name][:1]:
            machine.inject({"route": route, "kind": "status", "status": status})
        if of_sdk:
            credential = MetadataAccessor().get_credential()
            parts = [credential.access, credential.secret, credential.security_token]
        else:
            parts = t.cast(t.Any, machine_keys().apply).parts()
        (shown,) = [request for request in machine.requests("machine_keys") if request["status"] == 200]
        keys.append([len(part) for part in parts])
        seen = asked(machine)
        # a 503 is retried once, as for all reads
        questions.append([question for number, question in enumerate(seen) if question not in seen[:number]])
        assert shown["path"] == metadata.KEYS
    assert questions[0] == questions[1]
    assert keys[0] == keys[1]


def test_a_machine_without_agency_is_refused_by_both(machine: Running) -> None:
    begin(machine, agencies=[])
    with pytest.raises(ClientRequestException, match="Please configure Cloud Service Agency first"):
        MetadataAccessor().get_credential()
    with pytest.raises(ApiError, match=r"from the metadata of this machine: .*Please configure Cloud Service Agency first") as raised:
        machine_keys()
    assert raised.value.kind is Kind.CREDENTIALS
    assert "Assign one" in raised.value.hint


def test_a_module_works_with_the_machine_alone(machine: Running) -> None:
    result = call("account_doctor", options(machine, **MACHINE))
    assert result["ready"], result["first_step"]
    credentials = next(finding for finding in result["checks"] if finding["check"] == "credentials")
    assert credentials["text"] == "temporary access key of this machine's agency, use_instance_metadata from options"
    secrets = {request["headers"]["X-Security-Token"] for request in machine.requests() if "X-Security-Token" in request["headers"]}
    assert len(secrets) == 1
    assert not [secret for secret in secrets if secret in str(result)]
    assert len(machine.requests("machine_keys")) == 1


def test_keys_that_end_are_renewed_before(machine: Running) -> None:
    """They are valid for ten minutes, and used for nine."""
    begin(machine, token_lifetime_seconds=600)
    elapsed = [0.0]
    auth = FetchedAuth(machine_keys, "machine", clock=lambda: stopwatch() + elapsed[0])
    first = auth.lease()
    assert auth.lease() is first
    elapsed[0] = 545.0
    second = auth.lease()
    assert not second.same_credentials(first)
    assert len(machine.requests("machine_keys")) == 2


def test_metadata_are_not_asked_unasked(machine: Running) -> None:
    result = call("account_doctor", options(machine, measure=False, use_instance_metadata=False))
    assert result["ready"]
    assert asked(machine) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"access_key": "AK", "secret_key": "SK"}, "access_key, secret_key and use_instance_metadata are credentials of different kinds"),
        ({"auth_token": "T"}, "auth_token and use_instance_metadata are credentials of different kinds"),
        ({"agency_name": "a", "agency_domain_name": "b"}, "agency_name with use_instance_metadata"),
    ],
)
def test_what_contradicts_it_is_refused_by_name(machine: Running, more: dict[str, t.Any], words: str) -> None:
    result = call("job_info", options(machine, **{**MACHINE, "measure": None, **more}))
    assert result["failed"]
    assert words in result["msg"]
    assert machine.requests() == []


def test_only_the_link_local_address_and_a_test_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address({}) == "http://169.254.169.254"
    assert address({TEST_VARIABLE: "http://127.0.0.1:8080"}) == "http://127.0.0.1:8080"
    for other in ("http://metadata.example.com", "http://10.0.0.1", "https://169.254.169.254.example.com"):
        with pytest.raises(OptionError, match="loopback"):
            address({TEST_VARIABLE: other})
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:8080")
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:8080")
    assert proxies_for(f"{address({})}{metadata.KEYS}") == {}
    assert proxies_for("http://dayu.example.com/") != {}
