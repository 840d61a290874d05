# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an instance failed: its nodes in v1's instance detail [OTC-95][SDK], and the reason that follows from them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .instance import CUT, JobInstance, Status
from .slotted import slotted

#: Statuses for which a reason can be read.
FAILED = frozenset({Status.FAIL, Status.RUNNING_EXCEPTION})


class NodeRun(t.NamedTuple):
    """The last run of one node. Times epoch ms.

    :param node_type: the service's words, with or without blanks: ``DLI SQL``, ``DLISQL``.
    :param retries: how often the service retried it by itself.
    :param message: why it failed; undocumented, so usually None.
    :param log_path: path of an OBS object.
    """

    name: str
    status: Status
    node_type: str | None = None
    retries: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    message: str | None = None
    log_path: str | None = None


class InstanceDetail(t.NamedTuple):
    """An instance with its nodes. Times epoch ms."""

    status: Status
    start_time: int | None
    nodes: tuple[NodeRun, ...] = ()
    message: str | None = None
    plan_time: int | None = None
    end_time: int | None = None
    job_name: str | None = None

    def describes(self, instance: JobInstance) -> bool:
        """Whether it shows the failure that was listed, not a later run."""
        times = {self.start_time, instance.start_time} - {None}
        return self.status is instance.status and len(times) < 2

    @property
    def failed_nodes(self) -> tuple[NodeRun, ...]:
        """The nodes that failed, in the order in which they ended."""
        failed = [node for node in self.nodes if node.status in FAILED]
        return tuple(sorted(failed, key=lambda node: (node.end_time is None, node.end_time or 0)))


@slotted
@dataclass(frozen=True)
class Reason:
    """Why one instance failed, as far as known. Every text is the service's.

    :param message: the error text, or None.
    :param text: what it has in common with other messages, see ``_planner/reasons.py``; "" until computed, and without a message.
    :param node: name of the node that failed first, or None.
    :param node_types: types of all nodes that failed, that of *node* first; empty if the detail was not read.
    :param retries: see :class:`NodeRun`.
    :param read: whether the detail of this instance was read; otherwise *node*, *node_types* and *retries* are unknown, or those of another
        instance of the job that failed for the same reason.
    :param log_tail: last lines of the log of *node*; None if it was not read.
    :param others: further messages about the same failure: of the detail, of the list, of other failed nodes.
    """

    message: str | None = None
    node: str | None = None
    node_types: tuple[str, ...] = ()
    retries: int | None = None
    log_path: str | None = None
    read: bool = False
    text: str = ""
    log_tail: tuple[str, ...] | None = None
    others: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all messages are complete, none cut to the length that is kept."""
        return not any(message.endswith(CUT) for message in (self.message or "", *self.others))

    @classmethod
    def of(cls, instance: JobInstance, detail: InstanceDetail | None, listed: str | None = None) -> Reason:
        """The reason why *instance* failed.

        :param listed: its message in v1's list, if the list it comes from had none.
        """
        text = instance.error_message or listed
        if detail is None:
            return cls(text)
        failed = detail.failed_nodes
        messages = [node.message for node in failed]
        known = list(dict.fromkeys(filter(None, (*messages[:1], detail.message, text, *messages[1:]))))
        message, others = (known[0], tuple(known[1:])) if known else (None, ())
        if not failed:
            return cls(message, read=True, others=others)
        first = failed[0]
        types = tuple(dict.fromkeys(node.node_type for node in failed if node.node_type))
        return cls(message, first.name, types, first.retries, first.log_path, True, others=others)

    def to_pass_state(self) -> list[t.Any]:
        """The reason as JSON."""
        tail = None if self.log_tail is None else list(self.log_tail)
        return [self.message, self.node, list(self.node_types), self.retries, self.log_path, self.read, tail, list(self.others)]

    @classmethod
    def from_pass_state(cls, value: t.Any) -> Reason | None:
        """Read the value of :meth:`to_pass_state`; None for anything else."""
        if not isinstance(value, list) or len(value) != 8 or not all(isinstance(value[place], list) for place in (2, 7)):
            return None
        tail = tuple(map(str, value[6])) if isinstance(value[6], list) else None
        return cls(
            value[0],
            value[1],
            tuple(map(str, value[2])),
            value[3],
            value[4],
            bool(value[5]),
            log_tail=tail,
            others=tuple(map(str, value[7])),
        )
