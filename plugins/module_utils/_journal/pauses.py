# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pauses in the journal: which jobs were stopped in order to be started again, and which runs need that.

A unique index allows one open pause per job. Each change names the state it is based on, so that only one of two runs succeeds.
"""

from __future__ import annotations

import operator
import typing as t
from dataclasses import replace

from .._common.grouping import grouped_by
from .._common.text import printable
from .._models.attempt import OF_SCHEDULES
from .._models.pause import Hold, MadeBy, Pause, Phase
from . import schema
from .database import Database
from .journal import Journal, lately_lost, losses

_COLUMNS = 'job_name, made_by, phase, run_id, sent_ms, journal_ms, flight_ms, controller, "user", purpose, id, claim'  # the order of Pause's fields
_OPEN = f"SELECT {_COLUMNS} FROM dataarts_pause WHERE project_id = ? AND workspace_id = ? AND open = 1"
_PAUSED = "SELECT DISTINCT project_id, workspace_id FROM dataarts_pause WHERE open = 1"
_OF_WORKSPACE = "project_id = ? AND workspace_id = ?"
_KINDS = ", ".join(f"'{kind.value}'" for kind in OF_SCHEDULES)
_BY_ID = f"SELECT 1 FROM dataarts_pause WHERE id = ? AND {_OF_WORKSPACE} AND job_name = ?"
_KNOWN = f"SELECT job_name FROM dataarts_pause WHERE {_OF_WORKSPACE} UNION SELECT job_name FROM dataarts_attempt WHERE {_OF_WORKSPACE} AND kind IN ({_KINDS})"
#: Scope of the notes about jobs that were not scheduled when they were to be paused, ``<workspace_id>/<job name>``.
_LEFT = "not scheduled when they were to be paused"
_HOLDS = "SELECT job_name, run_id, until_ms, lease_ms FROM dataarts_hold WHERE project_id = ? AND workspace_id = ?"
_BEGIN = (
    "INSERT INTO dataarts_pause (project_id, workspace_id, job_name, made_by, phase, run_id, sent_ms, journal_ms, flight_ms, controller,"
    " \"user\", purpose, ended, claim, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, 1) ON CONFLICT DO NOTHING"
)
_CHANGE = "UPDATE dataarts_pause SET journal_ms = ?, phase = ?, run_id = ?, made_by = ?, flight_ms = ?, claim = ? WHERE id = ? AND claim = ? AND open = 1"
_CLOSE = "UPDATE dataarts_pause SET open = NULL, ended = ?, journal_ms = ?, claim = ? WHERE id = ? AND claim = ? AND open = 1"
_HOLD = (
    "INSERT INTO dataarts_hold (project_id, workspace_id, job_name, run_id, until_ms, lease_ms) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (project_id, workspace_id, job_name, run_id) DO UPDATE SET until_ms = ?, lease_ms = ?"
)
_RENEW = "UPDATE dataarts_hold SET until_ms = ?, lease_ms = ? WHERE run_id = ?"
_RELEASE = "DELETE FROM dataarts_hold WHERE project_id = ? AND workspace_id = ? AND run_id = ?"
_FORGET_HOLDS = "DELETE FROM dataarts_hold WHERE project_id = ? AND workspace_id = ? AND job_name = ?"


class OpenPauses(t.NamedTuple):
    """The open pauses of a workspace by job, and the journal's clock when they were read, epoch ms.

    :param lost_ms: when, in the last 24 hours, the journal may have lost pauses, or None.
    """

    by_job: t.Mapping[str, Pause]
    journal_ms: int
    lost_ms: int | None = None

    @property
    def claims(self) -> dict[str, str]:
        """Job -> token of its pause's last change. Unchanged as long as no run begins, changes or ends a pause."""
        return {job_name: pause.claim for job_name, pause in self.by_job.items()}


class PauseBook:
    """The pauses of one workspace. All methods raise JournalError if the journal cannot be used."""

    def __init__(self, journal: Journal, project_id: str, workspace_id: str) -> None:
        self.journal = journal
        self._where = (schema.stored(project_id), schema.stored(workspace_id))

    def read(self) -> OpenPauses:
        """The open pauses. Creates nothing."""

        def work(database: Database) -> OpenPauses:
            holds = grouped_by(database.query(_HOLDS, self._where), operator.itemgetter(0))
            by_job = {job_name: tuple(Hold(*hold) for _name, *hold in rows) for job_name, rows in holds.items()}
            pauses = [_pause(row, by_job.get(row[0], ())) for row in database.query(_OPEN, self._where)]
            return OpenPauses({pause.job_name: pause for pause in pauses}, database.clock_ms(), losses(database)[1])

        pauses = self.journal.work(work)
        now = pauses.journal_ms
        dated = {name: self._dated(pause, now) for name, pause in pauses.by_job.items()}
        return OpenPauses(dated, now, lately_lost(self.journal, pauses.lost_ms, now))

    def _dated(self, pause: Pause, now: int) -> Pause:
        """*pause* with its times corrected for steps of the journal's clock, see :class:`.Sightings`."""
        recorded_ms = self.journal.sightings.recorded_ms
        began = pause.journal_ms if pause.phase is Phase.PAUSED else recorded_ms(pause.run_id, pause.journal_ms, now)
        holds = tuple(
            hold._replace(until_ms=recorded_ms(hold.run_id, hold.until_ms - hold.lease_ms, now) + hold.lease_ms) if hold.lease_ms else hold
            for hold in pause.holds
        )
        if (began, holds) == (pause.journal_ms, pause.holds):
            return pause
        text = (
            f"The journal's clock was set back after run {printable(pause.run_id, 100)} on {printable(pause.controller, 100)} had paused job"
            f" {printable(pause.job_name, 100)}. So each wait begins again. job_schedule with state=started does not wait."
        )
        if text not in self.journal.warnings:
            self.journal.warnings.append(text)
        return replace(pause, journal_ms=began, holds=holds)

    def unknown(self, job_names: t.Iterable[str]) -> set[str]:
        """The jobs without any record of their schedule, not even of a past pause: their pauses were claimed in another journal, if at all."""
        known = {row[0] for row in self.journal.work(lambda database: database.query(_KNOWN, (*self._where, *self._where)))}
        return {name for name in job_names if schema.stored(name) not in known}

    def left_unscheduled(self, job_names: t.Iterable[str]) -> set[str]:
        """Those of *job_names* that :meth:`note_left` recorded: a task was to pause them, and found them without a running schedule."""
        known = self.journal.notes(_LEFT)
        return {name for name in job_names if self._note(name) in known}

    def note_left(self, job_names: t.Collection[str]) -> None:
        """Record durably that these jobs were not scheduled when they were to be paused."""
        for name in set(job_names) - self.left_unscheduled(job_names):
            self.journal.note(_LEFT, self._note(name), "")

    def _note(self, job_name: str) -> str:
        return f"{self._where[1]}/{schema.stored(job_name)}"

    def begin(self, job_name: str, made_by: MadeBy, run_id: str, who: t.Sequence[str], sent_ms: int, flight_ms: int) -> Pause | None:
        """Claim the pause of a job, durably; None if another run has.

        :param who: controller, user and purpose.
        """
        row = (*self._where, schema.stored(job_name), made_by.value, Phase.PAUSING.value, run_id, sent_ms)
        rest = (flight_ms, *map(schema.stored, who))
        begun = self.journal.claimed(_BEGIN, lambda database: (*row, database.clock_ms(), *rest), (), (_OPEN, self._where))
        return begun and _pause(begun)

    def change(self, pause: Pause, phase: Phase, *, run_id: str, made_by: MadeBy, flight_ms: int = 0) -> Pause | None:
        """Move *pause* to *phase*, durably; None if another run has changed it since it was read."""
        return self._changed(pause, (phase.value, run_id, made_by.value, flight_ms))

    def _changed(self, pause: Pause, new: t.Sequence[t.Any], extra: t.Callable[[Database], t.Any] | None = None) -> Pause | None:
        """*pause* with *new* values; None if another run has changed it since it was read."""
        seen, read = (pause.pause_id, pause.claim), (_OPEN, self._where)
        changed = self.journal.claimed(_CHANGE, lambda database: (database.clock_ms(), *new), seen, read, extra)
        return changed and _pause(changed, pause.holds)

    def close(self, pause: Pause, ended: str) -> bool:
        """End *pause*; False if another run has changed it since it was read.

        :param ended: how, in a few words.
        """
        seen, read = (pause.pause_id, pause.claim), ("SELECT 1 FROM dataarts_pause WHERE id = ?", (pause.pause_id,))
        forget = (_FORGET_HOLDS, (*self._where, schema.stored(pause.job_name)))
        closed = self.journal.claimed(
            _CLOSE, lambda database: (ended, database.clock_ms()), seen, read, lambda database: database.change([forget])
        )
        return closed is not None

    def lost(self, pause: Pause) -> bool:
        """Whether *pause* has disappeared from the journal, not just ended."""
        named = (pause.pause_id, *self._where, schema.stored(pause.job_name))
        return not self.journal.work(lambda database: database.query(_BY_ID, named))

    def hold(self, job_names: t.Collection[str], run_id: str, lease_ms: int) -> None:
        """Record that the run needs the pauses of these jobs for *lease_ms* from now, unless it renews this."""
        self.journal.work(lambda database: self._hold(database, job_names, run_id, lease_ms), write=True)

    def _hold(self, database: Database, job_names: t.Collection[str], run_id: str, lease_ms: int) -> None:
        lease = (database.clock_ms() + lease_ms, lease_ms)
        database.change([(_HOLD, (*self._where, schema.stored(name), run_id, *lease, *lease)) for name in sorted(job_names)])

    def adopt(self, pause: Pause, run_id: str, lease_ms: int) -> bool:
        """Record that the run needs *pause*, made by another run, like :meth:`hold`; False if it has changed since it was read, as it may be over.

        A run that read the holds before this can no longer end the pause.
        """
        same = (Phase.PAUSED.value, pause.run_id, pause.made_by.value, pause.flight_ms)
        return self._changed(pause, same, lambda database: self._hold(database, [pause.job_name], run_id, lease_ms)) is not None

    def release(self, run_id: str) -> None:
        """Record that the run needs no pause any more."""
        self.journal.work(lambda database: database.change([(_RELEASE, (*self._where, run_id))]), write=True)


def renew_everywhere(journal: Journal, run_ids: t.Iterable[str], lease_ms: int) -> None:
    """Renew all holds of the runs, in any workspace, for *lease_ms* from now. :raises JournalError: the journal cannot be used."""

    def work(database: Database) -> None:
        database.change([(_RENEW, (database.clock_ms() + lease_ms, lease_ms, run_id)) for run_id in run_ids])

    journal.work(work, write=True)


def paused_workspaces(journal: Journal) -> list[tuple[str, str]]:
    """(project_id, workspace_id) of each workspace with an open pause. :raises JournalError: the journal cannot be used."""
    return journal.work(lambda database: sorted(map(tuple, database.query(_PAUSED))))


def _pause(row: t.Sequence[t.Any], holds: tuple[Hold, ...] = ()) -> Pause:
    job_name, made_by, phase, *rest = row
    try:
        return replace(Pause(job_name, MadeBy(made_by), Phase(phase), *rest), holds=holds)
    except ValueError:
        raise schema.Unreadable(f"the pause of a job is malformed: {made_by}, {phase}") from None
