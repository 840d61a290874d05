# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons of failures, in results and as lines for people.

Pure. Texts from the service are made safe to show.
"""

from __future__ import annotations

import collections
import typing as t

from .._common.text import counted, printable, safe
from .._models.decision import Decision, LeftOut
from .._models.instance import SHOWN_MESSAGE
from .._models.reason import Reason
from .._planner.reasons import Group, with_texts

#: Reasons named in a list; the rest is counted.
SHOWN_REASONS = 5
#: Log lines shown below a reason, and characters per line.
SHOWN_LINES, MAX_LINE = 5, 500


def reason_result(reason: Reason | None) -> dict[str, t.Any] | None:
    """Why an instance failed, as ``failure``: node, node_type, retries, message, reason, log_path, log_tail, read. None if it has not failed."""
    if reason is None:
        return None
    return {
        "node": None if reason.node is None else safe(reason.node),
        "node_type": printable(reason.node_types[0], 100) if reason.node_types else None,
        "retries": reason.retries,
        "message": None if reason.message is None else safe(reason.message[:SHOWN_MESSAGE]),
        "reason": reason.text,
        "log_path": None if reason.log_path is None else printable(reason.log_path, 1000),
        "log_tail": None if reason.log_tail is None else [printable(line, MAX_LINE) for line in reason.log_tail],
        "read": reason.read,
    }


def policy_result(left: LeftOut | None) -> dict[str, t.Any] | None:
    """Which policy leaves an instance to a person, as ``policy``, or None."""
    return None if left is None else {"option": left.option, "pattern": left.pattern, "read": left.read}


def reason_lines(instances: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """A line for each of the most frequent reasons, and the number of others; empty if nothing but the number of failures is known."""
    groups = with_texts(instances, SHOWN_REASONS)
    if not any(group["reason"] or group["nodes"] for group, _text in groups):
        return []
    rest = groups[SHOWN_REASONS:]
    lines = [line for group, text in groups[:SHOWN_REASONS] for line in (f"  {text}", *_log_lines(group))]
    return [*lines, f"  {sum(group['count'] for group, _text in rest)} × {counted(len(rest), 'other reason')}"] if rest else lines


def _log_lines(group: Group) -> list[str]:
    """The last log lines of one instance in *group*."""
    return [f"    | {printable(line, 160)}" for line in (group["log_tail"] or [])[-SHOWN_LINES:]]


def policy_lines(decisions: t.Iterable[Decision]) -> list[str]:
    """How many instances each option and pattern leaves to a person, most first."""
    counts = collections.Counter(decision.left_out for decision in decisions if decision.left_out is not None)
    return [f"  left to a person: {number}, {_policy_words(left)}" for left, number in counts.most_common()]


def _policy_words(left: LeftOut) -> str:
    if left.pattern is not None:
        return f"{left.option}: {printable(left.pattern, 80)}"
    return f"nothing in {left.option} names the reason" if left.read else f"{left.option}: the reason could not be read"
