# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: one pass of job_rerun over one workspace: read, decide, send what is due, report.

How a pass is safe without holding a lock while it reads: the ledger is read first, then the instances are listed and judged. Only if
something is to be sent is the ledger locked. If it is still what it was before the list, nobody on this machine has sent anything
meanwhile, and the list is as good as one read under the lock; otherwise everything is read again. So passes that only wait, and runs
that find nothing to do, lock nothing and write nothing.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from .._api.workspace import WorkspaceApi
from .._common.errors import ApiError, Kind
from .._common.text import counted, printable
from .._common.times import to_iso
from .._models.attempt import ACCEPTED, UNKNOWN
from .._models.decision import Action, Decision
from .._output.messages import lookup_hint, plan_lines, shortfall
from .._output.results import decided, diff, due_in, summary
from .._planner.limits import Batch
from .ansible_module import ModuleRun, failure_result, sentence
from .looking import Look
from .remembering import UNBORN, Memory, SentByKey, birth, born, steady
from .sender import HOPELESS, Sender, send_all
from .wish import View, Wish

#: How long a pass goes on sending by what it saw, seconds. An instance that somebody else reran meanwhile must not be rerun again.
FRESH_SECONDS = 60.0
_WAY_OUT = "The result lists every instance with its reason; correct what they name, and run again with a later since"


def rerun(run: ModuleRun) -> None:
    """The logic of module job_rerun: one pass; see :class:`ModuleRun` and the module's documentation."""
    Pass(run).go()


class Pass:
    """One pass; its state is what it found out so far."""

    def __init__(self, run: ModuleRun) -> None:
        self.run = run
        self.clock = run.session.client.clock
        self.wish = Wish.of(run.options, self.clock.now_ms())
        self.workspace_id: str = run.options["workspace_id"]
        self.factory = WorkspaceApi(run.session, self.workspace_id, run.options["api_version"])
        self.memory = Memory(run)
        self.look = Look(run, self.factory, self.wish)
        self.plan_only = bool((run.options["carry"] or {}).get("plan_only")) and not run.check_mode
        self.became: dict[int, Decision] = {}  # what became of a decision that was sent, by the decision's id()

    def go(self) -> None:
        """Read, decide, send, report."""
        view, known, born_ms = self._first_look()
        self._report(view)
        # A record that began later than since would make a pass that has something to send wait for nothing.
        unborn = born_ms < 0 and self._open(view)
        if not self._refused(view) and not self.run.check_mode and ((view.plan.batches and not self.plan_only) or unborn):
            view = self._send(view, known)
        self._check_names(view)
        self._conclude(view)

    def _first_look(self) -> tuple[View, SentByKey, int]:
        """List and judge without the lock; again if another process sent something meanwhile, for the list shows its reruns already, and
        only the record tells that they belong to this run.

        :returns: what was seen, and the record and its birth that it was judged by.
        """
        view, (known, born_ms) = steady(self.memory.read, lambda remembered: self.look(*remembered))
        return view, known, born_ms

    def _check_names(self, view: View) -> None:
        """A job that is named exactly and has no instance in the window may not exist at all. It is asked for in the first and in the last pass."""
        if self.run.options["since"] is not None and self._open(view):
            return
        for name in view.nameless:
            if not self._exists(name):
                self.look.miss(
                    f"Job {printable(name, 100)} does not exist in workspace {printable(self.workspace_id, 100)}. Check the name in jobs."
                )

    def _exists(self, name: str) -> bool:
        try:
            return self.factory.has_job(name)
        except ApiError as error:
            self.look.note(f"Whether job {printable(name, 100)} exists could not be read: {printable(error)}.")
            return True

    def _send(self, view: View, known: SentByKey) -> View:
        """Send what *view* asks for, under the lock; look again first if anything may have been sent since *known* was read."""
        with self.memory.held(birth(UNBORN, view.asked_ms, view.policy.since, given=self.run.options["since"] is not None)) as ledger:
            if self.memory.outdated(ledger, known):
                view = self.look(ledger.all_sent(), born(ledger))
                self.run.result.pop("plan", None)
                self._report(view)
                if self._refused(view):
                    return view
            sender = Sender(ledger, self.run.session.client, max(view.asked_ms, view.policy.since))
            until = time.monotonic() + FRESH_SECONDS
            try:
                for batch in () if self.plan_only else view.plan.batches:
                    if not self._send_batch(batch, sender, until):
                        break
                sender.check()
            finally:
                self._report(view)
        return view

    def _send_batch(self, batch: Batch, sender: Sender, until: float) -> bool:
        """A refusal does not stop the next batch, an error that all would meet does.

        :param until: monotonic seconds after which nothing more is sent by what was seen.
        :returns: False if the rest is better left to the next pass, which looks first.
        """
        for due, after, error in send_all(sender, self.factory, batch.job_name, batch.decisions, self.wish.retry):
            self.became.update((id(before), one) for before, one in zip(due, after))
            if error is not None and error.kind in HOPELESS:
                raise error
            if error is not None:
                self._not_accepted(batch.job_name, after, error)
            if time.monotonic() >= until or (error is not None and error.kind is Kind.THROTTLED):
                return False
        return True

    def _not_accepted(self, job_name: str, after: t.Sequence[Decision], error: ApiError) -> None:
        what = f"{counted(len(after), 'instance')} of job {printable(job_name, 100)}"
        if after[0].sent is not None and after[0].sent.outcome == UNKNOWN:
            text = f"The rerun of {what} was not confirmed: {printable(error)}."
            self.look.note(f"{text} Before anything is sent again, what became of it is read back.")
        else:
            self.look.note(f"The rerun of {what} took no effect: {printable(error)}. {error.hint}".strip())

    def _refused(self, view: View) -> bool:
        """Whether the guards forbid the plan, also in check mode, which would promise too much otherwise; then the result says so."""
        if view.plan.refused is None:
            return False
        self.run.result.update(failure_result(sentence(f"Failed to rerun job instances {self.run.where}", view.plan.refused), "limit"))
        return True

    def _standing(self, view: View) -> list[Decision]:
        """The decisions as they stand: what was sent as it became, what was not as waiting; an attempt counts once it is made."""
        return [self.became.get(id(one)) or self._unsent(one) for one in view.decisions]

    def _unsent(self, decision: Decision) -> Decision:
        if self.run.check_mode and (decision.stage or decision.delayed):
            return replace(decision, action=Action.RETRY)  # it would be sent, though not in the first pass
        if decision.action is not Action.RETRY:
            return decision
        if self.run.check_mode or self.plan_only:
            return replace(decision, attempt=decision.attempt - 1)
        return replace(decision, action=Action.WAIT, reason=f"not sent yet: {decision.reason}", attempt=decision.attempt - 1)

    def _open(self, view: View) -> bool:
        """Whether another pass has anything to do."""
        return not self.run.check_mode and (view.blind or any(_left(one, self.wish.wait) for one in self._standing(view)))

    def _report(self, view: View) -> None:
        """Put what is known by now into the result, so that it is there whatever happens next."""
        standing = self._standing(view)
        instances = [decided(one) for one in standing if not one.idle]
        result = self.run.result
        result.setdefault("plan", plan_lines(self.workspace_id, view.window, view.decisions, view.plan.batches, view.policy))
        result.update(
            instances=instances,
            summary=summary(instances, sum(one.idle for one in standing)),
            plan_id=view.plan_id,
            plan_record=dict(view.plan_record),
            problems=list(self.look.problems),
            api_versions=dict(self.factory.api_versions),
            since=view.policy.since,
            since_iso=to_iso(view.policy.since),
            planned_after=view.window.begin,
            planned_before=view.window.end,
            finished=False,
            due_in=due_in(standing, self.clock.now_ms(), self.wish.poll_interval) or (self.wish.poll_interval if view.blind else None),
            changed=self._changed(view),
        )
        if self.run.diff_mode:
            result["diff"] = diff(instances, check_mode=self.run.check_mode)

    def _changed(self, view: View) -> bool:
        """Whether anything was, or may have been, rerun; in check mode whether anything would be."""
        if self.run.check_mode:
            return view.plan.refused is None and any(one.action is Action.RETRY for one in self._standing(view))
        return any(one.sent is not None and one.sent.outcome in (ACCEPTED, UNKNOWN) for one in self.became.values())

    def _conclude(self, view: View) -> None:
        """Whether this was the last pass, and if so whether the stated end was reached."""
        result = self.run.result
        result["problems"], result["api_versions"] = list(self.look.problems), dict(self.factory.api_versions)
        result["carry"] = {
            **self.look.ordering.carried(),
            "planned": sum(len(one.decisions) for one in view.plan.batches if self.plan_only),
        }
        if result.get("failed") or self._open(view):
            return
        result.update(finished=True, due_in=None)
        standing = self._standing(view)
        short = "" if self.run.check_mode else shortfall(standing, view.policy.statuses)
        missed = "; ".join(text.rstrip(".") for text in (short, *self.look.missed) if text)
        if missed:
            unknown = sorted({one.instance.job_name for one in standing if one.action is Action.UNKNOWN})
            way_out = f"{_WAY_OUT}. {lookup_hint(self.run.options, unknown, view.window)}" if unknown else _WAY_OUT
            result.update(
                failure_result(sentence(f"Failed to bring every instance {self.run.where} to success", missed, way_out), "incomplete")
            )


def _left(decision: Decision, wait: bool) -> bool:
    """Whether a further pass has anything to do for it: until its end, or with *wait* false until it is sent and that is certain."""
    if not decision.action.open:
        return False
    accepted = decision.sent is not None and decision.sent.outcome == ACCEPTED and not decision.stage
    return wait or not (accepted or decision.instance.status.in_progress)
