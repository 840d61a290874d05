# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnosis: the findings that follow from a checkup's observations, one per check, in the order in which the checks build on each other.

An error is blamed on the first check that explains it. For example, a request refused because of this machine's clock says nothing about its
workspace: the clock is the problem, and the workspace is not known.
"""

from __future__ import annotations

import difflib
import typing as t

from .._common.errors import REMEDIES, ApiError, Kind
from .._common.text import counted, listed, printable
from .._models.checkup import Finding, HostSeen, Observed, State

#: Errors that say nothing about the request that met them, with the check that they are blamed on.
_BLAMED = {
    Kind.UNREACHABLE: "connection",
    Kind.TLS: "TLS",
    Kind.CLOCK: "clock",
    Kind.CREDENTIALS: "credentials",
    Kind.THROTTLED: "requests",
}
#: Read of a request that only v1 or only v2 has -> what does not work if it is not open.
_ONLY = {
    "dependencies": "Order upstream_first needs it, unless no job depends on another; so does playbook rerun_related",
    "job_detail": "Without it node_name is not checked, sub-jobs of real-time jobs have to be named, and no job is started",
    "instance_detail": "Without it causes of failures are shown as far as the lists have them",
    "statistics": "Only counts of failures in overviews need it",
}
Judged = t.Tuple[State, str, str]
_SEE_WORKSPACE: Judged = (State.NOT_KNOWN, "refused, see workspace", "")


def diagnose(seen: Observed) -> list[Finding]:
    """The findings of all checks."""
    return [Finding(check, *judge(seen)) for check, judge in _CHECKS.items()]


def first_step(findings: t.Sequence[Finding]) -> str:
    """What to do first, or that the account is ready, in one line."""
    problems = [finding for finding in findings if finding.state is State.PROBLEM]
    if problems:
        first = problems[0]
        others = f" ({counted(len(problems) - 1, 'further problem')} may disappear with it.)" if problems[1:] else ""
        return f"Not ready. First: {first.text}. {first.remedy}{others}"
    unknown = [finding.check.replace("_", " ") for finding in findings if finding.state is State.NOT_KNOWN]
    return f"Ready, as far as reading can tell. Not known: {listed(unknown)}." if unknown else "Ready."


def _host_of(seen: Observed, name: str, error: ApiError) -> tuple[str, HostSeen | None]:
    """The host that refused the read *name* or was not reached: its role, and how it is reached."""
    role = "iam" if error.path.startswith("/v3") or name == "region_projects" else "v1" if name.startswith("v1_") else "v2"
    role = "v1" if name in ("job_detail", "instance_detail") else role
    return role, seen.hosts.get(role)


def _closed(seen: Observed, version: str) -> bool:
    """Whether the instance list of *version* answered that it is not open to this account."""
    error = seen.error(f"{version}_list")
    return error is not None and error.kind is Kind.NOT_PUBLISHED


def _without_v1(seen: Observed, role: str) -> str:
    """The remedy if only the v1 host does not answer, unless only v1 is open."""
    helps = role == "v1" and seen.api_version == "auto" and not _closed(seen, "v2")
    return " Or set api_version to v2, which does not need it." if helps else ""


def _named_by(seen: Observed, host: HostSeen | None) -> str:
    """The option that determines the name of *host*."""
    return f"Check region ({seen.region})" if host is not None and seen.region and f".{seen.region}." in host.host else "Check endpoint"


def _name_resolution(seen: Observed) -> Judged:
    if seen.address_error:
        return State.PROBLEM, *_sentences(seen.address_error)
    for role, host in seen.hosts.items():
        if host.name_error and not host.proxy and (role != "iam" or seen.errors(Kind.UNREACHABLE)):
            remedy = (
                f"{_named_by(seen, host)}, and the name servers of this machine; behind a proxy set HTTPS_PROXY.{_without_v1(seen, role)}"
            )
            return State.PROBLEM, f"{host.host} has no address: {host.name_error}", remedy
    unproxied = [host.host for host in seen.hosts.values() if not host.proxy]
    return State.OK, listed(unproxied) if unproxied else "left to the proxy", ""


def _proxy(seen: Observed) -> Judged:
    if "SOCKS" in seen.option_error:
        return State.PROBLEM, *_sentences(seen.option_error)
    for name, error in seen.errors(Kind.UNREACHABLE):
        role, host = _host_of(seen, name, error)
        if host is not None and host.proxy:
            remedy = (
                f"Check the proxy in HTTPS_PROXY and whether it lets {host.host} pass, and check region and endpoint, which decide that host; "
                f"where no proxy is needed, add the host to NO_PROXY.{_without_v1(seen, role)}"
            )
            return State.PROBLEM, f"through the proxy {host.proxy}: {error.message}", remedy
    proxies = sorted({host.proxy for host in seen.hosts.values() if host.proxy})
    return State.OK, listed(proxies) if proxies else "none", ""


def _connection(seen: Observed) -> Judged:
    for name, error in seen.errors(Kind.UNREACHABLE, Kind.REDIRECT):
        role, host = _host_of(seen, name, error)
        if host is None or not (host.name_error or host.proxy):
            open_it = f"Allow connections from this machine to {host.host if host else 'the host'}: firewall, route, allow list; or set HTTPS_PROXY"
            remedy = error.hint if error.kind is Kind.REDIRECT else f"{open_it}.{_without_v1(seen, role)}"
            return State.PROBLEM, error.message, remedy
    if seen.errors(Kind.UNREACHABLE):
        return State.NOT_KNOWN, "no host was reached", ""
    return (State.OK, "made", "") if seen.reads else _nothing_asked(seen)


def _tls(seen: Observed) -> Judged:
    for name, error in seen.errors(Kind.TLS):
        dummy, host = _host_of(seen, name, error)
        issuer = f"; its certificate was issued by {host.issuer}" if host is not None and host.issuer else ""
        if "mismatch" in error.message.lower():
            remedy = f"{_named_by(seen, host)}, which names that host, and the proxy."
        else:
            remedy = (
                "If that is your company's authority, set ca_path to its certificate (PEM). "
                "If not, somebody else answers: check endpoint, region and proxy."
            )
        return State.PROBLEM, f"{error.message}{issuer}", remedy
    hosts = [host for host in seen.hosts.values() if host.tls]
    if seen.hosts and not hosts:
        return State.OK, "not used: plain http", ""
    issuers = sorted({host.issuer for host in hosts if host.issuer})
    answered = any(error is None for error in seen.reads.values())
    if not seen.reads or (seen.errors(Kind.UNREACHABLE) and not issuers and not answered):
        return State.NOT_KNOWN, "no connection was made", ""
    return State.OK, f"certificates by {listed(issuers)}" if issuers else "certificates are trusted", ""


def _clock(seen: Observed) -> Judged:
    for dummy, error in seen.errors(Kind.CLOCK):
        return State.PROBLEM, error.message, REMEDIES[Kind.CLOCK]
    if seen.date_refused:
        return State.NOT_KNOWN, *_sentences(seen.date_refused)
    if seen.skew_seconds is None:
        return State.NOT_KNOWN, "no answer named the service's time", ""
    off = round(abs(seen.skew_seconds))
    if off < 2:
        return State.OK, "agrees with the service's", ""
    side = "ahead of" if seen.skew_seconds > 0 else "behind"
    return State.OK, f"{off} s {side} the service's, whose time is used", "Set the clock (NTP)." if off > 60 else ""


def _credentials(seen: Observed) -> Judged:
    if seen.option_error and "SOCKS" not in seen.option_error:
        return State.PROBLEM, *_sentences(seen.option_error)
    what = f"{seen.credentials}, {_sources(seen)}"
    refusals = [error for dummy, error in seen.errors(Kind.CREDENTIALS)]
    refusals += [seen.login_error] if seen.login_error is not None and seen.login_error.kind not in _BLAMED else []
    if refusals:
        return State.PROBLEM, f"{what}: {refusals[0]}", refusals[0].hint
    if any(error is None or error.kind not in _BLAMED for error in seen.reads.values()):
        return State.OK, what, ""
    return State.NOT_KNOWN, f"{what}; nothing was answered yet", ""


def _project(seen: Observed) -> Judged:
    origin = f" (from {seen.origins['project_id']})" if "project_id" in seen.origins else ""
    what = f"project {seen.project_id}{origin}" if seen.project_id else f"the project named {seen.region or '?'}"
    lookup = seen.error("region_projects")
    if seen.login_error is not None:
        return State.NOT_KNOWN, "not answered, see credentials", ""
    if lookup is not None and not seen.project_id and lookup.kind not in _BLAMED:
        return State.PROBLEM, str(lookup), lookup.hint
    refusal = seen.error("studios")
    if refusal is not None and (seen.answered("v2_jobs") or seen.answered("v1_jobs")):
        return State.OK, f"{what}; its DataArts Studio instances are not shown to this user", ""
    if refusal is not None and refusal.kind in (Kind.NO_PERMISSION, Kind.NOT_FOUND, Kind.INVALID):
        others = [name for name in seen.region_projects or () if name != seen.project_id]
        if others and seen.project_id not in (seen.region_projects or ()):
            remedy = f"Set project_id to {others[0]}, which IAM knows as {seen.region} for these credentials, or leave it out."
        else:
            remedy = (
                "Set region and project_id as My Credentials in the console shows them, "
                "and assign the user a role for DataArts Studio in that project."
            )
        return State.PROBLEM, f"{what} is refused for these credentials: {refusal}", remedy
    if not seen.answered("studios"):
        return _unasked(seen, "studios")
    return _studios(seen, what)


def _studios(seen: Observed, what: str) -> Judged:
    """Whether the project has a usable DataArts Studio instance in the region."""
    regions = sorted({studio.region for studio in seen.studios if studio.region})
    if not seen.studios:
        return (
            State.PROBLEM,
            f"{what} has no DataArts Studio instance",
            "Set region and project_id of a project that has one: the console shows both.",
        )
    if seen.region and regions and seen.region not in regions:
        return (
            State.PROBLEM,
            f"{what} has its DataArts Studio instance in {listed(regions)}, not in {seen.region}",
            f"Set region to {regions[0]}.",
        )
    if not any(studio.usable for studio in seen.studios):
        words = {1: "not yet effective", 3: "deleted", 4: "frozen", 6: "being deleted"}
        status = words.get(seen.studios[0].status or 0, f"in status {seen.studios[0].status}")
        return State.PROBLEM, f"the DataArts Studio instance of {what} is {status}", "Renew or activate it in the console."
    return State.OK, what, ""


def _workspace(seen: Observed) -> Judged:
    known = [f"{workspace.name} ({workspace.workspace_id})" for workspace in seen.workspaces]
    if seen.workspace_error:
        return State.PROBLEM, *_sentences(seen.workspace_error)
    if not seen.workspace_id:
        return State.NOT_KNOWN, f"workspace_id is not set; there are {listed(known[:5])}" if known else "workspace_id is not set", ""
    own = next((workspace for workspace in seen.workspaces if workspace.workspace_id == seen.workspace_id), None)
    reads = [(name, seen.reads[name]) for name in ("v2_jobs", "v1_jobs", "v2_list", "v1_list") if name in seen.reads]
    refusal = next((error for dummy, error in reads if error is not None and error.kind is Kind.NO_PERMISSION), None)
    if refusal is not None:
        name = f"{own.name} ({seen.workspace_id})" if own else seen.workspace_id
        return State.PROBLEM, f"{name} is closed to {_who(seen)}: {refusal}", _role_for(seen)
    unknown = any(error is not None and error.kind is Kind.NOT_FOUND and name.endswith("jobs") for name, error in reads)
    if unknown or (seen.answered("workspaces") and own is None):
        where = f"project {seen.project_id}" if seen.project_id else "the project"
        return State.PROBLEM, f"{seen.workspace_id} is not a workspace of {where}", _closest(seen, known)
    if own is not None or any(error is None for dummy, error in reads):
        return State.OK, own.name if own is not None else seen.workspace_id, ""
    return _unasked(seen, "workspaces")


def _who(seen: Observed) -> str:
    return f"agency {printable(seen.agency, 100)}" if seen.agency else "this user"


def _role_for(seen: Observed) -> str:
    """The remedy for a missing right. With an agency, the user who assumes it needs none in the workspace."""
    if not seen.agency:
        return REMEDIES[Kind.NO_PERMISSION]
    return f"Assign {_who(seen)} a role of the workspace that may operate job instances (administrator or operator), or use another agency."


def _closest(seen: Observed, known: t.Sequence[str]) -> str:
    """The remedy for a wrong workspace_id: the one that was probably meant."""
    by_name = next((workspace for workspace in seen.workspaces if workspace.name == seen.workspace_id), None)
    if by_name is not None:
        return f"Set workspace_id to {by_name.workspace_id}: {by_name.name} is the name of that workspace."
    ids = {workspace.workspace_id: name for workspace, name in zip(seen.workspaces, known)}
    similar = difflib.get_close_matches(seen.workspace_id[:200], ids, n=1, cutoff=0.8)
    if similar:
        return f"Did you mean {ids[similar[0]]}?"
    studio = (
        " That is the id of the DataArts Studio instance."
        if seen.workspace_id in {studio.studio_instance_id for studio in seen.studios}
        else ""
    )
    others = f"There are {listed(known[:5])}" if known else "Module workspace_info lists those of a project"
    return f"{studio} {others}. Set workspace_id to one of them, or correct project_id and the credentials.".strip()


def _lists(version: str) -> t.Callable[[Observed], Judged]:
    """The check of the instance list of one API version."""
    other = "v1" if version == "v2" else "v2"

    def judge(seen: Observed) -> Judged:
        if seen.api_version == other:
            return State.OK, f"not used: api_version is {other}", ""
        name = f"{version}_list"
        error = seen.error(name)
        if error is not None and _workspace(seen)[0] is State.PROBLEM:
            return _SEE_WORKSPACE
        if version == "v1" and "v1" not in seen.hosts and seen.hosts:
            if _closed(seen, "v2") or seen.api_version == "v1":
                return State.PROBLEM, "its host cannot be derived from endpoint", "Set endpoint_v1, the address of the v1 API."
            return State.OK, "not used: its host cannot be derived from endpoint", ""
        if error is None or error.kind is Kind.NOT_FOUND:  # a job was deleted meanwhile: the request itself is open
            return (State.OK, "open", "") if name in seen.reads else _unasked(seen, name)
        if error.kind is not Kind.NOT_PUBLISHED:
            return _unanswered(error)
        if _closed(seen, other):
            return State.PROBLEM, "neither v2 nor v1 is open to this account", "Ask the service's support to open the DataArts Factory API."
        if seen.api_version == version:
            return State.PROBLEM, f"{version} is not open to this account, and api_version is {version}", "Set api_version to auto."
        if version == "v2" and "v1" not in seen.hosts:
            return State.PROBLEM, "v2 is not open to this account, and v1 has no known host", "Set endpoint_v1, the address of the v1 API."
        return State.OK, f"not open; {other} is used", ""

    return judge


def _extra(name: str, version: str) -> t.Callable[[Observed], Judged]:
    """The check of a request of one API version that reruns do not need."""

    def judge(seen: Observed) -> Judged:
        if seen.api_version not in ("auto", version):
            return State.OK, f"not used: api_version is {seen.api_version}", ""
        if name == "statistics" and not seen.measured:
            return State.OK, "asked for one workspace of the account", ""
        error = seen.error(name)
        if error is not None and _workspace(seen)[0] is State.PROBLEM:
            return _SEE_WORKSPACE
        if error is None or error.kind is Kind.NOT_FOUND:  # a workspace without jobs, or an entry deleted meanwhile
            return (State.OK, "open", "") if name in seen.reads else _unasked(seen, name)
        if error.kind is Kind.NOT_PUBLISHED:
            return State.OK, f"not open. {_ONLY[name]}", ""
        return _unanswered(error)

    return judge


def _right_to_rerun(seen: Observed) -> Judged:
    if not seen.probe_retry:
        return (
            State.NOT_KNOWN,
            "reading does not show it",
            "Set dataarts_probe_retry (option probe_retry): then a rerun of a job that cannot exist is requested.",
        )
    if seen.check_mode and "probe_retry" not in seen.reads:
        return State.NOT_KNOWN, "check mode sends nothing", "Run without check mode."
    if "probe_retry" not in seen.reads:
        return _unasked(seen, "probe_retry")
    if _workspace(seen)[0] is State.PROBLEM:
        return _SEE_WORKSPACE
    error = seen.error("probe_retry")
    version = seen.notes.get("probe_retry", "v2")
    if error is None:
        return (
            State.NOT_KNOWN,
            "the service accepted a rerun of a job that cannot exist, so its answers prove nothing",
            "Please report this.",
        )
    if error.kind is Kind.NO_PERMISSION:
        return State.PROBLEM, f"{_who(seen)} may read, but not rerun: {error}", _role_for(seen)
    if error.kind is Kind.NOT_PUBLISHED:
        otherwise = "" if seen.api_version == "auto" else ", or set api_version to auto"
        return State.PROBLEM, f"the rerun of {version} is not open to this account", f"Ask the service's support to open it{otherwise}."
    if error.kind in (Kind.NOT_FOUND, Kind.INVALID, Kind.NOTHING_TO_RERUN):
        return State.OK, f"the rerun of {version} is open, and this user was not refused", ""
    return _unanswered(error)


def _journal(seen: Observed) -> Judged:
    if seen.journal is None:
        return State.NOT_KNOWN, "no answer in time", "Check that its server can be reached from here."
    if seen.journal.error:
        return State.PROBLEM, *_sentences(seen.journal.error)
    name = seen.journal.name
    if not seen.journal.complete_since:
        knows = "does not know this workspace yet" if seen.journal.exists else "will be made by the first rerun"
        return State.OK, f"{name} {knows}", ""
    shared = f", used by {listed(list(seen.journal.shared_by))}" if seen.journal.shared_by else ""
    return State.OK, f"{name}, complete since {seen.journal.complete_since}{shared}", ""


def _requests(seen: Observed) -> Judged:
    made = counted(sum(seen.requests.values()), "request")
    throttled = [read for read in seen.errors(Kind.THROTTLED) if read[1].status is not None]
    if throttled:
        return State.PROBLEM, f"{made}; {throttled[0][1].message}", REMEDIES[Kind.THROTTLED]
    return State.OK, f"{made} made; 10 a second are allowed to this user, 30 on v1's lists", ""


def _versions(seen: Observed) -> Judged:
    return State.OK, ", ".join(f"{name} {version}" for name, version in seen.versions.items()), ""


def _unanswered(error: ApiError) -> Judged:
    """The finding on a request that ended in *error*, other than "not published"."""
    if error.kind is Kind.THROTTLED and error.status is None:
        return State.NOT_KNOWN, "no time was left to ask", ""
    if error.kind in _BLAMED:
        return State.NOT_KNOWN, f"not answered, see {_BLAMED[error.kind]}", ""
    if error.kind is Kind.NO_PERMISSION:
        return _SEE_WORKSPACE
    return State.PROBLEM, str(error), error.hint


def _unasked(seen: Observed, name: str) -> Judged:
    """The finding on a read that was not made or not answered."""
    error = seen.error(name)
    if error is not None:
        return _unanswered(error)
    return _nothing_asked(seen)


def _nothing_asked(seen: Observed) -> Judged:
    if seen.address_error or seen.option_error:
        return State.NOT_KNOWN, "nothing could be asked", ""
    if not seen.workspace_id:
        return State.NOT_KNOWN, "workspace_id is not set", ""
    return State.NOT_KNOWN, "not asked, because of a problem above", ""


def _sources(seen: Observed) -> str:
    """Where the credentials come from: ``access_key and secret_key from HW_ACCESS_KEY and HW_SECRET_KEY``."""
    names = [name for name in seen.origins if name not in ("region", "project_id", "cloud_domain", "iam_endpoint")]
    places: dict[str, list[str]] = {}
    for origin in dict.fromkeys(seen.origins[name] for name in names):
        place, dummy, name = origin.rpartition(": ")
        places.setdefault(place, []).append(name)
    origins = [f"{', '.join(own)} of the {place}" if place else listed(own) for place, own in places.items()]
    return f"{listed(names)} from {listed(origins)}" if names else "not from an option"


def _sentences(message: str) -> tuple[str, str]:
    """Split a message ``<what happened>: <cause>. <what to do>.`` into text and remedy."""
    text, dot, remedy = message.partition(". ")
    return (text, remedy) if dot else (message.rstrip("."), "")


_CHECKS: dict[str, t.Callable[[Observed], Judged]] = {
    "name_resolution": _name_resolution,
    "proxy": _proxy,
    "connection": _connection,
    "tls": _tls,
    "clock": _clock,
    "credentials": _credentials,
    "project": _project,
    "workspace": _workspace,
    "v2_list": _lists("v2"),
    "v1_list": _lists("v1"),
    "dependencies": _extra("dependencies", "v2"),
    "job_detail": _extra("job_detail", "v1"),
    "instance_detail": _extra("instance_detail", "v1"),
    "statistics": _extra("statistics", "v2"),
    "right_to_rerun": _right_to_rerun,
    "journal": _journal,
    "requests": _requests,
    "versions": _versions,
}
