# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies in definitions of jobs, what is handed from pass to pass, and the order in which instances are read."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.dependency_query import (
    Dependencies,
    DependencyReader,
    _downstream_first,
    _parsed_definition,
    _refuses_one_job,
    upstream_jobs,
)
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import REMEDIES, ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, RelatedInstance, Status
from tests.unit.building import at, instance, key


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"type": "EXECUTE_ONCE"}, ((), False)),
        ({"type": "CRON", "cron": {"expression": "0 0 * * * ?"}}, ((), False)),
        ({"cron": {"dependPrePeriod": True}}, ((), True)),
        ({"cron": {"dependPrePeriod": "true"}}, ((), True)),
        ({"cron": {"dependPrePeriod": False, "dependJobs": {"jobs": ["load", "clean"]}}}, (("load", "clean"), False)),
        ({"cron": {"dependJobs": {"jobs": ["sales", "load"]}}}, (("load",), True)),  # its own name is its previous cycle
        # A job of another workspace that has its name is not its previous cycle.
        ({"cron": {"dependJobs": {"jobs": ["sales"], "otherWorkSpaceJobs": [{"jobName": "sales"}]}}}, (("sales",), False)),
        ({"cron": {"dependJobs": {"jobs": ["load", "sales"], "otherWorkSpaceJobs": [{"jobName": "load"}]}}}, (("load",), True)),
        (
            {
                "cron": {
                    "dependJobs": {
                        "jobs": ["sales"],
                        "otherWorkSpaceJobs": [{"jobName": "sales"}],
                        "sameWorkSpaceJobs": [{"jobName": "sales"}],
                    }
                }
            },
            (("sales",), True),
        ),
        ({"cron": {"dependJobs": {"jobs": []}}}, ((), False)),
        ({"cron": {"dependJobs": {"jobs": [], "otherWorkSpaceJobs": [{"jobName": "ledger"}]}}}, (None, False)),
        ({"cron": {"dependJobs": {"jobs": "load"}}}, (None, False)),  # an undocumented form: the instances must be read
        ({"cron": {"dependJobs": ["load"]}}, (None, False)),
        ({"cron": "every day"}, (None, False)),
        ("CRON", (None, False)),
        (None, ((), False)),
    ],
)
def test_what_a_definition_says(schedule: t.Any, expected: t.Any) -> None:
    assert _parsed_definition({"name": "sales", "schedule": schedule}) == expected


@pytest.mark.parametrize("field", ["jobs", "otherWorkSpaceJobs", "sameWorkSpaceJobs"])
@pytest.mark.parametrize("value", [None, 5, True, 1.5, "load", {"jobName": "load"}, [None, 5, ["load"], {}]])
def test_a_form_that_is_not_documented_names_no_upstream_job(field: str, value: t.Any) -> None:
    detail = {"name": "sales", "schedule": {"cron": {"dependJobs": {"jobs": ["ledger"], field: value}}}}
    assert upstream_jobs(detail, "w1") == ([] if field == "jobs" else [("w1", "ledger")])


@pytest.mark.parametrize(
    ("kind", "code", "nothing", "worded"),
    [
        (Kind.NOT_FOUND, "DLF.0100", True, Kind.NOT_FOUND),
        (Kind.INVALID, "DLF.3051", True, Kind.INVALID),
        (Kind.NOT_FOUND, None, False, Kind.BAD_ANSWER),  # a page of a proxy
        (Kind.NOT_FOUND, "404", False, Kind.BAD_ANSWER),
        (Kind.INVALID, None, False, Kind.BAD_ANSWER),
        (Kind.UNREACHABLE, None, False, Kind.UNREACHABLE),
        (Kind.NOT_PUBLISHED, "APIGW.0101", False, Kind.NOT_PUBLISHED),
        (Kind.NO_PERMISSION, "DLF.6888", False, Kind.NO_PERMISSION),
        (Kind.SERVER, None, False, Kind.SERVER),
    ],
)
def test_only_the_service_itself_says_that_there_is_nothing_to_tell_of_a_job(
    kind: Kind, code: str | None, nothing: bool, worded: Kind
) -> None:
    error = ApiError(kind, "no", code=code)
    assert (_refuses_one_job(error), error.kind, error.hint) == (nothing, worded, REMEDIES[worded])


def test_what_is_known_survives_the_way_to_the_next_pass() -> None:
    known = Dependencies(
        jobs={"sales": ("load",), "load": (), "stream_node": None},
        chained={"load"},
        parents={key(2): frozenset({key(1), key(0)}), key(1): frozenset()},
        closed=True,
    )
    for start in (-3600, -60):
        known.keep(instance(Status.FAIL, start, number=0, job_name="load"))
    again = Dependencies.from_pass_state(json.loads(json.dumps(known.to_pass_state())))
    assert (again.jobs, again.chained, again.parents, again.closed) == (known.jobs, known.chained, known.parents, True)
    [other] = list(again.others.values())
    assert (other.key, other.job_name, other.status, other.start_time) == (key(0), "load", Status.FAIL, at(-60))
    assert again.first_starts == {key(0): at(-3600)}


@pytest.mark.parametrize("carried", [None, {}, "text", {"keys": [1]}, {**Dependencies().to_pass_state(), "parents": [[7, [8]]]}])
def test_anything_else_is_nothing_known(carried: t.Any) -> None:
    assert Dependencies.from_pass_state(carried) == Dependencies()


def test_cycles_of_a_job_follow_each_other_by_plan_time_and_type() -> None:
    known = Dependencies(chained={"daily_sales"}, parents={key(3): frozenset({key(9)})})
    made = [instance(number=number) for number in (3, 1, 2)]
    made.append(instance(number=4, instance_type=InstanceType.PATCH_DATA))
    made.append(instance(number=5, job_name="other", job_id="2"))
    assert known.depends(made) == {key(2): frozenset({key(1)}), key(3): frozenset({key(9), key(2)})}


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ({"a": (), "b": ("a",), "c": ("b",)}, "cba"),
        ({"c": (), "b": ("c",), "a": ("b",)}, "abc"),
        ({"a": ("z",), "b": None}, "ba"),
    ],
)
def test_what_is_furthest_downstream_is_asked_first(jobs: t.Any, expected: str) -> None:
    assert "".join(_downstream_first(set(jobs), jobs)) == expected


def test_jobs_in_a_circle_have_some_order() -> None:
    """Two jobs may depend on each other's previous cycles; only instances in a circle cannot be ordered."""
    assert sorted(_downstream_first({"a", "b"}, {"a": ("b",), "b": ("a",)})) == ["a", "b"]


def related(number: int, job_name: str, *above: int) -> RelatedInstance:
    listed = replace(instance(number=number, job_name=job_name), instance_id=str(number))
    return RelatedInstance(listed, None, tuple(map(str, above)))


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        (("clean",), {2}),
        (("clean", "load"), {1, 2}),  # load is above clean, and also directly above sales
        (None, {1, 2}),  # the jobs directly above are unknown
    ],
)
def test_what_is_next_above_is_so_although_it_is_above_another_one_too(direct: t.Any, expected: set[int]) -> None:
    known = Dependencies(jobs={"sales": direct})
    DependencyReader(t.cast(t.Any, None), known)._learn(instance(number=3, job_name="sales"), [related(2, "clean", 1), related(1, "load")])
    assert known.parents == {key(2): frozenset({key(1)}), key(3): frozenset(map(key, expected))}
