# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold-off: until when a run sends nothing, because an earlier request may not show yet, and how settled an attempt is.

Pure. What must not happen twice rests on the journal's unique index. These rules stand where the journal cannot know what was sent:
when it is younger than ``since``, when it took the place of one that could not be read, and when an outcome is unknown.
"""

from __future__ import annotations

from .._common.times import DAY_MS
from .._models.attempt import Attempt
from .._models.run_scope import Since
from .._models.slotted import replace

#: How far two runs may differ in what they take for the service's time, ms: its dates come in whole seconds.
SECOND_MS = 1000
#: A journal clock that is further behind a moment it recorded than this was set back: it cannot say how long ago that was, and the service's
#: clock alone counts, ms. Two machines that share a journal may be less apart.
SET_BACK_MS = 60_000


def complete_since(known_since: int | None, asked_ms: int, since: int, *, since_given: bool) -> int:
    """From when on the journal counts as complete, epoch ms.

    One that does not cover the workspace yet has nothing to say of what was sent before it was asked for. A run that begins now does
    not ask for that.

    :param known_since: what the journal says; None if it does not cover the workspace yet.
    :param asked_ms: when the instances were listed.
    :param since: of the run.
    """
    if known_since is None:
        return max(asked_ms, since + 1) if since_given else since
    # The run that began the journal a moment ago may have taken the service's time for a later one than this run does.
    return since if not since_given and 0 < known_since - since <= SECOND_MS else known_since


def hold_off_until(
    since: int, now_ms: int, complete_ms: int, settle_ms: int, *, covered_age_ms: int | None = None, set_aside_age_ms: int | None = None
) -> int | None:
    """Until when a run sends nothing, epoch ms of the service's clock, or None.

    Not before *since* itself, should it lie a moment ahead: a rerun sent before it would not count as one of this run, and be sent again.
    And where the journal is complete only from a time after *since*, not until what others sent before has had *settle_ms* to show. Where
    an unreadable journal was set aside, what this or any other run sent a moment ago is lost with it, whatever *since* is.

    :param now_ms: the service's time.
    :param complete_ms: see :func:`complete_since`.
    :param covered_age_ms: how long ago, by the journal's clock, it began to be complete: the slower of two clocks counts, but not a service's that was
        set back since. None if it does not say, or was set back.
    :param set_aside_age_ms: how long ago, by the journal's clock, an unreadable one was set aside; None if none was. The service's clock counts
        for a day.
    """
    if since > now_ms:
        return since
    shown_ms = settle_ms + SECOND_MS if settle_ms else 0  # complete by the clock of another run, perhaps
    began_ms = complete_ms
    if covered_age_ms is not None and covered_age_ms >= -SET_BACK_MS:
        by_journal = now_ms - max(0, covered_age_ms)
        began_ms = by_journal if complete_ms > now_ms + SECOND_MS else max(complete_ms, by_journal)
    young = began_ms + shown_ms if since < complete_ms else None
    damaged = None
    if set_aside_age_ms is not None and set_aside_age_ms < DAY_MS:
        # A journal that takes another one's place begins to be complete after that, by the service's clock: a step of either shortens nothing.
        until = now_ms + settle_ms - max(0, min(set_aside_age_ms, now_ms - complete_ms))
        damaged = until if until > now_ms else None
    return max((until for until in (young, damaged) if until is not None), default=None)


def on_both_clocks(attempt: Attempt, now_ms: int, journal_ms: int) -> Attempt:
    """*attempt* with ``last_ms`` moved so that only as much time has passed since as on the slower one of two clocks: the service's, and the
    journal's. A step of either never makes an attempt settled earlier.

    :param now_ms: the service's time, and *journal_ms* the journal's, at the same moment.
    """
    by_journal = journal_ms - attempt.journal_ms
    if by_journal < -SET_BACK_MS or now_ms - attempt.last_ms <= by_journal:
        return attempt
    return replace(attempt, last_ms=now_ms - by_journal)


def dated(attempt: Attempt, now_ms: int, journal_ms: int, since: Since | None = None, *, as_said: bool = False) -> Attempt:
    """*attempt*, dated by the journal's clock if it says that it was made after now: the service's clock was ahead when it was made, and is not
    any more. A run that begins later would count it as its own until then, and it would not settle before. And what came into the journal after the
    run had first read it is not dated before ``since``, though the service's clock was behind when it was made.

    :param now_ms: the latest that the service's time may be, and *journal_ms* the journal's, at the same moment.
    :param since: of the run that asks.
    :param as_said: whether it may be of the clock that was ahead: it lies ahead itself, or people set it, and nobody knows by which of the two. What says
        that it was sent after it belongs to the run, and is not sent again.
    """
    later = since is not None and since.newest_id is not None and (attempt.attempt_id or 0) > since.newest_id
    least_ms = since.ms if since is not None and (later or (as_said and attempt.sent_ms >= since.ms)) else 0
    by_journal = journal_ms - attempt.journal_ms
    sent_ms, last_ms = attempt.sent_ms, attempt.last_ms
    if by_journal >= 0 and sent_ms > now_ms + SECOND_MS:
        made_ms = now_ms - by_journal
        sent_ms, last_ms = max(made_ms, attempt.since if attempt.since <= now_ms else made_ms), made_ms + last_ms - sent_ms
    sent_ms = max(sent_ms, least_ms)
    return attempt if (sent_ms, last_ms) == (attempt.sent_ms, attempt.last_ms) else replace(attempt, sent_ms=sent_ms, last_ms=last_ms)
