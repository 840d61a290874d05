# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to an account whose answers decide points that the documentation leaves open; see ``_planner/assumptions.py``. All are reads."""

from __future__ import annotations

import time
import typing as t
from functools import partial

from .._api.questions import Questions
from .._common.concurrency import in_threads
from .._common.errors import ApiError, Kind, OptionError
from .._common.times import Window
from .._http.request import Answer
from .._http.server_clock import date_ms
from .._models.checkup import Observed
from .._planner.assumptions import Entry, Evidence

_DAY_MS = 86_400_000
#: Instances to ask for at once, and jobs whose instances v2 is asked for.
_PAGE, _JOBS = 200, 5
#: Further than any list goes.
_BEYOND = 1_000_000


class Gathering:
    """Gathers evidence about one workspace.

    :param seen: what the checkup has observed; it says which versions of the API are open.
    :param now_ms: the service's time, epoch ms.
    """

    def __init__(self, questions: Questions, seen: Observed, now_ms: int) -> None:
        self._questions = questions
        self._seen = seen
        self._now = now_ms
        self._week = Window(now_ms - 7 * _DAY_MS + 60_000, now_ms)
        self._open = [version for version in ("v1", "v2") if seen.answered(f"{version}_jobs")]
        self.evidence = Evidence(default_workspace=any(workspace.kind == "default" for workspace in seen.workspaces))

    def gather(self) -> None:
        """Ask everything; what is not answered is left out."""
        if not self._open:
            return
        list(in_threads(lambda ask: ask(), [self._jobs, self._lists, self._refusals, self._without_workspace]))
        list(in_threads(lambda ask: ask(), [self._late_start, self._long_windows, self._detail]))

    def _asked(self, ask: t.Callable[[], Answer]) -> Answer | ApiError | None:
        """How the question ended; an answer's headers are noted."""
        try:
            answer = ask()
        except ApiError as error:
            return error
        except OptionError:  # the name of a job that cannot be part of an address
            return None
        self.evidence.request_ids.append("x-request-id" in answer.headers)
        date = date_ms(answer.headers.get("date"))
        self.evidence.dates += [] if date is None else [date / 1000 - time.time()]
        return answer

    def _jobs(self) -> None:
        version = self._open[-1]
        for name, offset in (("0", 0), ("1", 1), ("again", 0), ("beyond", _BEYOND)):
            answer = self._asked(partial(self._questions.jobs, version, 2, offset))
            if isinstance(answer, Answer):
                self.evidence.job_pages[name] = [str(job.get("name")) for job in entries(answer, "jobs")]
                self.evidence.job_total = _number(answer.body, "total") or 0

    def _lists(self) -> None:
        """The whole workspace three times by v1, or as many jobs as are asked for by v2, the first that has enough three times."""
        if "v1" in self._open and self._seen.error("v1_list") is None:
            for dummy in range(3):
                self._list("v1", None)
        if "v2" in self._open and self._seen.error("v2_list") is None:
            names = self._job_names()
            for name in names:
                self._list("v2", name, repeated=False)
            if not self.evidence.lists and self.evidence.instances:
                counts = [entry.job_name for entry in self.evidence.instances]
                busiest = max(set(counts), key=counts.count)
                for dummy in range(3):
                    self._list("v2", busiest)

    def _job_names(self) -> list[str]:
        answer = self._asked(lambda: self._questions.jobs(self._open[-1], _JOBS))
        return [str(job["name"]) for job in entries(answer, "jobs") if job.get("name")]

    def _list(self, version: str, job_name: str | None, *, repeated: bool = True) -> None:
        answer = self._asked(lambda: self._questions.instances(version, job_name, self._week, _PAGE))
        shown = [entry for entry in map(_entry, entries(answer, "instances")) if entry is not None]
        (self.evidence.lists if repeated else self.evidence.other_lists).append(shown)
        if version == "v1":
            self.evidence.v1_job_ids += [raw.get("jobId") for raw in entries(answer, "instances")]

    def _refusals(self) -> None:
        version = self._open[-1]
        asked: dict[str, t.Callable[[], Answer]] = {
            "no_such_call": self._questions.no_such_call,
            "no_such_job": lambda: self._questions.no_such_job(version),
            "no_such_workspace": lambda: self._questions.no_such_workspace(version),
        }
        for name, ask in asked.items():
            refusal = self._asked(ask)
            if isinstance(refusal, ApiError) and refusal.code:
                self.evidence.codes[name] = refusal.code

    def _without_workspace(self) -> None:
        if "v2" in self._open:
            ended = self._asked(self._questions.without_workspace)
            self.evidence.without_workspace = True if isinstance(ended, Answer) else ended

    def _late_start(self) -> None:
        """Look for an instance that started at another time than planned: at either time."""
        ended = (entry for entry in self.evidence.instances if entry.status in ("success", "fail") and entry.instance_id)
        late = next((entry for entry in ended if entry.start_time is not None and abs(entry.start_time - entry.plan_time) > 1000), None)
        if late is None or late.start_time is None:
            return
        version = next(version for version in self._open if self._seen.error(f"{version}_list") is None)
        listed = [self._lists_it(version, late, moment) for moment in (late.plan_time, late.start_time)]
        if None not in listed:
            self.evidence.late_start = (bool(listed[0]), bool(listed[1]))

    def _lists_it(self, version: str, wanted: Entry, moment: int) -> bool | None:
        """Whether the millisecond *moment* lists the instance, as it was; None without an answer, or where it was rerun meanwhile."""
        answer = self._asked(lambda: self._questions.instances(version, wanted.job_name, Window(moment, moment), _PAGE))
        if not isinstance(answer, Answer) or (_number(answer.body, "total") or 0) > _PAGE:
            return None
        shown = [
            entry for entry in map(_entry, entries(answer, "instances")) if entry is not None and entry.instance_id == wanted.instance_id
        ]
        return None if shown and shown[0].start_time != wanted.start_time else bool(shown)

    def _detail(self) -> None:
        shown = (entry for entries in self.evidence.lists for entry in entries)  # only v1's lists have error messages
        failed = next((entry for entry in shown if entry.status == "fail" and entry.error and entry.instance_id), None)
        if failed is not None and self._seen.error("v1_jobs") is None:
            answer = self._asked(lambda: self._questions.instance(failed.job_name, failed.instance_id))
            self.evidence.detail = answer.body if isinstance(answer, Answer) and isinstance(answer.body, dict) else None

    def _long_windows(self) -> None:
        names = [entry.job_name for entry in self.evidence.instances] or self._job_names()
        window = Window(self._now - 40 * _DAY_MS, self._now)
        for version in self._open:
            if names and self._seen.error(f"{version}_list") is None:
                ended = self._asked(partial(self._questions.instances, version, names[0], window, 1))
                if isinstance(ended, Answer) or (isinstance(ended, ApiError) and ended.kind is Kind.INVALID):
                    self.evidence.long_windows[version] = isinstance(ended, ApiError)


def see_token(evidence: Evidence, auth: t.Any) -> None:
    """What the token that was fetched for the account says of clocks and of its life; nothing where none was fetched."""
    issued, lifetime = getattr(auth, "issuing_time", lambda: None)(), getattr(auth, "lifetime", None)
    if issued is not None:
        evidence.token_skew = time.time() - issued
    evidence.token_lifetime = lifetime


def entries(answer: Answer | ApiError | None, name: str) -> list[dict[str, t.Any]]:
    """The entries of the list *name* in an answer that is taken as it came; none where there is not such a list."""
    values = answer.body.get(name) if isinstance(answer, Answer) and isinstance(answer.body, dict) else None
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _entry(raw: dict[str, t.Any]) -> Entry | None:
    """An instance of either list; None without a name or a plan time."""
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
    return next((int(value) for value in values if isinstance(value, (int, str)) and str(value).isdigit()), None)
