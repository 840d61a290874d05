# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frame of a module: its result, whatever its logic raises."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, JournalError, Kind, OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import account_spec
from ansible_collections.dataarts.factory.plugins.module_utils._runner.ansible_module import (
    ModuleRun,
    error_result,
    failure_result,
    run_logic,
    sentence,
)

KEYS = {"kind", "status", "code", "message", "request_id", "method", "path", "hint"}


class OddError(Exception):
    """An unexpected exception with a secret in its message."""


def raising(error: Exception) -> t.Callable[[ModuleRun], None]:
    def logic(run: ModuleRun) -> None:
        run.result.update(instances=[1, 2], changed=True)
        raise error

    return logic


@pytest.mark.parametrize(
    ("error", "kind", "msg"),
    [
        (
            ApiError(Kind.NOT_FOUND, "Failed to find the job.", status=400, code="DLF.1000", request_id="r-1", hint="Check the name."),
            "not_found",
            "Failed to list jobs of workspace 62fb: DLF.1000 Failed to find the job. (request id r-1). Check the name.",
        ),
        (
            OptionError("since has no time zone. Add one."),
            "option",
            "Failed to list jobs of workspace 62fb: since has no time zone. Add one.",
        ),
        (
            OptionError("Failed to read since: no zone. Add one."),
            "option",
            "Failed to list jobs of workspace 62fb: cannot read since: no zone. Add one.",
        ),
        (
            JournalError("Failed to write the journal: disk full. Free some space."),
            "journal",
            "Failed to list jobs of workspace 62fb: cannot write the journal: disk full. Free some space.",
        ),
    ],
)
def test_a_known_error_is_told_with_cause_and_remedy(error: Exception, kind: str, msg: str) -> None:
    run = ModuleRun({"workspace_id": "62fb"})
    run_logic(run, raising(error), "list", "jobs")
    assert run.result["failed"] is True
    assert run.result["msg"] == msg
    assert run.result["error"]["kind"] == kind
    assert set(run.result["error"]) == KEYS
    assert (run.result["instances"], run.result["changed"]) == ([1, 2], True), "what was reached stays"


def test_an_error_without_a_hint_gets_the_one_of_its_kind() -> None:
    result = error_result(ApiError(Kind.CLOCK, "refused", status=401), "Failed to list jobs of workspace 62fb")
    assert "clock" in result["msg"]
    assert result["error"]["hint"]


@pytest.mark.parametrize("error", [OddError("sk-secret"), ValueError("sk-secret"), RecursionError("sk-secret"), MemoryError("sk-secret")])
def test_an_unexpected_exception_is_named_by_class_and_place_without_its_words(error: Exception) -> None:
    run = ModuleRun({"workspace_id": "62fb"})
    run_logic(run, raising(error), "list", "jobs")
    text = json.dumps(run.result)
    assert run.result["error"]["kind"] == "internal"
    assert f"unexpected {type(error).__name__} in test_ansible_module.py:" in run.result["msg"]
    assert "please report it" in run.result["msg"]
    assert "sk-secret" not in text
    assert "Traceback" not in text
    assert "\n" not in run.result["msg"]
    assert "exception" not in run.result


def test_an_interrupt_is_not_swallowed() -> None:
    def logic(run: ModuleRun) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logic(ModuleRun({}), logic, "list", "jobs")


def test_messages_are_one_line_that_cannot_steer_a_terminal_and_end_somewhere() -> None:
    text = sentence("Failed to do it", "said \x1b[31m\nthis..", "Try " + "x" * 9000)
    assert "\x1b" not in text
    assert "\n" not in text
    assert len(text) == 4000
    assert sentence("What", "cause") == "What: cause."
    assert sentence("What", "cause.", "Way.") == "What: cause. Way."


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"workspace_id": "62fb", "project_id": "p"}, "of workspace 62fb"),
        ({"workspace_id": "a\x1bb"}, "of workspace a\\x1bb"),
        ({"project_id": "p"}, "of project p"),
        ({}, "of the project"),
    ],
)
def test_a_message_names_the_workspace_or_the_project(options: dict[str, t.Any], where: str) -> None:
    assert ModuleRun(options).where == where


def test_failures_of_our_own_have_the_shape_of_the_services() -> None:
    assert set(failure_result("text", "limit")["error"]) == KEYS


def test_warnings_are_given_once() -> None:
    run = ModuleRun({})
    run.warn("a")
    run.warn("a")
    run.warn("b")
    assert run.warnings == ["a", "b"]


@pytest.mark.parametrize(
    ("endpoint", "allow_http", "refused"),
    [
        ("http://dayu.example.com", False, True),
        ("http://dayu.example.com", True, False),
        ("http://127.0.0.1:1", False, False),
        ("dayu.example.com", False, False),
    ],
)
@pytest.mark.parametrize("name", ["endpoint", "endpoint_v1", "iam_endpoint"])
def test_credentials_never_travel_over_plain_http_unasked(name: str, endpoint: str, allow_http: bool, refused: bool) -> None:
    options = {
        "access_key": "ACCESSKEY",
        "secret_key": "SECRETKEY",
        "project_id": "p",
        "region": "cn-north-4",
        "allow_http": allow_http,
        name: endpoint,
    }
    run = ModuleRun(options)
    if not refused:
        assert run.session.hosts
        assert run.secrets == {"ACCESSKEY", "SECRETKEY"}
        return
    with pytest.raises(OptionError, match="plain http"):
        run.session  # noqa: B018


@pytest.mark.parametrize(
    ("region", "kind", "hint"),
    [
        ("cn-nort-4", Kind.UNREACHABLE, "Did you mean cn-north-4? Check the route."),
        ("cn-north-4", Kind.UNREACHABLE, "Check the route."),
        ("cn-nort-4", Kind.SERVER, "Check the route."),
    ],
)
def test_where_nothing_can_be_reached_a_similar_region_is_suggested(region: str, kind: Kind, hint: str) -> None:
    def logic(run: ModuleRun) -> None:
        assert run.session.hosts.v2 == f"https://dayu.{region}.myhuaweicloud.com"
        raise ApiError(kind, "no connection", hint="Check the route.")

    defaults = {name: option.get("default") for name, option in account_spec().items()}
    run = ModuleRun({**defaults, "region": region, "project_id": "62fb", "access_key": "AK", "secret_key": "sk-of-somebody"})
    run_logic(run, logic, "list", "jobs")
    assert run.result["error"]["hint"] == hint
    assert run.result["msg"] == f"Failed to list jobs of project 62fb: no connection. {hint}"
