# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of module rerun_history_info: all starts and stops in the journal, and the open pauses."""

from __future__ import annotations

import time
import typing as t
from collections import Counter

from .._common.errors import OptionError
from .._common.text import printable, safe
from .._common.times import Window, parse_time, window
from .._journal.journal import Journal
from .._models.attempt import AttemptKind, Outcome
from .._output.journal_records import attempt_result
from .ansible_module import ModuleRun
from .journal_records import ALWAYS, Query, attempts_of, open_pauses_of


def history_info(run: ModuleRun) -> None:
    """Return ``attempts``, newest first, with ``total``, ``outcomes`` and ``kinds`` of all that match, and ``open_pauses``.

    Relative times count from this machine's clock.
    """
    options, limit = run.options, run.options["limit"]
    if limit < 0:
        raise OptionError(f"limit is {limit}. Use 0 or more.")
    query = Query(
        options["project_id"],
        [options["workspace_id"]] if options["workspace_id"] else None,
        options["jobs"],
        options["run_id"] or None,
        list(map(Outcome, options["outcomes"] or ())) or None,
        list(map(AttemptKind, options["kinds"] or ())) or None,
        _window(options, "made_after", "made_before"),
        _window(options, "planned_after", "planned_before"),
    )
    with Journal(
        options["journal"], password=options["journal_password"], project_id=options["project_id"] or "", read_only=True
    ) as journal:
        attempts = attempts_of(journal, query)
        paused = open_pauses_of(journal, query)
        run.warn(*journal.warnings)
        if not journal.exists:
            run.warn(
                f"There is no journal {printable(journal.name, 400)}: nothing was sent with it yet, or option journal names another one."
            )
    outcomes, kinds = (Counter(getattr(attempt, name).value for attempt in attempts) for name in ("outcome", "kind"))
    run.result.update(
        attempts=[attempt_result(attempt) for attempt in attempts[:limit]],
        total=len(attempts),
        outcomes={outcome.value: outcomes[outcome.value] for outcome in Outcome},
        kinds={kind.value: kinds[kind.value] for kind in AttemptKind},
        open_pauses=paused,
        journal=safe(journal.name),
    )


def _window(options: t.Mapping[str, t.Any], after: str, before: str) -> Window | None:
    """The window between two options, one of which may be left out; None without both."""
    if not options[after] and not options[before]:
        return None
    now = time.time_ns() // 1_000_000
    begin, end = (
        parse_time(options[name], now_ms=now, option=name) if options[name] else default
        for name, default in ((after, ALWAYS.begin), (before, ALWAYS.end))
    )
    return window(begin, end, options=(after, before))
