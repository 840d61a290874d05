# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source, the pure part: new failures, outdated deliveries, events and arguments."""

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t

import pytest
from jinja2 import Undefined

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import OptionError
from ansible_collections.dataarts.factory.plugins.module_utils._common.times import to_iso
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.reason import Reason
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.events import FailureFacts, clear, failed_event, trouble_event
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.failures import Delivery, NewFailure, new_failures, outdated
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.options import Login, Place, environment_for, source_options
from ansible_collections.dataarts.factory.plugins.plugin_utils._eda.source import LONGEST_POLL_PAUSE, pause
from tests.unit.building import WORKSPACE, T, at, instance, key

FIRST, SECOND = (-3600, -3000), (-600, -500)

# the newest delivery (its run, when it was claimed, whether it is confirmed), the run that is listed as failed, whether the deadline has
# passed: failed_again, repeated; None: no event is due
STATES = [
    (None, FIRST, False, (False, False)),
    (None, FIRST, True, (False, False)),
    ((FIRST, False), FIRST, False, None),
    ((FIRST, True), FIRST, True, None),
    ((FIRST, False), SECOND, False, (True, False)),
    ((FIRST, False), SECOND, True, (True, False)),
    ((FIRST, False), FIRST, True, (False, True)),  # its source ended, and the failure is still there
    ((SECOND, False), FIRST, True, (True, False)),  # the clock was set back, or an older list shows a failure that the journal has
    ((SECOND, True), FIRST, False, (True, False)),
    ((FIRST, False), (None, None), True, None),  # nothing shows that it ran again
]


@pytest.mark.parametrize(("before", "run", "late", "expected"), STATES)
def test_which_failure_has_an_event(before: t.Any, run: t.Any, late: bool, expected: t.Any) -> None:
    failed = instance(Status.FAIL, *run)
    newest = {} if before is None else {failed.full_key: Delivery(at(before[0][0]), at(0), at(60), confirmed=before[1])}
    failures = new_failures([failed], newest, at(60 if late else 59))
    assert [(failure.failed_again, failure.repeated) for failure in failures] == ([] if expected is None else [expected])


NORMAL, PATCH = InstanceType.NORMAL, InstanceType.PATCH_DATA

# what had an event, and what is listed as failed then (instance_id, seconds of its submit_time, its type, its run): failed_again, in the order
# of the runs; one that is not there has no event due
RENAMED = [
    ([("1", 0, NORMAL, FIRST)], [("2", 0, NORMAL, SECOND)], [True]),  # a rerun gave it a new instance_id, ...
    ([("1", 0, NORMAL, FIRST)], [("1", 9, NORMAL, SECOND)], [True]),  # ... a new submit_time, ...
    ([("1", 0, NORMAL, FIRST)], [("2", 9, NORMAL, SECOND)], [True]),  # ... or both
    ([("1", 0, None, FIRST)], [("2", 0, NORMAL, SECOND)], [True]),
    ([("1", 0, NORMAL, FIRST)], [("2", 0, None, SECOND)], [True]),
    ([("1", 0, NORMAL, FIRST), ("2", 0, NORMAL, SECOND)], [("3", 0, NORMAL, (-60, -50))], [True]),
    ([("1", 0, NORMAL, FIRST)], [("2", 0, PATCH, SECOND)], [False]),  # its twin failed for the first time; it has succeeded meanwhile
    ([("1", 0, NORMAL, FIRST)], [("1", 0, NORMAL, FIRST), ("2", 0, NORMAL, SECOND)], [False]),  # another instance
    ([("1", 0, NORMAL, SECOND)], [("2", 0, NORMAL, FIRST)], [False]),  # an earlier start cannot be a rerun of it
    ([("1", 0, NORMAL, FIRST), ("2", 0, PATCH, FIRST)], [("3", 0, NORMAL, SECOND), ("4", 0, PATCH, SECOND)], [True, True]),
]


@pytest.mark.parametrize(("delivered", "listed", "expected"), RENAMED)
def test_an_instance_that_a_rerun_renamed_is_the_same_instance(delivered: t.Any, listed: t.Any, expected: list[bool]) -> None:
    def described(instance_id: str, submit: int, instance_type: InstanceType | None, run: t.Any) -> t.Any:
        return instance(Status.FAIL, *run, instance_id=instance_id, submit=submit, instance_type=instance_type)

    newest = {
        failed.full_key: Delivery(NewFailure(failed).run, at(0), at(60), confirmed=True, instance_type=failed.instance_type)
        for failed in (described(*words) for words in delivered)
    }
    assert [failure.failed_again for failure in new_failures([described(*words) for words in listed], newest, at(99))] == expected
    other_job = [instance(Status.FAIL, *SECOND, job_id="1"), instance(Status.FAIL, *SECOND, number=2)]
    assert not any(failure.failed_again for failure in new_failures(other_job, newest, at(99)))


def test_a_failure_without_a_start_is_known_by_its_end() -> None:
    failed = instance(Status.FAIL, None, -3000)
    newest = {failed.full_key: Delivery(NewFailure(failed).run, at(0), at(60))}
    assert new_failures([failed], newest, at(0)) == []
    assert new_failures([instance(Status.FAIL, None, -10)], newest, at(0))[0].failed_again
    assert new_failures([instance(Status.FAIL, None, None)], newest, at(0)) == []


def test_the_oldest_failure_comes_first_and_ids_differ_by_run_and_instance() -> None:
    failures = new_failures([instance(number=2), instance(Status.FAIL, *SECOND, number=3), instance(number=1)], {}, at(0))
    assert [failure.instance.key for failure in failures] == [key(1), key(2), key(3)]
    again = NewFailure(instance(Status.FAIL, *SECOND, number=1))
    twin = NewFailure(dataclasses.replace(instance(number=1), instance_id="1"))
    assert len({failure.id for failure in [*failures, again, twin]}) == 5
    assert NewFailure(instance(number=1), failed_again=True, number=2).id == failures[0].id


def test_what_has_left_the_window_is_outdated_a_day_later() -> None:
    newest = {(key(1), ""): Delivery(1, 1, 1)}
    start = key(1).plan_time
    assert outdated(newest, start) == outdated(newest, start + 86_400_000) == []
    assert outdated(newest, start + 86_400_001) == [(key(1), "")]


LOGIN, PLACE = Login("retail", {}, (Place(WORKSPACE, "sales"),)), Place(WORKSPACE, "sales")


def event(known: FailureFacts | None = None, **changes: t.Any) -> t.Any:
    return failed_event(NewFailure(dataclasses.replace(instance(), **changes)), LOGIN, PLACE, known)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("daily_sales", "daily_sales"),
        ("每日库存", "每日库存"),
        ("{{ lookup('pipe', 'id') }}", None),
        ("{% if true %}", None),
        ("a {# b", None),
        ("half {", None),
        ("half }", None),
        ("line\nbreak", None),
        ("\x1b[2J", None),
        ("\u202eabc", None),
    ],
)
def test_a_name_that_could_be_a_template_is_shown_in_base64_only(name: t.Any, shown: t.Any) -> None:
    content = event(job_name=name)["dataarts"]
    assert content["job_name"] == clear(name) == shown
    assert base64.b64decode(content["job_name_b64"]).decode() == name


def test_no_text_from_outside_is_in_an_event_in_clear() -> None:
    bad = "{{ bad }}"
    hostile = event(
        FailureFacts(
            Reason(bad, bad, (bad,), 0, bad, True, bad), bad, None, (dataclasses.replace(instance(), job_name=bad, instance_id=bad),)
        ),
        job_name=bad,
        error_message=bad,
        instance_name=bad,
        status_text=bad,
        instance_id=bad,
    )
    assert "bad" not in json.dumps(hostile)
    trouble = trouble_event("outage", dataclasses.replace(LOGIN, name=bad), bad, T)
    assert "bad" not in json.dumps(trouble)


def test_an_event_names_the_host_and_holds_ids_as_text() -> None:
    described = event(instance_id="1041201")
    assert described["meta"]["hosts"] == ["sales"]
    content = described["dataarts"]
    assert content["kind"] == "failed"
    assert (content["workspace_id"], content["job_id"], content["instance_id"], content["host"]) == (
        WORKSPACE,
        "868641",
        "1041201",
        "sales",
    )
    assert all(isinstance(content[name], str) for name in ("id", "workspace_id", "job_id", "instance_id"))
    assert content["plan_time"] == key().plan_time
    assert content["plan_time_iso"] == "2026-11-23T01:00:01Z"
    assert event()["meta"]["uuid"] == event()["meta"]["uuid"] != event(start_time=at(5))["meta"]["uuid"]


def test_an_event_names_twenty_dependants_in_their_order_and_counts_all() -> None:
    below = tuple(instance(number=number) for number in reversed(range(30)))
    content = event(FailureFacts(dependants=below))["dataarts"]
    assert content["dependants_total"] == 30
    assert [entry["plan_time"] for entry in content["dependants"]] == [key(number).plan_time for number in range(20)]
    assert (event(FailureFacts(dependants=()))["dataarts"]["dependants"], event()["dataarts"]["dependants"]) == ([], None)


def test_an_event_says_when_its_run_was_stopped() -> None:
    content = event(FailureFacts(stopped_ms=T))["dataarts"]
    assert (content["stopped"], content["stopped_at"], content["stopped_at_iso"]) == (True, T, to_iso(T))
    assert [event()["dataarts"][name] for name in ("stopped", "stopped_at", "stopped_at_iso")] == [False, None, None]


GIVEN = {"region": "cn-north-4", "workspaces": [{"workspace_id": WORKSPACE, "host": "sales"}]}


def test_defaults() -> None:
    options = source_options(GIVEN, T)
    assert (options.jobs, options.statuses, options.planned_after, options.poll_interval) == (("*",), frozenset({Status.FAIL}), "-24h", 60)
    assert options.logins[0].places == (Place(WORKSPACE, "sales"),)
    assert options.logins[0].options["region"] == "cn-north-4"
    assert options.logins[0].options["validate_certs"] is True
    assert source_options({"workspaces": [{"workspace_id": WORKSPACE}]}, T).logins[0].places == (Place(WORKSPACE, WORKSPACE),)
    assert source_options({**GIVEN, "eda_feedback_queue": object()}, T) == options


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"workspaces": None}, "accounts, workspaces"),
        ({"accounts": [{"workspaces": []}]}, "mutually exclusive"),
        ({"workspaces": []}, "workspaces of the account is an empty list"),
        ({"workspaces": [{"host": "sales"}]}, "workspace_id"),
        ({"workspaces": [{"workspace_id": 123, "host": "sales"}]}, "workspaces[1]: workspace_id must be text, not a number"),
        ({"workspaces": [{"workspace_id": WORKSPACE, "host": "all:!b"}]}, "is not the name of an inventory host"),
        ({"workspaces": [{"workspace_id": "a", "host": "x"}, {"workspace_id": "b", "host": "x"}]}, "host x is listed 2 times"),
        ({"workspaces": [{"workspace_id": "a", "host": "x"}, {"workspace_id": "a", "host": "y"}]}, "workspace a is listed 2 times"),
        ({"project_id": 1}, "project_id must be text, not a number"),
        ({"secret_key": 12345678}, "secret_key must be text, not a number"),
        ({"poll": 3}, "poll"),
        ({"poll_interval": 0}, "poll_interval is 0. Set it to a number of seconds, 1 or more"),
        ({"repeat_within": -1}, "repeat_within is -1"),
        ({"statuses": ["failed"]}, "statuses"),
        ({"statuses": []}, "statuses is an empty list"),
        ({"jobs": []}, "jobs is an empty list"),
        ({"planned_after": "yesterday"}, "planned_after"),
        ({"instance_types": ["x"]}, "instance_types"),
        ({"workspaces": Undefined(name="places")}, "workspaces is undefined: nothing sets variable places. Set it in the file of --vars"),
        ({"workspaces": [{"workspace_id": Undefined(name="w")}]}, "workspaces[1].workspace_id is undefined: nothing sets variable w"),
        ({"secret_key": Undefined(name="SK")}, "secret_key is undefined: nothing sets variable SK"),
    ],
)
def test_bad_arguments_are_named(changes: t.Any, words: t.Any) -> None:
    given = {name: value for name, value in {**GIVEN, **changes}.items() if value is not None}
    with pytest.raises(OptionError) as caught:
        source_options(given, T)
    assert words in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_accounts_have_options_of_their_own_and_the_environment_names_the_project_of_none() -> None:
    entry = {"workspaces": [{"workspace_id": "a"}], "access_key": "AK", "secret_key": "s-1"}
    both = source_options({"accounts": [{**entry, "name": "retail"}, {**entry, "workspaces": [{"workspace_id": "b"}]}]}, T)
    assert [login.name for login in both.logins] == ["retail", "account 2"]
    assert "s-1" not in repr(both)
    environ = {"HW_PROJECT_ID": "p", "HW_ACCESS_KEY": "k"}
    assert environment_for(both, environ) == {"HW_ACCESS_KEY": "k"}
    assert environment_for(source_options(GIVEN, T), environ) == environ


def test_the_pause_grows_in_an_outage_and_ends_at_a_quarter_of_an_hour() -> None:
    assert [pause(60, misses, 0.0) for misses in range(8)] == [60, 60, 120, 240, 480, 900, 900, 900]
    assert pause(60, 3, 1.0) == 240 * 0.8
    assert pause(3600, 50, 0.0) == 3600 > LONGEST_POLL_PAUSE
    assert pause(10, 10**6, 0.0) == LONGEST_POLL_PAUSE
