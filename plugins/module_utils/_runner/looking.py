# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one look of a pass of job_rerun at its workspace: what is listed, and what is decided about it."""

from __future__ import annotations

import time
import typing as t

from .._api.instance_query import list_selected, names_without_instances
from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError
from .._common.text import printable
from .._common.times import Window
from .._models.decision import Decision
from .._models.instance import InstanceKey, JobInstance
from .._output.messages import unshown_notes
from .._planner.approval import approved, plan_of
from .._planner.daily_limit import within_budget
from .._planner.limits import plan
from .._planner.reconcile import Policy, decide, decide_missing
from .ansible_module import ModuleRun
from .dependencies import Ordering
from .reading import (
    CLOCK_LIMIT_MS,
    TOLERANCE_MS,
    check_past,
    quiet_until,
    read_window,
    since_of,
)
from .remembering import SentByKey, birth
from .wish import View, Wish

#: After how long what was listed is too old to send anything by it, if it can be listed again.
OLD_SECONDS = 5.0


class Look:
    """Looks as often as it is called.

    :ivar problems: what people should know, of the newest look and of what came after it.
    :ivar missed: those of them that leave the stated end unreached.
    :ivar unlisted: jobs that could not be listed, by name.
    """

    def __init__(self, run: ModuleRun, factory: WorkspaceApi, wish: Wish) -> None:
        self.run = run
        self.clock = run.session.client.clock
        self.factory = factory
        self.wish = wish
        self.ordering = Ordering(run, factory)
        self.problems: list[str] = []
        self.missed: list[str] = []
        self.unlisted: dict[str, ApiError] = {}
        self._ordering_took = 0.0

    def __call__(self, sent: SentByKey, born_ms: int) -> View:
        """List and judge. *sent* and *born_ms* are the ledger's, read before.

        To read what many instances depend on takes many requests, the first time. What was listed before is old then, and is listed again.
        """
        view = self._once(sent, born_ms)
        return view if self._ordering_took < OLD_SECONDS else self._once(sent, born_ms)

    def _once(self, sent: SentByKey, born_ms: int) -> View:
        for found in (self.problems, self.missed, self.unlisted):
            found.clear()
        instances, window, asked = read_window(self.clock, self.run.options, self._list)
        for name, error in self.unlisted.items():
            self.miss(f"Failed to list the instances of job {printable(name, 100)}: {printable(error)}. {error.hint}".rstrip())
        policy = self._policy(asked, born_ms)
        self.run.result["since"] = policy.since  # another look must not move it on
        most = self.run.options["max_reruns_per_day"]
        decisions = [within_budget(decide(one, policy, asked, sent.get(one.key)), sent.get(one.key), most, asked) for one in instances]
        decisions += self._vanished(window, policy, asked, sent, {one.key for one in instances})
        for text in unshown_notes(decisions):
            self.note(text)
        nameless = names_without_instances(self.wish.selection(window), instances, self.unlisted)
        blind = any(one.job_name in self.unlisted and one.sent_ms >= policy.since for one in sent.values())
        allowed = approved(plan(decisions, self.wish.limits), decisions, self.run.options, policy.since)
        if allowed.refused is None:  # what is refused as a whole needs no order
            began = time.monotonic()
            ordered = self.ordering.apply(decisions, policy, self.wish.selection(window), asked, self.unlisted)
            self._ordering_took = time.monotonic() - began
            for text in self.ordering.overdue:
                self.note(text)
            allowed = allowed if ordered is decisions else plan(ordered, self.wish.limits)
        return View(window, asked, policy, allowed, tuple(nameless), blind, *plan_of(decisions, self.run.options, policy.since))

    def _list(self, window: Window) -> list[JobInstance]:
        since = self.run.result.get("since") or since_of(self.run.options, self.clock.now_ms())
        # Before the first answer the time is this machine's, which may be behind, and a window that ends now ends a moment before
        # since: what was started meanwhile must not be missed.
        started = None if since is None else Window(since - TOLERANCE_MS, max(since, self.clock.latest_ms()) + CLOCK_LIMIT_MS)
        notes: list[str] = []
        found = list_selected(
            self.factory, self.wish.selection(window), failed=self.unlisted, notes=notes, started=started, distinct_keys=True
        )
        for text in notes:
            self.note(text)
        return found

    def _policy(self, asked: int, born_ms: int) -> Policy:
        """Without the option, *since* is when this run first asked. Nothing may be sent for a while, see :func:`quiet_until`; but check mode
        tells what would be sent once that is over."""
        given = since_of(self.run.options, asked)
        if given is not None:
            check_past(given, self.clock)
        # Of an earlier look of this pass: it must not move on.
        since = self.run.result.get("since", asked if given is None else given)
        born = birth(born_ms, asked, since, given=given is not None)
        quiet = quiet_until(since, self.clock.now_ms(), born, self.run.options["settle_time"] * 1000)
        return self.wish.policy(since, None if self.run.check_mode else quiet)

    def _vanished(self, window: Window, policy: Policy, asked: int, sent: SentByKey, listed: t.Collection[InstanceKey]) -> list[Decision]:
        """Instances of this run that the service does not list any more. With a filter by type it cannot be told whether they were meant."""
        if self.run.options["instance_types"]:
            return []
        selection = self.wish.selection(window)
        return [
            decide_missing(one, policy, asked)
            for one in sent.values()
            if one.sent_ms >= policy.since
            and one.key not in listed
            and one.key.workspace_id == self.run.options["workspace_id"]
            and one.job_name not in self.unlisted
            and selection.covers(one.job_name, one.key.plan_time)
        ]

    def miss(self, text: str) -> None:
        """*text* is a problem that leaves the stated end unreached."""
        if text not in self.missed:
            self.missed.append(text)
        self.note(text)

    def note(self, text: str) -> None:
        """*text* is a problem that people should know of."""
        if text not in self.problems:
            self.problems.append(text)
