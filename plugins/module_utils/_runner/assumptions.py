# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read-only requests whose answers decide points that the service's documentation leaves open; see ``_planner/assumptions.py``."""

from __future__ import annotations

import re
import time
import typing as t
from functools import partial

from .._api.questions import Questions
from .._common.concurrency import in_threads
from .._common.errors import ApiError, Kind, OptionError
from .._common.times import DAY_MS, Window
from .._http.request import Answer
from .._http.server_clock import date_ms
from .._models.evidence import Entry, Evidence

#: Instances per page, and number of jobs whose instances are listed by v2.
_PAGE, _JOBS = 200, 5
#: Largest page of instances and of jobs; and the page size that shows the total of a list that is not read whole.
_MOST, _MOST_JOBS, _PART = 1000, 100, 2
#: Offset beyond the end of any list.
_BEYOND = 1_000_000


class Gathering:
    """Gathers *evidence* about one workspace.

    :param evidence: its ``seen``, what the checkup has observed, says which versions of the API are open.
    :param now_ms: the service's time, epoch ms.
    """

    def __init__(self, questions: Questions, evidence: Evidence, now_ms: int) -> None:
        self._questions, self.evidence = questions, evidence
        self._seen = seen = evidence.seen
        self._now = evidence.now_ms = now_ms
        self._week = Window(now_ms - 7 * DAY_MS + 60_000, now_ms)
        self._open = [version for version in ("v1", "v2") if seen.answered(f"{version}_jobs")]

    def gather(self) -> None:
        """Send all requests, in parallel unless one needs the answer to another. Missing answers are left out."""
        if not self._open:
            return
        _side_by_side(self._jobs, self._v1_lists, self._v2_lists, self._refusals, self._without_workspace)
        _side_by_side(self._late_start, self._long_windows, self._detail, self._days, self._parts)

    def _asked(self, ask: t.Callable[..., Answer], *about: t.Any) -> Answer | ApiError | None:
        """Send a request, and keep what the headers of its answer show; None for a job name that cannot be part of a URL."""
        try:
            answer = ask(*about)
        except ApiError as error:
            return error
        except OptionError:
            return None
        self.evidence.request_ids.append("x-request-id" in answer.headers)
        date = date_ms(answer.headers.get("date"))
        self.evidence.dates += [] if date is None else [date / 1000 - time.time()]
        return answer

    def _jobs(self) -> None:
        """Read pages of jobs. Offset 0 is read before and after the other pages, to show whether the list changed in between."""
        self._jobs_page("0", 0)
        _side_by_side(partial(self._jobs_page, "1", 1), partial(self._jobs_page, "beyond", _BEYOND), self._all_jobs)
        self._jobs_page("again", 0)

    def _jobs_page(self, name: str, offset: int) -> None:
        answer = self._asked(self._questions.jobs, self._open[-1], _PART, offset)
        if isinstance(answer, Answer):
            self.evidence.job_pages[name] = [str(job.get("name")) for job in entries(answer, "jobs")]
            self.evidence.job_total = _number(answer.body, "total") or 0
            if offset == 0:
                self._note_total("jobs", _PART, answer)

    def _all_jobs(self) -> None:
        self._note_total("jobs", _MOST_JOBS, self._asked(self._questions.jobs, self._open[-1], _MOST_JOBS))

    def _note_total(self, what: str, asked: int, answer: Answer | ApiError | None) -> None:
        total = _number(answer.body, "total") if isinstance(answer, Answer) else None
        if total is not None:
            self.evidence.totals.setdefault(what, []).append((asked, len(entries(answer, what)), total))

    def _lists_open(self, version: str) -> bool:
        return version in self._open and self._seen.error(f"{version}_list") is None

    def _v1_lists(self) -> None:
        """List the whole workspace three times."""
        if self._lists_open("v1"):
            _side_by_side(*[partial(self._list, "v1", None)] * 3)

    def _v2_lists(self) -> None:
        """List the instances of a few jobs; if v1 is closed, list those of the job with most instances three times more."""
        if not self._lists_open("v2"):
            return
        _side_by_side(*(partial(self._list, "v2", name, repeated=False) for name in self._job_names()))
        if not self._lists_open("v1") and self.evidence.instances:
            _side_by_side(*[partial(self._list, "v2", self._busiest())] * 3)

    def _busiest(self) -> str:
        counts = [entry.job_name for entry in self.evidence.instances]
        return max(sorted(set(counts)), key=counts.count)

    def _job_names(self) -> list[str]:
        answer = self._asked(self._questions.jobs, self._open[-1], _JOBS)
        return [str(job["name"]) for job in entries(answer, "jobs") if job.get("name")]

    def _list(self, version: str, job_name: str | None, *, repeated: bool = True) -> None:
        answer = self._asked(self._questions.instances, version, job_name, self._week, _PAGE)
        (self.evidence.lists if repeated else self.evidence.other_lists).append(_shown(answer))
        if repeated:
            self._note_total("instances", _PAGE, answer)
        if version == "v1":
            self.evidence.v1_job_ids += [raw.get("jobId") for raw in entries(answer, "instances")]

    def _listing(self) -> tuple[str, str | None] | None:
        """API version and job name that list most instances: all jobs (None) with v1, else one job with v2; None if neither can list."""
        if self._lists_open("v1"):
            return "v1", None
        return ("v2", self._busiest()) if self._lists_open("v2") and self.evidence.instances else None

    def _parts(self) -> None:
        """Read a small page of the list that was read three times, to compare the totals."""
        listing = self._listing()
        if listing is not None:
            self._note_total("instances", _PART, self._asked(self._questions.instances, *listing, self._week, _PART))

    def _days(self) -> None:
        """List the last 25 hours, and without a window; an answer that fills its page is dropped, as more may follow."""
        listing = self._listing()
        if listing is None:
            return

        def ask(window: Window | None) -> list[Entry] | None:
            answer = self._asked(self._questions.instances, *listing, window, _MOST)
            return _shown(answer) if isinstance(answer, Answer) and len(entries(answer, "instances")) < _MOST else None

        last_day = Window(self._now - 25 * 3_600_000, self._now)
        self.evidence.last_day, self.evidence.today = in_threads(ask, (last_day, None))

    def _refusals(self) -> None:
        """Ask for things that do not exist, to learn the error codes."""
        version = self._open[-1]
        asked: dict[str, t.Callable[[], Answer]] = {
            "no_such_call": self._questions.no_such_call,
            "no_such_job": partial(self._questions.no_such_job, version),
            "no_such_workspace": partial(self._questions.no_such_workspace, version),
        }
        for name, refusal in zip(asked, in_threads(self._asked, list(asked.values()))):
            if isinstance(refusal, ApiError) and refusal.code:
                self.evidence.codes[name] = refusal.code

    def _without_workspace(self) -> None:
        if "v2" in self._open:
            ended = self._asked(self._questions.without_workspace)
            self.evidence.without_workspace = True if isinstance(ended, Answer) else ended

    def _late_start(self) -> None:
        """Find an instance that did not start at its plan time, and list a window at each of the two times."""
        ended = (entry for entry in self.evidence.instances if entry.status in ("success", "fail") and entry.instance_id)
        late = next((entry for entry in ended if entry.start_time is not None and abs(entry.start_time - entry.plan_time) > 1000), None)
        if late is None or late.start_time is None:
            return
        version = next(version for version in self._open if self._seen.error(f"{version}_list") is None)
        listed = list(in_threads(lambda moment: self._lists_it(version, late, moment), (late.plan_time, late.start_time)))
        if None not in listed:
            self.evidence.late_start = (bool(listed[0]), bool(listed[1]))

    def _lists_it(self, version: str, wanted: Entry, moment: int) -> bool | None:
        """Whether a window of the single millisecond *moment* lists the instance; None if that is unknown or the instance was rerun meanwhile."""
        answer = self._asked(self._questions.instances, version, wanted.job_name, Window(moment, moment), _PAGE)
        if not isinstance(answer, Answer) or len(entries(answer, "instances")) >= _PAGE:
            return None
        shown = [entry for entry in _shown(answer) if entry.instance_id == wanted.instance_id]
        return None if shown and shown[0].start_time != wanted.start_time else bool(shown)

    def _detail(self) -> None:
        shown = (entry for entries in self.evidence.lists for entry in entries)  # only v1 lists error messages
        failed = next((entry for entry in shown if entry.status == "fail" and entry.error and entry.instance_id), None)
        if failed is not None and self._seen.error("v1_jobs") is None:
            answer = self._asked(self._questions.instance, failed.job_name, failed.instance_id)
            self.evidence.detail = answer.body if isinstance(answer, Answer) and isinstance(answer.body, dict) else None

    def _long_windows(self) -> None:
        names = [entry.job_name for entry in self.evidence.instances] or self._job_names()
        window = Window(self._now - 40 * DAY_MS, self._now)
        versions = [version for version in self._open if names and self._lists_open(version)]
        for version, ended in zip(
            versions, in_threads(lambda version: self._asked(self._questions.instances, version, names[0], window, 1), versions)
        ):
            if isinstance(ended, Answer) or (isinstance(ended, ApiError) and ended.kind is Kind.INVALID):
                self.evidence.long_windows[version] = isinstance(ended, ApiError)


def _side_by_side(*asks: t.Callable[[], object]) -> None:
    list(in_threads(lambda ask: ask(), asks))


def _shown(answer: Answer | ApiError | None) -> list[Entry]:
    """The instances in an answer of v1 or v2."""
    return [entry for entry in map(_entry, entries(answer, "instances")) if entry is not None]


def see_token(evidence: Evidence, auth: t.Any) -> None:
    """Note the clock skew and the lifetime that the account's fetched token shows, if one was fetched; both in seconds."""
    issued, lifetime = getattr(auth, "issuing_time", lambda: None)(), getattr(auth, "lifetime", None)
    if issued is not None:
        evidence.token_skew = time.time() - issued
    evidence.token_lifetime = lifetime


def entries(answer: Answer | ApiError | None, name: str) -> list[dict[str, t.Any]]:
    """The entries of list *name* in a raw answer; empty if it has no such list."""
    values = answer.body.get(name) if isinstance(answer, Answer) and isinstance(answer.body, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _entry(raw: dict[str, t.Any]) -> Entry | None:
    """An instance as v1 or v2 lists it; None without a name or a plan time."""
    name, plan_time = raw.get("job_name") or raw.get("jobName"), _number(raw, "plan_time", "planTime")
    if not name or plan_time is None:
        return None
    return Entry(
        job_name=str(name),
        job_id=str(raw.get("job_id") or raw.get("jobId") or "").rstrip(","),
        instance_id=str(raw.get("instance_id") or raw.get("instanceId") or ""),
        status=str(raw.get("status")),
        plan_time=plan_time,
        submit_time=_number(raw, "submit_time", "submitTime"),
        start_time=_number(raw, "start_time", "startTime"),
        instance_type=_number(raw, "instance_type", "instanceType"),
        error=bool(raw.get("errorMessage")),
    )


def _number(raw: t.Any, *names: str) -> int | None:
    values = [raw.get(name) for name in names] if isinstance(raw, dict) else []
    return next((int(value) for value in values if isinstance(value, (int, str)) and re.fullmatch("[0-9]{1,19}", str(value))), None)
