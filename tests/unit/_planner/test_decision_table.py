# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision table is complete: a walk through everything that can happen to an instance meets every row and every transition between rows.

The rows are repeated here as conditions on a situation, written without the code's help. The walk begins with every instance that a run can find, and
continues with whatever may come next: a rerun is sent and ends in some way, time passes, the service shows something new, a person acts. In each
situation exactly one row applies, and ``decide`` returns what that row says.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._planner import reconcile as _reconcile
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import decide
from tests.unit.building import at, attempt, instance, policy

ATTEMPTS = 2
#: Start and end of an instance's runs in seconds, since being 0: none shown, one before, two after.
RUNS = {None: (None, None), 0: (-3600, -3000), 1: (20, 30), 2: (220, 230)}
IN_PROGRESS = {Status.WAITING, Status.RUNNING}
PERSON = {Status.PAUSE, Status.WAITING_CONFIRM}
GOOD = {Status.SUCCESS, Status.FORCE_SUCCESS, Status.IGNORE_SUCCESS}
#: Outcomes of a POST and how many instances it carried.
OUTCOMES = [("accepted", 1), ("unknown", 1), ("intended", 1), ("rejected", 1), ("rejected", 9), ("not_executed", 1), ("conflicted", 1)]


@dataclasses.dataclass(frozen=True)
class Situation:
    """An instance and what was sent for it.

    :param run: index of its last run in :data:`RUNS`.
    :param post: outcome and size of the newest request of this run that carried it, or None.
    :param number: which attempt that was.
    :param before: status and run of the failure that it answered.
    :param settled: whether the service shows a state no older than the request.
    :param earlier: how many reruns since ``since`` before the newest request failed again.
    """

    status: Status
    run: int | None
    manual: bool = False
    post: tuple[str, int] | None = None
    number: int = 0
    before: tuple[Status, int | None] = (Status.FAIL, 0)
    settled: bool = False
    earlier: int = 0

    @property
    def reran(self) -> int:
        """How many requests since ``since`` have rerun it, by any sender."""
        outcome = self.post[0] if self.post is not None else None
        shows = (self.status, self.run) != self.before
        took_effect = outcome == "accepted" or (outcome in ("unknown", "intended") and shows)
        return max(self.earlier + 1, self.number) if took_effect else self.earlier

    @property
    def hidden(self) -> bool:
        """Whether the newest request had no effect and says nothing about the reruns before it."""
        if self.post is None or not self.earlier or self.post[0] == "not_executed":
            return self.earlier > 0
        known = self.settled or self.post[0] == "rejected"
        no_effect = self.post[0] != "accepted" and (self.status, self.run) == self.before
        return known and no_effect and self.earlier >= ATTEMPTS

    @property
    def attempted(self) -> bool:
        return self.post is not None and self.post[0] != "not_executed"

    @property
    def changed(self) -> bool:
        return self.hidden or (self.attempted and (self.status, self.run) != self.before)

    @property
    def unchanged(self) -> bool:
        return self.attempted and not self.changed

    @property
    def after(self) -> bool:
        """Whether its last run belongs to our run."""
        return bool(self.run) or self.changed

    @property
    def used(self) -> int:
        """Attempts of this run: every start after since counts as one, by any sender."""
        if self.hidden:
            return self.earlier
        return max(1, self.reran, self.number - (self.post is not None and self.post[0] == "not_executed"))

    @property
    def rejected_alone(self) -> bool:
        return self.post == ("rejected", 1)


def plain(s: Situation) -> bool:
    """It is not in progress, and no request prevents judging it by what it shows."""
    return s.status not in IN_PROGRESS and not s.unchanged


def ended_badly(s: Situation) -> bool:
    known = s.status not in PERSON | GOOD | {Status.RUNNING_EXCEPTION}
    return plain(s) and known and s.after and (s.changed or s.status is Status.FAIL) and not (s.changed and s.status is Status.UNKNOWN)


def may_try_again(s: Situation) -> bool:
    return s.status is Status.FAIL and s.used < ATTEMPTS


def in_flight(s: Situation) -> bool:
    """Its state does not show yet what became of the request."""
    shows = s.run is not None and s.before is not None and (s.before[1] is None or s.run > s.before[1])
    return s.post is not None and not s.settled and s.post[0] not in ("rejected", "not_executed") and (s.post[0] == "intended" or not shows)


Row = tuple[Action, t.Callable[[Situation], bool]]
ROWS: dict[str, Row] = {
    "in progress": (Action.WAIT, lambda s: s.status in IN_PROGRESS),
    "needs a person": (Action.BLOCKED, lambda s: plain(s) and s.status in PERSON),
    "running-exception": (Action.NOT_RERUNNABLE, lambda s: plain(s) and s.status is Status.RUNNING_EXCEPTION),
    "due": (Action.RETRY, lambda s: plain(s) and s.status is Status.FAIL and not s.after and not s.manual),
    "manual": (
        Action.NOT_RERUNNABLE,
        lambda s: s.manual and plain(s) and s.status is Status.FAIL and (not s.after or (ended_badly(s) and may_try_again(s))),
    ),
    "succeeded before": (Action.DONE, lambda s: plain(s) and s.status in GOOD and not s.after),
    "succeeded": (Action.DONE, lambda s: plain(s) and s.status in GOOD and s.after),
    "not meant": (
        Action.SKIPPED,
        lambda s: plain(s) and not s.changed and s.status not in PERSON | GOOD | {Status.RUNNING_EXCEPTION, Status.FAIL},
    ),
    "failed again": (Action.FAILED_AGAIN, lambda s: ended_badly(s) and not may_try_again(s)),
    "another attempt": (Action.RETRY, lambda s: ended_badly(s) and may_try_again(s) and not s.manual and not in_flight(s)),
    "in flight": (Action.SETTLING, lambda s: ended_badly(s) and may_try_again(s) and not s.manual and in_flight(s)),
    "undocumented end": (Action.WAIT, lambda s: plain(s) and s.changed and s.status is Status.UNKNOWN),
    "settling": (Action.SETTLING, lambda s: s.unchanged and not s.rejected_alone and not s.settled),
    "accepted, not shown": (Action.WAIT, lambda s: s.unchanged and s.settled and s.post == ("accepted", 1)),
    "provably unchanged": (Action.RETRY, lambda s: unconfirmed(s) and s.run is not None),
    "unknown": (Action.UNKNOWN, lambda s: unconfirmed(s) and s.run is None),
    "rejected": (Action.REJECTED, lambda s: s.unchanged and s.rejected_alone),
}


def unconfirmed(s: Situation) -> bool:
    return s.unchanged and s.settled and not s.rejected_alone and s.post != ("accepted", 1)


#: The rows of the table in the code's docstring, by their first two columns, and the rows before them that they equal.
DOCUMENTED = {
    ("waiting, running", ""): {"in progress"},
    ("pause, waiting-confirm", ""): {"needs a person"},
    ("running-exception", ""): {"running-exception"},
    ("status in ``statuses``", "last start before ``since``, no attempt"): {"due"},
    ("the same", "manually scheduled"): {"manual"},
    ("success, forced or ignored", ""): {"succeeded before", "succeeded"},
    ("any other", "last start before ``since``, no attempt"): {"not meant"},
    ("status in ``statuses``", "last start at or after ``since``"): {"failed again", "another attempt"},
    ("the same", "rerun ``attempts`` times since ``since``"): {"failed again"},
    ("any end but success", "after a rerun of this run"): {"failed again", "undocumented end"},
    ("to be rerun by another row", "the newest attempt has not settled, and has no outcome or no later start"): {"in flight"},
    ("unchanged since the attempt", "accepted"): {"settling", "accepted, not shown"},
    ("unchanged since the attempt", "outcome unknown"): {"settling", "provably unchanged", "unknown"},
    ("unchanged since the attempt", "rejected"): {"rejected"},
}


@functools.cache
def row_of(s: Situation) -> str:
    names = [name for name, (_action, applies) in ROWS.items() if applies(s)]
    assert len(names) == 1, (s, names)
    return names[0]


def begun() -> t.Iterator[Situation]:
    """Everything that a run can find before it has sent anything."""
    for status in Status:
        for run in (None, 0, 1):
            for manual in (False, True):
                yield Situation(status, run, manual)


def followers(s: Situation) -> t.Iterator[Situation]:
    """Everything that can be the case next."""
    if ROWS[row_of(s)][0] is Action.RETRY:
        number = s.used + 1 if row_of(s) == "another attempt" else max(1, s.number, s.reran + 1)
        for post in OUTCOMES:
            yield dataclasses.replace(s, post=post, number=number, before=(s.status, s.run), settled=False, earlier=min(2, s.reran))
    if s.status is Status.FAIL and s.changed and s.reran:  # another run, with its own since, tries it too
        for post in OUTCOMES:
            yield dataclasses.replace(s, post=post, number=1, before=(s.status, s.run), settled=False, earlier=min(2, s.reran))
    if s.post is not None and not s.settled:
        yield dataclasses.replace(s, settled=True)
    for status, run in shown_next(s):
        if (status, run) != (s.status, s.run):
            yield dataclasses.replace(s, status=status, run=run)


def shown_next(s: Situation) -> t.Iterator[tuple[Status, int | None]]:
    """What the service may show next: a rerun by anybody, a run that continues or ends, a person's action."""
    new = min(2, (s.run or 0) + 1)
    if s.status is Status.WAITING:
        yield from ((status, s.run) for status in (Status.WAITING_CONFIRM, Status.MANUAL_STOP, Status.SKIP_BY_DEPEND, Status.FREEZE))
        yield Status.RUNNING, new
    elif s.status is Status.RUNNING:
        ends = (
            Status.SUCCESS,
            Status.FAIL,
            Status.RUNNING_EXCEPTION,
            Status.PAUSE,
            Status.MANUAL_STOP,
            Status.UNKNOWN,
            Status.IGNORE_SUCCESS,
        )
        yield from ((status, s.run) for status in ends)
    elif s.status is Status.WAITING_CONFIRM:
        yield from ((Status.WAITING, s.run), (Status.MANUAL_STOP, s.run))
    elif s.status in (Status.PAUSE, Status.RUNNING_EXCEPTION):
        yield from ((Status.RUNNING, s.run), (Status.MANUAL_STOP, s.run), (Status.FORCE_SUCCESS, s.run))
    elif s.status is Status.UNKNOWN:  # a word for a starting rerun, or for anything else
        yield from ((status, run) for status in (Status.WAITING, Status.RUNNING, Status.SUCCESS, Status.FAIL) for run in (s.run, new))
    else:
        yield Status.WAITING, s.run
        yield Status.RUNNING, new  # it stopped waiting between two passes
        if s.status is Status.FAIL:
            yield Status.FORCE_SUCCESS, s.run
            yield Status.UNKNOWN, s.run
            yield from ((status, new) for status in (Status.SUCCESS, Status.FAIL))


@functools.cache
def walk() -> tuple[set[Situation], set[tuple[str, str]]]:
    """Every situation, and every transition from one row to another."""
    seen, ways = set(begun()), set()
    left = list(seen)
    while left:
        here = left.pop()
        for there in followers(here):
            ways.add((row_of(here), row_of(there)))
            if there not in seen:
                seen.add(there)
                left.append(there)
    return seen, ways


def test_every_situation_is_decided_as_its_row_says() -> None:
    wrong = {}
    for s in walk()[0]:
        kind = InstanceType.MANUAL if s.manual else InstanceType.NORMAL
        record, effective = None, [attempt("accepted", 1 + number, before=instance()) for number in range(s.earlier)]
        if s.post is not None:
            before = instance(s.before[0], *RUNS[s.before[1]])
            record = attempt(s.post[0], 205 if s.number > 1 else 5, before=before, number=s.number, batch=s.post[1])
            effective += [record] if s.post[0] in ("accepted", "unknown", "intended") else []
        now = at(2000 if s.settled else 210 if s.number > 1 else 40)
        listed = instance(s.status, *RUNS[s.run], instance_type=kind)
        action = decide(listed, policy(attempts=ATTEMPTS), now, record, effective).action
        if action is not ROWS[row_of(s)][0]:
            wrong[s] = (row_of(s), action)
    assert wrong == {}


@pytest.mark.parametrize("row", list(ROWS))
def test_every_row_is_met(row: str) -> None:
    assert any(row_of(s) == row for s in walk()[0])


def test_the_rows_are_those_of_the_documentation() -> None:
    table = re.findall(r"^\| (.*?) \| ?(.*?) ?\| .*\|$", str(_reconcile.__doc__), re.MULTILINE)[1:]
    assert [tuple(row) for row in table if not row[0].startswith("-")] == list(DOCUMENTED)
    assert set().union(*DOCUMENTED.values()) == set(ROWS)


#: Every possible transition between rows. A new one here was not considered yet; a missing one has no case.
EXPECTED = {
    "in progress": (
        "accepted, not shown | another attempt | due | failed again | in flight | in progress | manual | needs a person | not meant | provably "
        "unchanged | rejected | running-exception | settling | succeeded | succeeded before | undocumented end | unknown"
    ),
    "needs a person": "failed again | in progress | needs a person | not meant | succeeded | succeeded before",
    "running-exception": "failed again | in progress | not meant | running-exception | succeeded | succeeded before",
    "due": "another attempt | due | in progress | not meant | rejected | settling | succeeded | succeeded before",
    "manual": "in progress | manual | not meant | succeeded | succeeded before",
    "succeeded before": "in progress | succeeded before",
    "succeeded": "in progress | succeeded",
    "not meant": "another attempt | due | in progress | manual | not meant | succeeded | succeeded before",
    "failed again": "another attempt | failed again | in progress | rejected | settling | succeeded | undocumented end",
    "another attempt": "another attempt | in progress | not meant | rejected | settling | succeeded | undocumented end",
    "undocumented end": (
        "accepted, not shown | another attempt | failed again | in flight | in progress | provably unchanged | rejected | settling | succeeded | "
        "undocumented end | unknown"
    ),
    "settling": (
        "accepted, not shown | another attempt | failed again | in flight | in progress | provably unchanged | succeeded | undocumented end | unknown"
    ),
    "in flight": "another attempt | in flight | in progress | rejected | settling | succeeded | undocumented end",
    "accepted, not shown": "another attempt | failed again | in progress | succeeded | undocumented end",
    "provably unchanged": "another attempt | due | failed again | in progress | rejected | settling | succeeded | undocumented end",
    "unknown": "another attempt | in progress | succeeded | undocumented end",
    "rejected": "another attempt | failed again | in progress | rejected | succeeded | undocumented end",
}


def test_every_way_from_row_to_row_is_known() -> None:
    ways: dict[str, set[str]] = {}
    for here, there in walk()[1]:
        ways.setdefault(here, set()).add(there)
    assert {here: " | ".join(sorted(there)) for here, there in ways.items()} == EXPECTED
