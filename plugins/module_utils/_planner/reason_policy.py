# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons policy, options ``never_rerun_reasons`` and ``rerun_only_reasons``: which failures may be rerun, depending on why they failed.

Pure. Failures that a policy leaves out are left to a person (``blocked``), with the option and the pattern responsible.

| the failure | never_rerun_reasons | rerun_only_reasons |
|---|---|---|
| a pattern matches a message, its reason or the type of a node that failed | left out | rerun |
| none does, and the whole message and the type are known | rerun | left out |
| none does, and one of them could not be read | left out | left out |

An instance that has not failed, because it was cancelled or has succeeded, has no reason. The first option lets it be rerun. The second does so only
if it joined the plan as a dependant (``downstream``): the reason of the rerun above it has been judged already.
"""

from __future__ import annotations

import re
import typing as t

from .._common.errors import OptionError
from .._common.text import comparable, printable
from .._models.decision import Action, Decision, LeftOut
from .._models.instance import InstanceKey
from .._models.reason import FAILED, Reason
from .hung import not_stopped, stopped_by

NEVER, ONLY = "never_rerun_reasons", "rerun_only_reasons"
_WILDCARDS = re.compile(r"\*+")


class ReasonPattern:
    """A pattern that is searched anywhere in a text, see :func:`comparable`. ``*`` stands for any characters, ``?`` for one.

    Each part between asterisks is searched once, after the previous one, so that no pattern is slow.

    :param source: as written in the option.
    :raises OptionError: it is empty, or only wildcards.
    """

    def __init__(self, source: t.Any, option: str) -> None:
        self.source = str(source).strip()
        self._folded = comparable(self.source)
        if not self._folded.strip("*? "):
            raise OptionError(
                f"{option} contains a pattern that matches every reason. Name what the reasons have in common, such as 'permission'."
            )
        parts = [part for part in _WILDCARDS.split(self._folded) if part]
        self._parts = [re.compile(re.escape(part).replace(r"\?", "."), re.DOTALL) for part in parts]

    def matches(self, text: str) -> bool:
        """Whether *text* contains it."""
        place, text = 0, comparable(text)
        for part in self._parts:
            match = part.search(text, place)
            if match is None:
                return False
            place = match.end()
        return True

    def names(self, reason: Reason) -> bool:
        """Whether a message, the reason, or the type of a node (written with or without blanks) contains it."""
        types = [form for kind in reason.node_types for form in (kind, "".join(kind.split()))] if reason.read else []
        return any(map(self.matches, filter(None, (reason.message, reason.text, *reason.others, *types)))) or self._without_blanks(types)

    def _without_blanks(self, types: t.Sequence[str]) -> bool:
        joined = self._folded.replace(" ", "")
        return "*" not in joined and any(joined in comparable(kind) for kind in types)


class ReasonPolicy(t.NamedTuple):
    """Both options. :ivar only: None: every reason is allowed."""

    never: tuple[ReasonPattern, ...] = ()
    only: tuple[ReasonPattern, ...] | None = None

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> ReasonPolicy:
        """Read the policy from *options*. :raises OptionError: a pattern is invalid, or an empty list would let nothing be rerun."""
        never, only = options[NEVER] or (), options[ONLY]
        if only is not None and not only:
            raise OptionError(f"{ONLY} is an empty list, so nothing could ever be rerun. Name reasons, or leave it out.")
        patterns = None if only is None else tuple(ReasonPattern(source, ONLY) for source in only)
        return cls(tuple(ReasonPattern(source, NEVER) for source in never), patterns)

    @property
    def needs_reasons(self) -> bool:
        """Whether the reason of every failure is needed."""
        return bool(self.never) or self.only is not None

    def left_out(self, reason: Reason | None) -> LeftOut | None:
        """The option that leaves a failure with *reason* out, by the table at the top of this file, or None.

        :param reason: None for an instance that has not failed.
        """
        if reason is None:
            return None if self.only is None else LeftOut(ONLY, None, read=True)
        known = bool(reason.message) and reason.complete and reason.read and bool(reason.node_types)
        for pattern in self.never:
            if pattern.names(reason):
                return LeftOut(NEVER, pattern.source, read=True)
        if self.never and not known:
            return LeftOut(NEVER, None, read=False)
        if self.only is None or any(pattern.names(reason) for pattern in self.only):
            return None
        return LeftOut(ONLY, None, read=known)


def leave_out(
    decisions: t.Iterable[Decision], policy: ReasonPolicy, reasons: t.Mapping[tuple[InstanceKey, str], Reason], since: int
) -> t.Iterator[Decision]:
    """*decisions*, blocked where *policy* leaves them out. It applies to reruns that are due, and to those that wait for the hold-off.

    :param reasons: of instances that failed, by full key.
    :param since: of the run, epoch ms. An instance that a run with this ``since`` stopped in order to rerun it passed the policy before the stop.
    """
    for decision in decisions:
        instance = decision.instance
        held_off = decision.action is Action.SETTLING and decision.attempt is None and decision.stop is None
        due = decision.action is Action.RETRY or (decision.action is Action.STOP and decision.then_rerun)
        if policy.needs_reasons and (due or held_off) and not _passed(decision, since):
            failed = instance.status in FAILED or decision.stop is not None  # a stop erases the reason
            reason = reasons.get(instance.full_key, Reason()) if failed else None
            left = None if reason is None and decision.downstream is not None else policy.left_out(reason)
            if left is not None and decision.action is Action.STOP and instance.status.in_progress:
                yield not_stopped(decision, _why(left, reason))
                continue
            if left is not None:
                yield _blocked(decision, left, reason)
                continue
        yield decision


def _passed(decision: Decision, since: int) -> bool:
    """Whether the rerun answers the very run that was stopped; a later run may have failed for another reason."""
    stop = decision.stop
    return (
        decision.action is Action.RETRY and stop is not None and stop.since == since and stopped_by(decision.instance, (stop,)) is not None
    )


def _blocked(decision: Decision, left: LeftOut, reason: Reason | None) -> Decision:
    return decision.turned(Action.BLOCKED, f"{decision.reason}; {_why(left, reason)}", left_out=left)


def _why(left: LeftOut, reason: Reason | None) -> str:
    known = "" if reason is None else reason.text or ", ".join(reason.node_types)
    shown = f" ({printable(known, 120)})" if known else ""
    if left.pattern is not None:
        return f"{left.option} names its reason{shown}: {printable(left.pattern, 80)}"
    if reason is None:
        return f"it has not failed, so nothing in {left.option} names its reason"
    if not left.read:
        return f"not all of its reason could be read{shown}, so {left.option} holds it back"
    return f"nothing in {left.option} names its reason{shown}"
