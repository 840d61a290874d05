# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnosis: a table of observations, and the check states that they change."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.checkup import Finding, HostSeen, JournalSeen, Observed, State
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import StudioInstance, Workspace
from ansible_collections.dataarts.factory.plugins.module_utils._planner.diagnosis import diagnose, first_step

READS = ("studios", "workspaces", "v2_jobs", "v1_jobs", "v2_list", "v1_list", "dependencies", "job_detail", "instance_detail", "statistics")
V1 = ("v1_jobs", "v1_list", "job_detail", "instance_detail")
#: State of each check by the first letter of its word, in the order of the checks; all is well, but reading does not show the right to rerun.
WELL = "oooooooooooooonooo"
HOSTS = {
    role: HostSeen(f"https://{name}.eu-west-101.myhuaweicloud.eu") for role, name in (("v2", "dayu"), ("v1", "dayu-dlf"), ("iam", "iam"))
}


def well(**changes: t.Any) -> Observed:
    """A ready account, with *changes*."""
    seen = Observed(
        region="eu-west-101",
        project_id="p1",
        workspace_id="w1",
        credentials="access key",
        origins={"access_key": "HW_ACCESS_KEY", "secret_key": "HW_SECRET_KEY", "project_id": "options"},
        hosts=dict(HOSTS),
        reads=dict.fromkeys(READS),
        studios=(StudioInstance("s1", region="eu-west-101", status=2),),
        workspaces=(Workspace("w1", "sales", "s1"), Workspace("w2", "supply", "s1")),
        skew_seconds=0.0,
        journal=JournalSeen("/home/me/journal.db", exists=True, complete_since="2026-11-01T00:00:00Z", shared_by=("me on here",)),
        requests={"GET": 12},
        versions={"Python": "3.9.1"},
    )
    return replace(seen, **changes)


def ended(kind: Kind, *names: str, only: bool = False, path: str = "/v2/p1", **more: t.Any) -> dict[str, t.Any]:
    """The reads of a ready account, of which *names* ended in an error; with *only*, nothing was read after them."""
    error = ApiError(kind, "the cause", path=path, **more)
    reads: dict[str, t.Any] = {} if only else dict.fromkeys(READS)
    nothing: dict[str, t.Any] = {"studios": (), "workspaces": ()} if only else {}
    if only and kind in (Kind.UNREACHABLE, Kind.TLS, Kind.CLOCK):
        nothing["skew_seconds"] = None
    return {"reads": {**reads, **dict.fromkeys(names, error)}, **nothing}


def states(findings: list[Finding]) -> str:
    return "".join(finding.state.value[0] for finding in findings)


#: Observations -> the states of all checks, and the words of the first problem, or else of the last line.
CASES: dict[str, tuple[dict[str, t.Any], str, str]] = {
    "all is well": ({}, WELL, "Ready, as far as reading can tell. Not known: right to rerun."),
    "asked for a rerun of nothing": (
        {"probe_retry": True, **ended(Kind.NOT_FOUND, "probe_retry"), "notes": {"probe_retry": "v2"}},
        WELL.replace("n", "o"),
        "Ready.",
    ),
    "a rerun of nothing that was accepted": (
        {"probe_retry": True, "reads": {**dict.fromkeys(READS), "probe_retry": None}},
        WELL,
        "Ready, as far",
    ),
    "in check mode nothing is sent": ({"probe_retry": True, "check_mode": True}, WELL, "Ready, as far"),
    "a reader only": ({"probe_retry": True, **ended(Kind.NO_PERMISSION, "probe_retry")}, "oooooooooooooopooo", "may read, but not rerun"),
    "a name without an address": (
        {"hosts": {**HOSTS, "v2": HOSTS["v2"]._replace(name_error="not known")}, **ended(Kind.UNREACHABLE, "studios", only=True)},
        "ponnnnnnnnnnnnnooo",
        "Check region (eu-west-101)",
    ),
    "IAM's name without an address, and IAM not needed": (
        {"hosts": {**HOSTS, "iam": HOSTS["iam"]._replace(name_error="not known")}},
        WELL,
        "Ready",
    ),
    "a proxy that does not connect": (
        {"hosts": {**HOSTS, "v2": HOSTS["v2"]._replace(proxy="http://proxy:3128")}, **ended(Kind.UNREACHABLE, "studios", only=True)},
        "opnnnnnnnnnnnnnooo",
        "through the proxy http://proxy:3128",
    ),
    "v1's host out of reach": (ended(Kind.UNREACHABLE, *V1), "oopoooooononnonooo", "Or set api_version to v2"),
    "v1's host out of reach, and v2 not open": (
        {
            "reads": {
                **ended(Kind.UNREACHABLE, *V1)["reads"],
                **dict.fromkeys(("v2_jobs", "v2_list"), ApiError(Kind.NOT_PUBLISHED, "closed")),
            }
        },
        "oopoooooononnonooo",
        "set HTTPS_PROXY. dayu.",
    ),
    "a clock that is wrong": (ended(Kind.CLOCK, "studios", only=True), "oooopnnnnnnnnnnooo", "NTP"),
    "a certificate of somebody else": (
        {"hosts": {**HOSTS, "v2": HOSTS["v2"]._replace(issuer="Corporate CA")}, **ended(Kind.TLS, "studios", only=True)},
        "ooopnnnnnnnnnnnooo",
        "issued by Corporate CA",
    ),
    "a key that is refused": (
        ended(Kind.CREDENTIALS, "studios", only=True),
        "ooooopnnnnnnnnnooo",
        "access_key and secret_key from HW_ACCESS_KEY and HW_SECRET_KEY",
    ),
    "no token for the user": (ended(Kind.NO_PERMISSION, "studios", only=True, path="/v3/auth/tokens"), "ooooopnnnnnnnnnooo", "the cause"),
    "studios that this user may not list": (ended(Kind.NO_PERMISSION, "studios", "workspaces"), WELL, "Ready"),
    "a project that is refused": (
        {**ended(Kind.NO_PERMISSION, "studios", only=True), "region_projects": ("p2",)},
        "oooooopnnnnnnnnooo",
        "Set project_id to p2",
    ),
    "a reader only, as an agency": (
        {"agency": "nightly", "probe_retry": True, **ended(Kind.NO_PERMISSION, "probe_retry")},
        "oooooooooooooopooo",
        "agency nightly may read, but not rerun",
    ),
    "a workspace that is closed to an agency": (
        {"agency": "nightly", **ended(Kind.NO_PERMISSION, *READS[2:])},
        "ooooooopnnnnnnnooo",
        "sales (w1) is closed to agency nightly",
    ),
    "a workspace that is closed": (ended(Kind.NO_PERMISSION, *READS[2:]), "ooooooopnnnnnnnooo", "sales (w1) is closed to this user"),
    "v1 not open": (ended(Kind.NOT_PUBLISHED, *V1), WELL, "Ready"),
    "v2 not open": (ended(Kind.NOT_PUBLISHED, "v2_jobs", "v2_list", "dependencies", "statistics"), WELL, "Ready"),
    "v2 not open but asked for": (
        {"api_version": "v2", **ended(Kind.NOT_PUBLISHED, "v2_list")},
        "oooooooopooooonooo",
        "Set api_version to auto",
    ),
    "v1 not open but asked for, and neither is v2": (
        {"api_version": "v1", **ended(Kind.NOT_PUBLISHED, *V1, "v2_jobs", "v2_list")},
        "ooooooooopoooonooo",
        "Ask the service's support",
    ),
    "no rerun open": (
        {"probe_retry": True, **ended(Kind.NOT_PUBLISHED, "probe_retry"), "notes": {"probe_retry": "v1"}},
        "oooooooooooooopooo",
        "Ask the service's support to open it.",
    ),
    "no rerun of v2 open, which is asked for": (
        {"probe_retry": True, "api_version": "v2", **ended(Kind.NOT_PUBLISHED, "probe_retry")},
        "oooooooooooooopooo",
        "or set api_version to auto.",
    ),
    "a list that fails": (ended(Kind.SERVER, "v1_list"), "ooooooooopoooonooo", "Try again later"),
    "a workspace_id that is not set": (
        {"workspace_id": "", "reads": dict.fromkeys(READS[:2])},
        "ooooooonnnnnnnnooo",
        "sales (w1) and supply (w2)",
    ),
    "a journal that is down": (
        {"journal": JournalSeen("", "Failed to open the journal: refused. Start its server.")},
        "oooooooooooooonpoo",
        "Start its server.",
    ),
    "a journal that does not answer": ({"journal": None}, "oooooooooooooonnoo", "Ready, as far"),
    "options that cannot be used": (
        {"option_error": "No credentials: set access_key. Or another.", "reads": {}, "workspaces": (), "skew_seconds": None},
        "oonnnpnnnnnnnnnooo",
        "No credentials: set access_key",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    changes, expected, words = CASES[name]
    findings = diagnose(well(**changes))
    assert states(findings) == expected, [(finding.check, finding.state.value, finding.text) for finding in findings]
    said = " ".join([first_step(findings), *(finding.text for finding in findings)])
    assert words in said


@pytest.mark.parametrize("name", CASES)
def test_each_problem_has_a_remedy_and_the_first_of_them_is_the_last_line(name: str) -> None:
    findings = diagnose(well(**CASES[name][0]))
    problems = [finding for finding in findings if finding.state is State.PROBLEM]
    assert all(finding.remedy.endswith((".", "?")) for finding in problems)
    assert not any(finding.text.endswith(".") for finding in findings)
    assert first_step(findings).startswith(f"Not ready. First: {problems[0].text}. " if problems else "Ready")


def test_a_variable_that_a_remedy_names_is_one_that_the_playbook_reads() -> None:
    remedies = [finding.remedy for changes, *_rest in CASES.values() for finding in diagnose(well(**changes))]
    plays = yaml.safe_load((Path(__file__).parents[3] / "playbooks" / "doctor.yml").read_text(encoding="utf-8"))
    named = {name for remedy in remedies for name in re.findall(r"dataarts_(\w+)", remedy)}
    assert set() != named <= set(plays[0]["vars"]["__dataarts_reads"])


def test_every_read_that_ends_in_an_error_of_its_own_is_a_problem_or_explained() -> None:
    """Whatever the kind of an error, no check reports the failed read as ok, unless reruns do not need that request."""
    for kind in Kind:
        if kind in (Kind.NOT_PUBLISHED, Kind.NOT_FOUND):
            continue
        for check, read in (("v2_list", "v2_list"), ("v1_list", "v1_list"), ("statistics", "statistics"), ("job_detail", "job_detail")):
            finding = next(finding for finding in diagnose(well(**ended(kind, read))) if finding.check == check)
            assert finding.state is not State.OK, (kind, check)


def test_a_role_is_asked_for_the_agency_that_needs_it() -> None:
    for agency, words in (("", "Assign the user a role"), ("nightly", "Assign agency nightly a role")):
        findings = diagnose(well(agency=agency, **ended(Kind.NO_PERMISSION, *READS[2:])))
        assert [finding.remedy for finding in findings if words in finding.remedy]
