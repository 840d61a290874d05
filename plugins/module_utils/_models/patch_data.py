# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PatchData runs: a job runs for the plan times of a span in the past, alone or with jobs that depend on it [SDK][H-199]."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .._common.errors import OptionError
from .._common.text import printable
from .._common.times import EPOCH, parse_point, to_iso, with_iso

#: The service's status word -> state. Only SUCCESS, RUNNING and CANCEL are documented; the SDK writes CANCLE.
STATUSES = {
    "SUCCESS": "success",
    "RUNNING": "running",
    "CANCEL": "stopped",
    "CANCLE": "stopped",
    "CANCELED": "stopped",
    "CANCELLED": "stopped",
    "STOP": "stopped",
    "STOPPED": "stopped",
    "FAIL": "failed",
    "FAILED": "failed",
}
MOST_PARALLEL = 5
LONGEST_NAME = 64
#: The run time that the service shows for a run without a window of its own (OBS [KES]).
ANY_TIME = "00:00-00:00"
_NAME = re.compile(rf"[^\W_][\w-]{{0,{LONGEST_NAME - 1}}}")
_ONLY_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)")
_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?$")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]")
_SECOND_MS, _HOUR_MS = 1000, 3_600_000


class RunTime(t.NamedTuple):
    """When a run may work: time of day, days of the week, days of the month, in the service's form; None means any [SDK]."""

    time_of_day: str | None = None
    day_of_week: str | None = None
    day_of_month: str | None = None


class InstanceTime(t.NamedTuple):
    """Which plan times within the dates are included: single days and a time of day, in the service's form [SDK]."""

    days: tuple[str, ...] = ()
    time_of_day: str | None = None


ANY_RUN_TIME = RunTime()
EVERY_INSTANCE = InstanceTime()


@dataclass(frozen=True)
class PatchData:
    """A PatchData run to be requested. :meth:`from_options` makes it from options and checks them.

    :param begin: first moment of the dates, epoch ms, whole seconds; *end* is the last one.
    :param offset_hours: UTC offset with which the dates are sent.
    :param depend_jobs: (job name, workspace id) of each dependent job that runs with it.
    :param force: whether to send it although another run of the job is still running.
    """

    name: str
    job_name: str
    begin: int
    end: int
    offset_hours: int = 0
    parallel: int = 1
    depend_jobs: tuple[tuple[str, str], ...] = ()
    day_granularity: bool = False
    priority: int | None = None
    stop_when_fail: bool = False
    newest_first: bool = False
    run_time: RunTime = ANY_RUN_TIME
    instance_time: InstanceTime = EVERY_INSTANCE
    force: bool = False

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> PatchData:
        """The run that the options of module ``supplement_data`` describe.

        :raises OptionError: one is missing, or the service would refuse it.
        """
        missing = [name for name in ("job_name", "start_date", "end_date") if not str(options.get(name) or "").strip()]
        if missing:
            raise OptionError(f"{' and '.join(missing)} must be set to start PatchData. Set what is missing, or set state to stopped.")
        begin, hours = _date(options["start_date"], "start_date")
        end, _hours = _date(options["end_date"], "end_date")
        if end < begin + 2 * _SECOND_MS:
            raise OptionError(
                f"end_date ({to_iso(end)}) is not at least two seconds after start_date ({to_iso(begin)}). Set a later end, or an earlier start."
            )
        parallel = options["parallel"]
        if not 1 <= parallel <= MOST_PARALLEL:
            raise OptionError(f"parallel is {parallel}. Use 1 to {MOST_PARALLEL}.")
        return cls(
            checked_name(options["name"]),
            options["job_name"],
            begin,
            end,
            hours,
            parallel,
            _depend_jobs(options),
            options["day_granularity"],
            options.get("priority"),
            options["stop_when_fail"],
            options["newest_first"],
            _run_time(options),
            _instance_time(options),
            options["force"],
        )

    def body(self) -> dict[str, t.Any]:
        """The body of the request [SDK]. The service understands only one form of dates (OBS [KES])."""
        run_time = {name: value for name, value in self.run_time._asdict().items() if value is not None}
        instance_time: dict[str, t.Any] = {"days": list(self.instance_time.days)} if self.instance_time.days else {}
        if self.instance_time.time_of_day is not None:
            instance_time["time_of_day"] = self.instance_time.time_of_day
        optional: dict[str, t.Any] = {
            "depend_jobs": [{"job_name": name, "workspace_id": workspace_id} for name, workspace_id in self.depend_jobs] or None,
            "priority": self.priority,
            "supplement_data_run_time": run_time or None,
            "supplement_data_instance_time": instance_time or None,
            "force": "true" if self.force else None,
        }
        return {
            "name": self.name,
            "job_name": self.job_name,
            "start_date": _sent_date(self.begin, self.offset_hours),
            "end_date": _sent_date(self.end, self.offset_hours),
            "parallel": self.parallel,
            "is_day_granularity": self.day_granularity,
            "is_stop_when_fail": self.stop_when_fail,
            "reverse_order": 1 if self.newest_first else 0,
            **{name: value for name, value in optional.items() if value is not None},
        }

    def content(self) -> dict[str, t.Any]:
        """The part that must be equal for two runs of one name to be the same run, as JSON.

        It leaves out the zone of the dates, the order of dependent jobs, and force.
        """
        body = replace(self, depend_jobs=tuple(sorted(self.depend_jobs))).body()
        body.pop("force", None)
        return {**body, "start_date": to_iso(self.begin), "end_date": to_iso(self.end)}


@dataclass(frozen=True)
class PatchDataRow:
    """A PatchData run as listed by the service [SDK]. Times epoch ms; missing fields are None or empty.

    :param status: the service's word.
    """

    name: str
    status: str
    jobs: tuple[str, ...]
    begin: int | None
    end: int | None
    parallel: int | None
    submitted: int | None
    user: str | None
    run_time: RunTime | None
    instance_time: InstanceTime | None

    @property
    def state(self) -> str:
        """``success``, ``running``, ``stopped`` or ``failed``. An undocumented word counts as running, so that it is never mistaken for an end."""
        return STATUSES.get(self.status.upper(), "running")

    def to_result(self) -> dict[str, t.Any]:
        """The run as modules return it."""
        return {
            "name": self.name,
            "status": self.status,
            "state": self.state,
            "jobs": list(self.jobs),
            "parallel": self.parallel,
            "user_name": self.user,
            "run_time": None if self.run_time is None else self.run_time._asdict(),
            "instance_time": None
            if self.instance_time is None
            else {**self.instance_time._asdict(), "days": list(self.instance_time.days)},
            **with_iso(start_date=self.begin, end_date=self.end, submitted_date=self.submitted),
        }


def checked_name(name: str) -> str:
    """*name*, checked as the name of a new run.

    :raises OptionError: it has characters that some editions refuse; the service itself would only say "invalid".
    """
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"name '{printable(name, 80)}' is not allowed for PatchData. Use 1 to {LONGEST_NAME} letters, digits, hyphens and underscores, "
            "beginning with a letter or a digit."
        )
    return name


def _date(value: t.Any, option: str) -> tuple[int, int]:
    """Epoch ms of *value*, and the whole hours of its UTC offset; 0 if it has none or one with minutes.

    A day without a time stands for its first second as ``start_date`` and for its last second as ``end_date``.
    """
    text = str(value).strip()
    day = _DAY.fullmatch(text)
    if day is not None:
        clock = "00:00:00" if option == "start_date" else "23:59:59"
        text = f"{day[1]}T{clock}{day[2]}"
    elif _DAY.fullmatch(f"{text}Z"):
        raise OptionError(
            f"Failed to read {option}: '{text}' has no time zone and none is guessed. Use a day with its zone, such as {text} +08:00."
        )
    ms = parse_point(text, option=option)
    if ms % _SECOND_MS:
        raise OptionError(f"{option} has a fraction of a second, which PatchData does not support. Set whole seconds.")
    match = _OFFSET.search(text) if not text.isdigit() else None
    if match is None or int(match[3] or 0):
        return ms, 0
    return ms, int(match[2]) * (-1 if match[1] == "-" else 1)


def _sent_date(ms: int, hours: int) -> str:
    moment = (EPOCH + timedelta(milliseconds=ms + hours * _HOUR_MS)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment} {'-' if hours < 0 else '+'}{abs(hours):02}"


def _depend_jobs(options: t.Mapping[str, t.Any]) -> tuple[tuple[str, str], ...]:
    jobs = tuple((entry["job_name"], entry["workspace_id"]) for entry in options.get("depend_jobs") or ())
    if any(not name.strip() or not workspace_id.strip() for name, workspace_id in jobs):
        raise OptionError("depend_jobs has an entry without a job_name or workspace_id. Set both for each entry.")
    if len(set(jobs)) != len(jobs):
        raise OptionError("depend_jobs names a job twice. Name each once.")
    if (options["job_name"], options.get("workspace_id")) in jobs:
        raise OptionError("depend_jobs names the job of job_name. It runs in any case: name only others.")
    return jobs


def _run_time(options: t.Mapping[str, t.Any]) -> RunTime:
    between = _span_of(options, "run_between")
    return RunTime(between, _numbers(options, "run_weekdays", 7), _numbers(options, "run_month_days", 31))


def _numbers(options: t.Mapping[str, t.Any], option: str, most: int) -> str | None:
    texts = [text.strip() for text in options.get(option) or ()]
    for text in texts:
        if not re.fullmatch("[0-9]{1,2}", text) or not 1 <= int(text) <= most:
            raise OptionError(f"{option} has '{printable(text, 40)}'. Use numbers from 1 to {most}.")
    return ",".join(map(str, sorted(set(map(int, texts))))) or None


def _instance_time(options: t.Mapping[str, t.Any]) -> InstanceTime:
    days = tuple(sorted(set(options.get("only_days") or ())))
    for day in days:
        try:
            if not _ONLY_DAY.fullmatch(day):
                raise ValueError
            datetime.strptime(day, "%Y-%m-%d")
        except ValueError:
            raise OptionError(f"only_days has '{printable(day, 40)}', which is not a day. Use the form 2026-11-23.") from None
    return InstanceTime(days, _span_of(options, "only_between"))


def _span_of(options: t.Mapping[str, t.Any], option: str) -> str | None:
    text = options.get(option) or None
    if text is not None and not _SPAN.fullmatch(text):
        raise OptionError(f"{option} is '{printable(text, 40)}'. Use the form 22:00-23:30.")
    if text is not None and text[:5] == text[6:]:
        raise OptionError(f"{option} is '{text}', which begins and ends at the same time. Leave it out to allow any time.")
    return text
