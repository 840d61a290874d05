# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold-off: until when a run sends nothing because an earlier request may not show yet, and how settled an attempt is.

Pure. The journal's unique index prevents double reruns. These rules cover what the journal cannot know: it is younger than ``since``, it
replaced an unreadable one, may have lost its newest records, or an outcome is unknown.
"""

from __future__ import annotations

from .._common.times import DAY_MS
from .._models.attempt import Attempt
from .._models.run_scope import Since
from .._models.slotted import replace

#: How far two runs may differ about the service's time, ms: its dates come in whole seconds.
SECOND_MS = 1000
#: If the journal's clock is further than this behind a moment it recorded, ms, it was set back and cannot tell how long ago that was: only the
#: service's clock counts. Two machines that share a journal may be less apart.
SET_BACK_MS = 60_000


def complete_since(known_since: int | None, asked_ms: int, since: int, *, since_given: bool) -> int:
    """Time from which the journal counts as complete, epoch ms.

    A journal that does not cover the workspace yet knows nothing of earlier attempts. A run that begins now does not need to know them.

    :param known_since: what the journal says; None if it does not cover the workspace yet.
    :param asked_ms: when the instances were listed.
    :param since: of the run.
    """
    if known_since is None:
        return max(asked_ms, since + 1) if since_given else since
    # The run that began the journal a moment ago may have read a later time from the service than this run.
    return since if not since_given and 0 < known_since - since <= SECOND_MS else known_since


def hold_off_until(
    since: int, now_ms: int, complete_ms: int, settle_ms: int, *, covered_age_ms: int | None = None, lost_age_ms: int | None = None
) -> int | None:
    """Until when a run sends nothing, epoch ms on the service's clock, or None.

    * Not before *since*, if it lies a moment ahead: a rerun sent earlier would not count for this run and be sent again.
    * If the journal is complete only from a time after *since*, not until earlier attempts have had *settle_ms* to show.
    * If the journal replaced an unreadable one, or may have lost its newest records, the same, whatever *since* is: the attempts of a moment ago
      may be among them.

    :param now_ms: the service's time.
    :param complete_ms: see :func:`complete_since`.
    :param covered_age_ms: how long the journal has been complete by its own clock. The slower of the two clocks counts, unless the service's
        was set back since. None if the journal does not say, or its clock was set back.
    :param lost_age_ms: how long ago, by the journal's clock, it may have lost records, or None. It matters for a day.
    """
    if since > now_ms:
        return since
    shown_ms = settle_ms + SECOND_MS if settle_ms else 0  # the clock of another run may have decided when it became complete
    began_ms = complete_ms
    if covered_age_ms is not None and covered_age_ms >= -SET_BACK_MS:
        by_journal = now_ms - max(0, covered_age_ms)
        began_ms = by_journal if complete_ms > now_ms + SECOND_MS else max(complete_ms, by_journal)
    young = began_ms + shown_ms if since < complete_ms else None
    damaged = None
    if lost_age_ms is not None and lost_age_ms < DAY_MS:
        # The journal becomes complete again after that, by the service's clock: a step of either clock shortens nothing.
        until = now_ms + settle_ms - max(0, min(lost_age_ms, now_ms - complete_ms))
        damaged = until if until > now_ms else None
    return max((until for until in (young, damaged) if until is not None), default=None)


def on_both_clocks(attempt: Attempt, now_ms: int, journal_ms: int) -> Attempt:
    """*attempt* with ``last_ms`` moved to the age shown by the slower of two clocks, the service's and the journal's.

    A step of either clock never settles an attempt earlier.

    :param now_ms: the service's time; *journal_ms*: the journal's at the same moment.
    """
    by_journal = journal_ms - attempt.journal_ms
    if by_journal < -SET_BACK_MS or now_ms - attempt.last_ms <= by_journal:
        return attempt
    return replace(attempt, last_ms=now_ms - by_journal)


def dated(attempt: Attempt, now_ms: int, journal_ms: int, since: Since | None = None, *, as_said: bool = False) -> Attempt:
    """*attempt*, with its times corrected if the service's clock was wrong when it was made.

    If it is dated in the future, the service's clock was ahead then: the journal's clock dates it instead. Otherwise a run that begins later would
    count it as its own until that time, and it would not settle before. If it entered the journal after the run had first read it, it is not
    dated before ``since``, even if the service's clock was behind.

    :param now_ms: upper bound of the service's time; *journal_ms*: the journal's at the same moment.
    :param since: of the run that asks.
    :param as_said: whether ``since`` may come from the wrong clock, because it lies ahead itself or a person set it. Then an attempt dated after
        ``since`` belongs to the run and is not sent again.
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
