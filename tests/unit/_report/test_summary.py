# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a play over all its workspaces: numbers that add up, and no templates."""

from __future__ import annotations

import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.plugin_utils._report import summary as _summary
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.host_results import patterns_without_job
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.words import translated
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.counts import COUNTS, MISSED, counts

PLAN = {"plan_id": "6-9f86d081884c-2c26b46b", "planned_after": 1, "planned_before": 2, "since": 3}
WANTED = frozenset({"fail"})


#: Where an instance stands at these actions; at others the word is the same.
STANDINGS = {"done": "succeeded", "wait": "waiting", "settling": "waiting", "retry": "to_rerun"}


def instance(action: str, status: str = "fail", **more: t.Any) -> dict[str, t.Any]:
    waits = action == "retry" and more.get("rerun")
    standing = {"standing": "running" if status == "running" else "waiting" if waits else STANDINGS.get(action, action)}
    broken = {"broken": {**standing, **more}["standing"] in MISSED}
    base = {"action": action, "status": status, "status_before": "fail", "actions": [action], "rerun": False, "adopted": False}
    return {**base, **standing, **broken, **more}


def result(jobs: dict[str, list[dict[str, t.Any]]], **more: t.Any) -> dict[str, t.Any]:
    """A result of job_rerun."""
    instances = [instance for listed in jobs.values() for instance in listed]
    by_job = {name: {key: number for key, number in counts(listed, WANTED).items() if number} for name, listed in jobs.items()}
    return {"recap": counts(instances, WANTED), "recap_by_job": by_job, "succeeded": True, **PLAN, **more}


DONE = instance("done", "success", rerun=True, actions=["retry", "done"])
AGAIN = instance("failed_again", rerun=True, actions=["retry", "failed_again"])
FLEET = {
    "sales": result({"daily_sales": [DONE, DONE, AGAIN], "hourly_stock": [DONE]}, succeeded=False),
    "supply": result({"stock_levels": [DONE, instance("blocked", "waiting", rerun=True)]}, succeeded=False),
    "quiet": result({}),
    "lost": {"succeeded": False, "msg": "Failed to list"},
}


def test_numbers_add_up() -> None:
    fleet_summary = _summary.summarize(FLEET)
    assert set(fleet_summary["workspaces"]) == set(FLEET)
    assert all(
        fleet_summary["totals"][name] == sum(workspace[name] for workspace in fleet_summary["workspaces"].values()) for name in COUNTS
    )
    assert (fleet_summary["totals"]["failed"], fleet_summary["totals"]["rerun"], fleet_summary["totals"]["succeeded"]) == (6, 6, 4)
    assert (fleet_summary["broken"], fleet_summary["to_rerun"], fleet_summary["succeeded"], fleet_summary["no_result"]) == (
        2,
        0,
        False,
        ["lost"],
    )
    assert [job["job_name"] for job in fleet_summary["jobs"]] == ["daily_sales", "stock_levels", "hourly_stock"]
    assert fleet_summary["jobs"][0] == {
        "workspace": "sales",
        "job_name": "daily_sales",
        "failed": 3,
        "rerun": 3,
        "succeeded": 2,
        "failed_again": 1,
        "broken": 1,
    }
    assert _summary.summarize({"sales": FLEET["quiet"]})["succeeded"] is True


def test_what_was_in_progress_when_the_time_was_up_is_broken() -> None:
    late = result({"daily_sales": [instance("wait", "running", rerun=True), instance("wait", "waiting")]}, succeeded=False, timed_out=True)
    fleet_summary = _summary.summarize({"sales": late})
    assert (fleet_summary["broken"], fleet_summary["totals"]["broken"], fleet_summary["jobs"][0]["broken"]) == (2, 2, 2)
    assert _summary.summarize({"sales": {**late, "timed_out": False}})["broken"] == 0


def test_a_module_that_does_not_wait_is_counted_by_its_instances() -> None:
    """In check mode, a visible rerun belongs to an earlier run."""
    again = instance("retry", rerun=True)
    job = {**again, "job_name": "daily_sales"}
    asked = {"instances": [job], "statuses": ["fail"], "check_mode": False}
    checked = {"instances": [{**job, "standing": "to_rerun"}], "statuses": ["fail"], "check_mode": True}
    assert _summary.by_job(asked) == {"daily_sales": {"failed": 1, "rerun": 1, "waiting": 1}}
    assert _summary.by_job(checked) == {"daily_sales": {"failed": 1, "to_rerun": 1, "adopted": 1}}
    assert _summary.summarize({"sales": checked})["to_rerun"] == 1
    assert _summary.summarize({"sales": checked})["to_make"] == 0
    gaps = [{"state": state, "instances": number} for number, state in enumerate(("left_alone", "made", "missing", "failed", "missing"))]
    assert _summary.summarize({"sales": {**checked, "missing": gaps}, "supply": {}})["to_make"] == 2 + 4


def test_plans_are_those_of_hosts_that_have_one() -> None:
    assert _summary.plans(FLEET) == {"sales": PLAN, "supply": PLAN, "quiet": PLAN}
    assert _summary.plans({"sales": {**PLAN, "plan_id": None}}) == {}
    recorded = {**PLAN, "plan_record": {"options": {"attempts": 1}, "instances": "9f86d081"}}
    assert _summary.plans({"sales": {**FLEET["sales"], **recorded}}) == {"sales": recorded}


@pytest.mark.parametrize("host", ["0777", "2024", "1.10", "12:34", "2024-01-02", "yes", "No", "NULL", "~", "-1", "*", "<<", "=", ".5", "y"])
def test_the_plan_of_a_host_that_yaml_takes_for_something_else_has_a_key_that_is_text(host: str) -> None:
    """ansible-core 2.19 and later parse texts that are not templates once more, by YAML's rules."""
    (key,) = _summary.plans({host: PLAN})
    assert key == f"host {host}"
    assert yaml.safe_load(key) == key


@pytest.mark.parametrize("host", ["sales", "yesterday", "销售", "n-1", "_1", "ws 1", "e5", "one.example.com"])
def test_the_plan_of_any_other_host_has_its_name(host: str) -> None:
    assert list(_summary.plans({host: PLAN})) == [host]
    assert yaml.safe_load(host) == host


def test_many_jobs_are_counted() -> None:
    fleet = {f"workspace{number:02}": result({}) for number in range(45)}
    for number in range(5):
        jobs = {f"job{index:03}": [AGAIN] if index < 20 else [DONE] for index in range(200)}
        fleet[f"bad{number}"] = result(jobs, succeeded=False)
    fleet_summary = _summary.summarize(fleet)
    assert (len(fleet_summary["jobs"]), fleet_summary["more_jobs"], fleet_summary["broken"]) == (500, 500, 100)
    assert all("failed_again" in job for job in fleet_summary["jobs"][:100])


def test_text_of_the_service_is_neither_a_template_nor_an_escape() -> None:
    name = "{{ lookup('pipe', 'id') }}\x1b[31m{% raw %}"
    fleet = {"sales": result({name: [AGAIN]}, succeeded=False)}
    (job,) = _summary.summarize(fleet)["jobs"]
    assert not set("{}%#\x1b") & set(job["job_name"])


def test_instances_of_a_module_that_does_not_wait_are_counted_too() -> None:
    retried = {
        "statuses": ["fail"],
        "instances": [
            {**instance("retry", rerun=True), "job_name": "a"},
            {**instance("rejected"), "job_name": "a"},
            {**instance("skipped", "success", status_before="success", standing="other"), "job_name": "b"},
        ],
    }
    fleet_summary = _summary.summarize({"sales": retried})
    assert (fleet_summary["totals"]["rerun"], fleet_summary["totals"]["waiting"], fleet_summary["totals"]["rejected"]) == (1, 1, 1)
    assert [job["job_name"] for job in fleet_summary["jobs"]] == ["a"]
    assert fleet_summary["succeeded"] is True
    assert _summary.summarize({"sales": {**retried, "error": {"kind": "invalid"}}})["succeeded"] is False


@pytest.mark.parametrize(("ids", "number"), [({"a": "1", "b": "2"}, 0), ({"a": "1", "b": "1", "c": "2", "d": "2", "e": "3"}, 2)])
def test_hosts_of_one_workspace_are_told(ids: dict[str, str], number: int) -> None:
    assert len(_summary.shared_workspaces(ids)) == number


def patterns(**matches: str | bool | None) -> dict[str, t.Any]:
    """A workspace's result about its patterns: whether each matches a job, or the suggestion instead."""
    return {
        "job_patterns": [
            {
                "pattern": f"{name}*",
                "matches": None if match is None else match is True,
                "suggestion": match if isinstance(match, str) else "",
            }
            for name, match in matches.items()
        ]
    }


#: results of the workspaces -> patterns that match nothing anywhere
UNMATCHED: list[tuple[list[dict[str, t.Any]], list[str]]] = [
    ([], []),
    ([{}], []),
    ([patterns(a=True)], []),
    ([patterns(a=False)], ["a*"]),
    ([patterns(a=False), patterns(a=True)], []),
    ([patterns(a=True), patterns(a=False)], []),
    ([patterns(a=False), patterns(a=False), {}], ["a*"]),
    ([patterns(a=False), {"error": {"kind": "limit"}, "msg": "It was refused."}], []),
    ([patterns(a=False), patterns(a=None)], []),
    ([patterns(a=False), patterns(b=None)], ["a*"]),
    ([patterns(a=False), patterns(b=True)], ["a*"]),
    ([patterns(a=False, b=True), patterns(a=True, b=False)], []),
    ([patterns(a=False, b=True), patterns(b=False, a=True)], []),
    ([patterns(a=False, b=False), patterns(a=True, b=False)], ["b*"]),
]


@pytest.mark.parametrize(("results", "names"), UNMATCHED)
def test_a_pattern_that_matches_no_job_anywhere(results: list[dict[str, t.Any]], names: list[str]) -> None:
    unmatched = _summary.unmatched_patterns({str(number): result for number, result in enumerate(results)})
    said = [re.sub("of any workspace|of workspace 0", "of it", entry.text) for entry in unmatched]
    assert said == [f"No job of it matches {name}. Check the pattern in jobs." for name in names]


def named(*there: str, of: str = "") -> dict[str, t.Any]:
    """A workspace's result about the jobs *of*, one letter each, of which it has those in *there*."""
    return {"job_patterns": [{"pattern": name, "matches": name in there, "suggestion": ""} for name in of or "".join(there)]}


#: results of the workspaces -> what is an error, and the line about jobs that only some have
NAMES: dict[str, tuple[dict[str, dict[str, t.Any]], list[str], str]] = {
    "in each": ({"sales": named("a"), "supply": named("a")}, [], ""),
    "in one of three": (
        {"sales": named(of="a"), "supply": named("a"), "hr": named(of="a")},
        [],
        "Jobs that only some workspaces have: a in 1 of 3.",
    ),
    "nowhere": ({"sales": named(of="a"), "supply": named(of="a")}, ["No job of any workspace matches a. Check the name in jobs."], ""),
    "one of two names nowhere": (
        {"sales": named("a", of="ab"), "supply": named(of="ab")},
        ["No job of any workspace matches b. Check the name in jobs."],
        "Jobs that only some workspaces have: a in 1 of 2.",
    ),
    "asked for in this workspace alone": (
        {"sales": named("b", of="ab"), "supply": named("a")},
        ["No job of workspace sales matches a. Check the name in jobs."],
        "",
    ),
    "asked for in several, by their own list": (
        {**{f"w{number}": named(of="b") for number in range(5)}, "supply": named("b", of="ab")},
        [
            "No job of workspaces w0, w1, w2 and 2 more matches b. Check the name in jobs.",
            "No job of workspace supply matches a. Check the name in jobs.",
        ],
        "",
    ),
    "many": (
        {"sales": named(*"abcde"), "supply": named(of="abcde")},
        [],
        "Jobs that only some workspaces have: a in 1 of 2, b in 1 of 2, c in 1 of 2 and 2 more.",
    ),
    "one that was asked for the same was refused": (
        {"sales": named(of="ab"), "supply": {"job_patterns": [{"pattern": name, "matches": None, "suggestion": ""} for name in "ab"]}},
        [],
        "",
    ),
    "one was refused, nobody knows what it was asked for": (
        {"sales": named(of="a"), "supply": {"error": {"kind": "limit"}, "msg": "It was refused."}},
        [],
        "",
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_in_jobs_is_judged_by_the_workspaces_that_were_asked_for_the_same(case: str) -> None:
    results, errors, line = NAMES[case]
    assert [entry.text for entry in _summary.unmatched_patterns(results)] == errors
    assert _summary.jobs_of_some(results, "en") == line
    assert not re.search("[a-z]{2,}", _summary.jobs_of_some(results, "zh"))
    assert not re.search("[A-Z]", "".join(translated("zh", text) for text in errors))


def test_what_one_workspace_suggests_is_told() -> None:
    results = {"sales": patterns(a=False), "supply": patterns(a="Did you mean b?"), "finance": patterns(a="Did you mean c?")}
    unmatched = [(("sales", "supply", "finance"), "No job of any workspace matches a*. Did you mean b?")]
    assert _summary.unmatched_patterns(results) == unmatched


class HostVars(dict[str, dict[str, t.Any]]):
    """Variables of hosts in the form of ansible-core's."""

    def raw_get(self, host: str) -> dict[str, t.Any]:
        return self[host]


@pytest.mark.parametrize(("going", "number"), [(["sales", "supply"], 0), (["sales"], 1)])
def test_no_pattern_is_judged_while_a_host_has_no_answer_yet(going: list[str], number: int) -> None:
    """This is with strategy free; a host that has left the play will have none."""
    hosts = ["sales", "supply"]
    hostvars = HostVars(sales={"dataarts_rerun_result": patterns(a=False)}, supply={})
    task_vars = {"ansible_play_hosts_all": hosts, "ansible_play_batch": hosts, "ansible_play_hosts": going, "hostvars": hostvars}
    assert len(patterns_without_job(task_vars)) == number
