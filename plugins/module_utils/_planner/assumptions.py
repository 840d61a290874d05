# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assumptions: the points that the service's documentation leaves open, and which of them an account's answers decide.

Each has the name and settings of a switch of the emulator in the project's repository. Likelihood never decides a point. The first line of a judge's
docstring is the text shown for an undecided point.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from .._common.errors import ApiError, Kind
from .._common.text import counted, listed, printable
from .._common.times import DAY_MS
from .._models.attempt import Failure
from .._models.checkup import Assumption, Setting
from .._models.evidence import Evidence
from .._models.instance import Status
from .rerun_identity import after_rerun
from .showing import VISIBLE_AFTER, settings_in, visible_in
from .zone_of_today import zone_of_today

#: Instances of one job that must agree before a rule is read from them.
_ENOUGH = 3
#: Lists that must show the same order, and entries they must have, to rule out chance.
_LISTS, _ENTRIES = 3, 5
#: Maximum length of the text about one point, which may quote the service.
_MAX_EVIDENCE = 300
#: Node types as in the documentation's table; the SDK writes them without blanks [SDK][OTC-95].
_TYPES_APART = frozenset({"Hive SQL", "Spark SQL", "DWS SQL", "DLI SQL", "DLI Spark", "CDM Job", "OBS Manager", "MRS Spark"})
#: Clocks that differ by less count as the same, seconds: a Date is a whole second.
_SAME_CLOCK = 2.0


Decided = t.Optional[t.Tuple[Setting, str]]


def measure(evidence: Evidence) -> list[Assumption]:
    """Every open point, with its setting if *evidence* decides it."""
    assumptions = []
    for name, judge in POINTS.items():
        visible = visible_in(evidence.notes) if name == VISIBLE_AFTER else None
        if visible is not None:
            assumptions.append(visible)
            continue
        decided = None if isinstance(judge, str) else judge(evidence)
        if decided is not None:
            setting, text = decided
            assumptions.append(Assumption(name, True, setting, printable(text, _MAX_EVIDENCE)))
        else:
            reason = judge if isinstance(judge, str) else str(judge.__doc__).partition("\n")[0].rstrip(".")
            assumptions.append(Assumption(name, False, None, reason))
    return assumptions


def _offset_unit(evidence: Evidence) -> Decided:
    """Needs three jobs, listed in the same order twice."""
    pages = evidence.job_pages
    first, second = pages.get("0", []), pages.get("1", [])
    if evidence.job_total < 3 or len(first) != 2 or first != pages.get("again") or not second:
        return None
    if second[0] == first[1]:
        return "record", "offset 1 of the list of jobs begins with the second job"
    return ("page", "offset 1 of the list of jobs begins after the first page") if second[0] not in first else None


def _offset_beyond(evidence: Evidence) -> Decided:
    """Needs a job, and two equal answers to the same question."""
    first, beyond = evidence.job_pages.get("0", []), evidence.job_pages.get("beyond")
    if beyond is None or not first or first != evidence.job_pages.get("again"):
        return None
    if not beyond:
        return "empty", "a page of jobs beyond the end is empty"
    return ("first_page", "a page of jobs beyond the end is the first one") if beyond == first else None


def _total_of(evidence: Evidence) -> Decided:
    """Needs three entries of a list with pages, which stays as it is while it is asked for twice."""
    settings = {}
    for what, pages in evidence.totals.items():
        wholes = {(shown, total) for asked, shown, total in pages if shown < asked}
        parts = {(shown, total) for asked, shown, total in pages if shown == asked}
        if len(wholes) != 1 or len(parts) != 1:
            continue
        (whole, count), (part, total) = wholes.pop(), parts.pop()
        if part < whole == count and total in (part, whole):
            settings["list" if total == whole else "page"] = f"on a page with {part} of {counted(whole, what)}, the total is {total}"
    return next(iter(settings.items())) if len(settings) == 1 else None


def _today_zone(evidence: Evidence) -> Decided:
    """Needs instances planned so close to midnight that only one zone fits."""
    if evidence.today is None or evidence.last_day is None:
        return None
    return zone_of_today(evidence.today, evidence.last_day, evidence.now_ms)


def _status_words(evidence: Evidence) -> Decided:
    """Needs an instance whose status is a word that no document has."""
    words = sorted({entry.status for entry in evidence.instances if Status.parse(entry.status) is Status.UNKNOWN})
    return ("others", f"a list has the status {words[0]}, which no document has") if words else None


def _list_order(evidence: Evidence) -> Decided:
    """Needs five instances with different plan times, listed three times."""
    lists = [[entry.plan_time for entry in entries] for entries in evidence.lists]
    if len(lists) < _LISTS or any(len(set(times)) < _ENTRIES for times in lists):
        return None
    shown = f"{counted(len(lists), 'list')} of {counted(len(lists[0]), 'instance')}"
    if all(times == sorted(times, reverse=True) for times in lists):
        return "newest", f"{shown} begin with the newest plan time"
    if all(times == sorted(times) for times in lists):
        return "oldest", f"{shown} begin with the oldest plan time"
    same = all(sorted(times) == sorted(lists[0]) for times in lists)
    return ("random", f"{shown} have different orders") if same and any(times != lists[0] for times in lists) else None


def _window_compares(evidence: Evidence) -> Decided:
    """Needs an instance that started at another time than planned."""
    if evidence.late_start is None:
        return None
    by_plan, by_start = evidence.late_start
    if by_plan and not by_start:
        return "plan_time", "an instance is listed at its plan time, not at its start"
    return ("start_time", "an instance is listed at its start, not at its plan time") if by_start and not by_plan else None


def _enforce_window(evidence: Evidence) -> Decided:
    """Needs a list of instances that is open."""
    refused = set(evidence.long_windows.values())
    if len(refused) != 1:
        return None
    return (
        refused.pop(),
        f"a window of 40 days is {'refused' if True in evidence.long_windows.values() else 'answered'} by {listed(list(evidence.long_windows))}",
    )


def _submit_time_of(evidence: Evidence) -> Decided:
    """Needs instances of one job over more than a day, none of them rerun."""
    by_job: dict[str, dict[int, int]] = {}
    for entry in evidence.instances:
        if entry.submit_time is not None and entry.instance_type in (0, None):
            by_job.setdefault(entry.job_name, {})[entry.plan_time] = entry.submit_time
    for job_name, times in by_job.items():
        submit_time, count = Counter(times.values()).most_common(1)[0]
        sharing = [plan for plan, submitted in times.items() if submitted == submit_time]
        if count >= _ENOUGH and max(sharing) - min(sharing) > DAY_MS:
            return "job", f"{counted(count, 'instance')} of {job_name}, planned over more than a day, share it"
        if count == 1 and len(times) >= _ENOUGH and all(submitted <= plan for plan, submitted in times.items()):
            return "instance", f"{counted(len(times), 'instance')} of {job_name} have their own, before their plan times"
    return None


def _after_rerun(name: str) -> t.Callable[[Evidence], Decided]:
    """Return a judge for the point whether a rerun keeps the attribute *name* of an instance."""

    def judge(evidence: Evidence) -> Decided:
        """Needs an instance that was rerun, as the journal or a comparison with its siblings shows, and reruns that all behave alike"""
        kept = {_kept(name, failure, evidence) for failure in evidence.accepted} - {None}
        noted = settings_in(evidence.notes, f"{name}_after_rerun")
        read = after_rerun(name, (*evidence.lists, *evidence.other_lists))
        settings = {"same" if same else "new" for same in kept} | set(noted) | ({read[0]} if read is not None else set())
        if len(settings) != 1:
            return None
        setting = settings.pop()
        if not kept and not noted and read is not None:
            return read
        day = f", first on {noted[setting]}" if setting in noted else ""
        kept_or_new = "keeps it" if setting == "same" else "has another one"
        return setting, f"according to the journal, an instance that was rerun {kept_or_new}{day}"

    return judge


def _kept(name: str, failure: Failure, evidence: Evidence) -> bool | None:
    """Whether the instance of *failure* kept *name* in its rerun; None if it did not start anew, or others share its plan time."""
    entries = [entry for entry in evidence.instances if (entry.job_id, entry.plan_time) == (failure.job_id, failure.plan_time)]
    if len(entries) != 1 or (entries[0].start_time or 0) <= (failure.start_time or 0) or failure.start_time is None:
        return None
    old, new = getattr(failure, name), getattr(entries[0], name)
    return None if not old or not new else bool(old == new)


def _open(name: str, *needs: str) -> t.Callable[[Evidence], Decided]:
    """Return a function that decides whether request *name* is published. It decides only if the reads *needs* were answered."""

    def judge(evidence: Evidence) -> Decided:
        """Needs an answer of the service to that call"""
        if name not in evidence.seen.reads or not all(evidence.seen.answered(need) for need in needs):
            return None
        error = evidence.seen.error(name)
        if error is None or error.kind in (Kind.NOT_FOUND, Kind.NO_PERMISSION, Kind.INVALID, Kind.NOTHING_TO_RERUN):
            return (
                True,
                "the call is answered" if error is None else f"the call is refused for another reason ({error.code or error.kind.value})",
            )
        return (False, f"the gateway says that the call is not published ({error.code})") if error.kind is Kind.NOT_PUBLISHED else None

    return judge


def _v2_retry_open(evidence: Evidence) -> Decided:
    """Only a request for a rerun shows it: set probe_retry."""
    version = evidence.seen.notes.get("probe_retry")
    if version == "v1" and evidence.seen.answered("v2_jobs"):
        return False, "the request for a rerun of nothing by v2 was answered with not published"
    return _open("probe_retry", "v2_jobs")(evidence) if version == "v2" else None


def _v2_workspace(evidence: Evidence) -> Decided:
    """Needs a default workspace, which a request without the header would go to."""
    ended = evidence.without_workspace
    if ended is True:
        return "default", "a v2 request without the header is answered"
    refused = isinstance(ended, ApiError) and ended.kind is Kind.INVALID and evidence.default_workspace
    return ("required", f"a v2 request without the header is refused ({t.cast(ApiError, ended).code})") if refused else None


def _code_form(evidence: Evidence) -> Decided:
    """Needs refusals with codes of the service."""
    pair = (evidence.codes.get("no_such_job", ""), evidence.codes.get("no_such_workspace", ""))
    known = {("DLF.0100", "DLF.20819"): "documented", ("DLF.0100", "DLF.0819"): "old", ("DLF.30100", "DLF.20819"): "new"}
    return (known[pair], f"the code for a job that does not exist is {pair[0]}, for a workspace {pair[1]}") if pair in known else None


def _gateway_prefix(evidence: Evidence) -> Decided:
    """Needs a refusal by the gateway."""
    codes = [*evidence.codes.values(), *(error.code or "" for error in evidence.seen.reads.values() if error is not None)]
    prefixes = {match[1]: code for code in codes if (match := re.fullmatch(r"(APIGW?)\.[0-9]{4}", code))}
    return next(((prefix, f"the gateway refuses with {code}") for prefix, code in prefixes.items()), None) if len(prefixes) == 1 else None


def _unknown_job_at_retry(evidence: Evidence) -> Decided:
    """Only a request for a rerun shows it: set probe_retry."""
    error = evidence.seen.error("probe_retry") if evidence.seen.notes.get("probe_retry") == "v2" else None
    match = re.fullmatch(r"DLF\.3?(1000|0100)", (error.code or "") if error is not None else "")
    return (match[1], f"the request for a rerun of nothing is refused with {match[0]}") if match else None


def _no_permission_status(evidence: Evidence) -> Decided:
    """Needs a user who lacks a right."""
    for error in evidence.seen.reads.values():
        if error is not None and (error.code or "").endswith("6888") and error.status in (400, 403):
            return error.status, f"{error.code} came with HTTP {error.status}"
    return None


def _running_per_job(evidence: Evidence) -> Decided:
    """Needs a job with more than five instances running at once."""
    lists = (*evidence.lists, *evidence.other_lists)
    running = [
        (count, name)
        for entries in lists
        for name, count in Counter(entry.job_name for entry in entries if entry.status == "running").items()
    ]
    count, name = max(running, default=(0, ""))
    return (None, f"{count} instances of {name} run at once") if count > 5 else None


def _cancelled_word(evidence: Evidence) -> Decided:
    """Needs an instance that was cancelled, or skipped because of what it depends on."""
    words = {entry.status for entry in evidence.instances}
    long, short = words & {"manual-stop", "skip-by-depend"}, words & {"manual", "skip"}
    if bool(long) == bool(short):
        return None
    return ("hyphen" if long else "short"), f"an instance is {next(iter(long | short))}"


def _v1_job_id(evidence: Evidence) -> Decided:
    """Needs an instance in v1's list."""
    forms = {
        "number" if isinstance(value, int) else "text_comma" if value.endswith(",") else "text"
        for value in evidence.v1_job_ids
        if isinstance(value, (int, str)) and not isinstance(value, bool)
    }
    return (forms.pop(), f"jobId of v1 is {evidence.v1_job_ids[0]!r}") if len(forms) == 1 else None


def _detail_error(evidence: Evidence) -> Decided:
    """Needs a failed instance for which v1's list has an error message."""
    if evidence.detail is None:
        return None
    if evidence.detail.get("errorMessage"):
        return "instance", "the detail of a failed instance has an error message"
    if any(node.get("errorMessage") for node in _nodes(evidence)):
        return "node", "a node in the detail of a failed instance has an error message"
    return "none", "the detail of a failed instance has no error message, though the list has one"


def _node_types(evidence: Evidence) -> Decided:
    """Needs a failed instance with a node whose type is written in two ways."""
    types = {str(node.get("type")) for node in _nodes(evidence)}
    apart, joined = types & _TYPES_APART, types & {name.replace(" ", "") for name in _TYPES_APART}
    if bool(apart) == bool(joined):
        return None
    return ("apart" if apart else "joined"), f"a node is of type {next(iter(apart | joined))}"


def _nodes(evidence: Evidence) -> list[t.Mapping[str, t.Any]]:
    nodes = (evidence.detail or {}).get("nodes")
    return [node for node in nodes if isinstance(node, t.Mapping)] if isinstance(nodes, list) else []


def _request_id_header(evidence: Evidence) -> Decided:
    """Needs answers that all have it, or none."""
    if not evidence.request_ids or len(set(evidence.request_ids)) != 1:
        return None
    return evidence.request_ids[0], f"{counted(len(evidence.request_ids), 'answer')} {'with' if evidence.request_ids[0] else 'without'} it"


def _retry_after(evidence: Evidence) -> Decided:
    """Only a request that is throttled shows it, and none is made for that"""
    values = set(evidence.retry_after)
    value = values.pop() if len(values) == 1 else "several"
    if not re.fullmatch("[0-9]{0,4}", value):
        return None
    requests = counted(len(evidence.retry_after), "throttled request")
    return (int(value), f"{requests} came back with it") if value else (None, f"{requests} came back without it")


def _clock_skew(evidence: Evidence) -> Decided:
    """By a Date alone, a wrong clock and a Date that something in between rewrites look the same; a token of a user tells them apart."""
    if evidence.token_skew is not None:
        return _seconds(-evidence.token_skew), "by the time at which IAM issued the token"
    if evidence.seen.skew_seconds is not None and abs(evidence.seen.skew_seconds) < _SAME_CLOCK:
        return 0, "the Date of answers is the time of this machine"
    return None


def _date_offset(evidence: Evidence) -> Decided:
    """By a Date alone, a wrong clock and a Date that something in between rewrites look the same; a token of a user tells them apart."""
    if evidence.token_skew is not None and evidence.dates:
        offset = min(evidence.dates, key=abs) + evidence.token_skew
        return _seconds(offset), "by the time at which IAM issued the token"
    same = evidence.seen.skew_seconds is not None and abs(evidence.seen.skew_seconds) < _SAME_CLOCK
    return (0, "the Date of answers is the time of this machine") if same else None


def _token_lifetime(evidence: Evidence) -> Decided:
    """Needs credentials of kind user, for which a token is fetched."""
    return None if evidence.token_lifetime is None else (round(evidence.token_lifetime), "by the token that IAM issued")


def _seconds(value: float) -> int:
    """*value* in whole seconds; 0 if it may be zero."""
    return 0 if abs(value) < _SAME_CLOCK else round(value)


#: Points that no read here decides, by what would decide them.
_NOT_READ = {
    "Only a rerun shows it": (
        "success_status",
        "success_body",
        "rerun_visible_after",
        "starting_seconds",
        "waiting_start_time",
        "rerun_waits_for_upstream",
        "batch_refusal",
        "duplicate_keys",
        "retry_of_active",
        "twins_rerun",
    ),
    "Only a stop shows it": ("stop_of", "stop_visible_after", "stopped_status"),
    "Only a PatchData run shows it": (
        "patch_visible_after",
        "patch_name_taken",
        "patch_row_dates",
        "patch_end",
        "patch_failed_status",
        "patch_cancelled_status",
    ),
    "Only a start or a stop of a job shows it": ("schedule_twice", "stopped_job_cancels"),
    "Only a job that is run by hand shows it": ("run_instance_type", "run_of_running", "run_visible_after"),
    "Only an instance that the service cancelled because of another shows it": ("cancelled_times",),
    "Only a request that is not made here shows it": ("baselines_open", "baseline_jobs"),
    "Only too many requests show it, and they are not made for that": ("flow_control",),
    "Only a start or end that is watched shows it": ("scheduler_skew_seconds",),
}
POINTS: dict[str, t.Callable[[Evidence], Decided] | str] = {
    "offset_unit": _offset_unit,
    "offset_beyond": _offset_beyond,
    "total_of": _total_of,
    "today_zone_hours": _today_zone,
    "list_order": _list_order,
    "window_compares": _window_compares,
    "enforce_window": _enforce_window,
    "instance_id_after_rerun": _after_rerun("instance_id"),
    "submit_time_after_rerun": _after_rerun("submit_time"),
    "submit_time_of": _submit_time_of,
    "v2_open": _open("v2_jobs"),
    "v2_list_open": _open("v2_list", "v2_jobs"),
    "v2_retry_open": _v2_retry_open,
    "v2_workspace": _v2_workspace,
    "v1_open": _open("v1_jobs"),
    "depend_open": _open("dependencies", "v2_jobs"),
    "code_spelling": _code_form,
    "gateway_prefix": _gateway_prefix,
    "unknown_job_at_retry": _unknown_job_at_retry,
    "no_permission_status": _no_permission_status,
    "running_per_job": _running_per_job,
    "status_spelling": _cancelled_word,
    "status_words": _status_words,
    "v1_job_id": _v1_job_id,
    "detail_error": _detail_error,
    "node_types": _node_types,
    "request_id_header": _request_id_header,
    "retry_after": _retry_after,
    "clock_skew_seconds": _clock_skew,
    "date_offset_seconds": _date_offset,
    "token_lifetime_seconds": _token_lifetime,
    **{name: reason for reason, names in _NOT_READ.items() for name in names},
}
