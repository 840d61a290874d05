# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge what job_rerun reported, only by the emulator's journal and true state."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from emulator.running import Running
from tests.chaos.drawing import STRANGER, Case

Json = dict[str, t.Any]
Key = tuple[str, int]
_UNLISTED = re.compile(r"Failed to list the instances of job (.+?): ")
#: Statuses that count as success.
SUCCEEDED = ("success", "forceSuccess", "ignoreSuccess")
#: Final actions of instances that may never have been rerun. Each needs a reason.
HONEST = ("rejected", "unknown", "blocked", "not_rerunnable")


@dataclass
class Judgement:
    """What was wrong, in words: rerun twice, lost, or reported wrongly."""

    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.twice or self.lost or self.wrong)

    def __str__(self) -> str:
        parts = [f"{name} ({len(problems)}):\n  " + "\n  ".join(problems[:12]) for name, problems in vars(self).items() if problems]
        return "\n".join(parts) or "clean"


class Judge:
    """Compares one case with the truth.

    :ivar meant: the selected instances as they were at the start, by (job name, plan time in ms).
    """

    def __init__(self, service: Running, case: Case) -> None:
        self._service, self._case = service, case
        self.judgement = Judgement()
        self.since: int | None = None  # of the first result that has it
        self._workspace = next(iter(service.state()["workspaces"]))
        offsets = {(name, _ms(plan)) for name, plan in case.selected}
        now = service.now_ms()
        self.before = self._truth()
        # plan times of a scenario are whole seconds before its start, a moment ago
        self.meant = {key: instance for key, instance in self.before.items() if _known(key, now, offsets)}

    def reruns(self) -> dict[Key, list[Json]]:
        """Accepted reruns by instance, oldest first, with ``time``, ``request_id`` and ``user`` of the write."""
        entries: dict[Key, list[Json]] = {}
        for entry in self._service.journal():
            for instance in entry["instances"]:
                extra = {name: entry[name] for name in ("time", "request_id", "user")}
                entries.setdefault((instance["job_name"], instance["plan_time"]), []).append({**instance, **extra})
        return entries

    def order(self) -> None:
        """Check that no instance was rerun before all its upstream instances had succeeded or, unless they are to be rerun, had been stopped."""
        if not self._case.ordered:
            return
        truth = self._truth()
        for key, entries in self.reruns().items():
            for entry in (entry for entry in entries if entry["user"] != STRANGER and key in self.meant):
                for upper in self.above(key):
                    last = max((run for run in truth[upper]["runs"] if run["requested"] < entry["time"]), key=_number, default=None)
                    if last is not None and self._in_the_way(upper, last, entry["time"]):
                        self.judgement.wrong.append(f"{key} was sent at {entry['time']} although {upper}, above it, stood at {last}")

    def above(self, key: Key) -> list[Key]:
        """Upstream instances of *key*: of each upstream job the newest one that is not planned later, and the job's own previous cycle."""
        job = self._case.jobs()[key[0]]
        earlier_keys = []
        for name in job.get("depends_on", ()):
            earlier = [other for other in self.before if other[0] == name and other[1] <= key[1]]
            earlier_keys += [max(earlier, key=_plan)] if earlier else []
        if job.get("self_dependent") and self._case.chained:
            earlier = [other for other in self.before if other[0] == key[0] and other[1] < key[1]]
            earlier_keys += [max(earlier, key=_plan)] if earlier else []
        return earlier_keys

    def _in_the_way(self, key: Key, run: Json, time: int) -> bool:
        """Whether the newest *run* of instance *key* blocked downstream reruns at *time*."""
        if run["end"] is None or run["end"] > time:
            return True
        if run["status"] == "manual-stop":  # intended by somebody, so it only blocks if it is to be rerun
            return run["number"] == 1 and key in self.meant and "manual-stop" in self._case.options["statuses"]
        return run["status"] in ("fail", "pause", "running-exception")

    def _held_up(self, key: Key, reason: str, truth: dict[Key, Json]) -> bool:
        """Whether an upstream instance really blocks *key* for good, as *reason* says."""
        if "(order: upstream_first)" not in reason:
            return False
        if "in an unknown way" in reason or "could not be listed" in reason:
            return True
        left, seen = [key], set()
        while left:
            for upper in self.above(left.pop()):
                if truth[upper]["status"] not in SUCCEEDED:
                    return True
                if upper not in seen:
                    seen.add(upper)
                    left.append(upper)
        return False

    def twice(self) -> None:
        """Check that no instance was rerun again, unless ``attempts`` allows it and the previous run had failed."""
        attempts = self._case.options.get("attempts", 1)
        truth = self._truth()
        for key, entries in self.reruns().items():
            if key not in self.meant:
                self.judgement.twice.append(f"{key} was rerun and not meant")
                continue
            runs = {run["number"]: run for run in truth[key]["runs"]}
            # runs that somebody else started before this run began are not its attempts
            counted = [
                entry
                for entry in entries
                if entry["user"] != STRANGER or (runs[entry["run"]]["start"] or entry["time"]) >= (self.since or 0)
            ]
            if len(counted) > attempts:
                self.judgement.twice.append(f"{key} was rerun {len(counted)} times, attempts is {attempts}")
            for entry in entries[1:]:
                former = runs.get(entry["run"] - 1)
                if former is None or former["end"] is None or former["end"] > entry["time"] or former["status"] == "success":
                    self.judgement.twice.append(f"{key}: run {entry['run']} was asked for while the one before stood at {former}")

    def reported(self, result: Json, *, journal_before: int = 0, others: bool = False) -> None:
        """Check that everything in the result of a pass or play is true.

        :param journal_before: number of writes in the journal before it.
        :param others: whether another play of the same user ran with another ``since``: its reruns before this play's since do not count.
        """
        self.since = self.since or result.get("since")
        reruns, truth = self.reruns(), self._truth()
        seen: set[Key] = set()
        for instance in result.get("instances") or ():
            key = instance["job_name"], instance["plan_time"]
            if key not in self.meant:
                self._wrong(key, instance, "is reported and was not meant")
                continue
            if key in seen:
                self._wrong(key, instance, "is reported twice")
            seen.add(key)
            entries = reruns.get(key, [])
            began = result["since"] if others else 0
            self._judge_instance(
                key, instance, entries, [entry for entry in entries if entry["user"] != STRANGER and entry["time"] >= began], truth[key]
            )
        if not result.get("failed") and not result.get("changed") and len(self._service.journal()) > journal_before:
            self.judgement.wrong.append("changed is false although something was rerun")
        if result.get("finished"):
            self._only_counted(result, self.meant.keys() - seen, reruns, truth)
            self._goal_reached(result, reruns, truth)

    def _only_counted(self, result: Json, left_out: set[Key], reruns: dict[Key, list[Json]], truth: dict[Key, Json]) -> None:
        """Check that instances missing in a report had succeeded before the run and are counted; those of unlisted jobs may be."""
        missing = {key for key in left_out if key[0] not in unlisted(result)}
        for key in missing:
            if truth[key]["status"] not in SUCCEEDED or any(entry["time"] >= result["since"] for entry in reruns.get(key, [])):
                self.judgement.lost.append(f"{key} is not in the report")
        if not len(missing) <= result["summary"]["already_done"] <= len(left_out):
            self.judgement.lost.append(
                f"{len(missing)} instances are not in the report, which counts {result['summary']['already_done']} as already done"
            )

    def _goal_reached(self, result: Json, reruns: dict[Key, list[Json]], truth: dict[Key, Json]) -> None:
        if result.get("failed"):
            if not (result.get("msg") and result.get("error")):
                self.judgement.wrong.append("it failed without a reason")
            return
        statuses = self._case.options["statuses"]
        for key in self.meant:
            if self.before[key]["status"] in statuses and not reruns.get(key):
                self.judgement.lost.append(f"{key} was never rerun and the play succeeded")
            if self._case.options["wait"] and truth[key]["status"] in statuses:
                self.judgement.lost.append(f"{key} stands at {truth[key]['status']} and the play succeeded")

    def _judge_instance(self, key: Key, shown: Json, entries: list[Json], own: list[Json], truth: Json) -> None:
        action, began = shown["action"], self.before[key]["status"]
        if shown["rerun"] and not entries:
            self._wrong(key, shown, "rerun is true, and the journal has none")
        if shown["rerun"] is False and own and action not in ("settling", "unknown"):
            self._wrong(key, shown, f"rerun is false, and the journal has {len(own)}")
        if action in ("done", "failed_again") and began in self._case.options["statuses"] and not entries:
            self.judgement.lost.append(f"{key} is reported {action} and was never rerun")
        if action == "done" and (truth["status"] != "success" or truth["hidden"] or truth["queued"]):
            self._wrong(key, shown, f"is done, and stands at {truth['status']}")
        if action == "failed_again" and truth["status"] in (*SUCCEEDED, "running", "waiting"):
            self._wrong(key, shown, f"failed again, and stands at {truth['status']}")
        held_up = self._case.ordered and action in ("skipped", "blocked") and self._held_up(key, shown["reason"], self._truth())
        if action == "skipped" and truth["status"] in self._case.options["statuses"] and not held_up:
            self._wrong(key, shown, "is skipped with a status that was asked for")
        if action == "blocked" and truth["status"] in SUCCEEDED + self._rerunnable and not held_up:
            self._wrong(key, shown, f"is blocked, and stands at {truth['status']}")
        if action == "rejected" and own and not truth["runs"][:-1]:
            self._wrong(key, shown, "is rejected, and the journal has it")
        if action in HONEST and not shown["reason"]:
            self._wrong(key, shown, "has no reason")
        ids = [entry["request_id"] for entry in entries]
        settled = action in ("done", "failed_again", "blocked") or (action == "wait" and shown["status"] in ("waiting", "running"))
        if shown["request_id"] in self._journal_ids() and shown["request_id"] not in ids:
            self._wrong(key, shown, f"the request id is that of other instances, the journal has {ids}")
        if settled and own == entries and entries and shown["request_id"] not in (None, ids[-1]):
            self._wrong(key, shown, f"the journal has request id {ids[-1]}")
        if action in ("done", "failed_again") and own == entries and shown["attempts"] != len(own):
            self._wrong(key, shown, f"attempts is {shown['attempts']}, and the journal has {len(own)}")

    @property
    def _rerunnable(self) -> tuple[str, ...]:
        return tuple(self._case.options["statuses"])

    def _journal_ids(self) -> set[str]:
        return {entry["request_id"] for entry in self._service.journal()}

    def _wrong(self, key: Key, shown: Json, why: str) -> None:
        reported = {name: shown.get(name) for name in ("action", "status", "rerun", "attempts", "request_id", "reason")}
        self.judgement.wrong.append(f"{key}: {why}; reported as {reported}")

    def _truth(self) -> dict[Key, Json]:
        jobs = self._service.state()["workspaces"][self._workspace]
        return {(name, instance["plan_time"]): instance for name, instances in jobs.items() for instance in instances}


def unlisted(result: t.Mapping[str, t.Any]) -> set[str]:
    """Names of jobs that a failed result could not list, by both its message and its problems."""
    said = [_UNLISTED.match(text) for text in result.get("problems") or ()] if result.get("failed") else []
    return {match[1] for match in said if match and match[0] in result["msg"]}


def _plan(key: Key) -> int:
    return key[1]


def _number(run: Json) -> int:
    return int(run["number"])


def _ms(plan: str) -> int:
    return int(plan[1:-1]) * 60_000


def _known(key: Key, now: int, offsets: set[tuple[str, int]]) -> bool:
    age = now - key[1]
    return any(name == key[0] and 0 <= age - offset < 30_000 for name, offset in offsets)
