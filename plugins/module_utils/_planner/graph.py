# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph walks over dependencies of instances or jobs. *edges* maps a node to those directly above it, or to those directly below. Pure."""

from __future__ import annotations

import collections
import typing as t

_Node = t.TypeVar("_Node", bound=t.Hashable)


def reversed_edges(edges: t.Mapping[_Node, t.Collection[_Node]]) -> dict[_Node, list[_Node]]:
    """*edges* in the opposite direction. Nodes that depend on themselves lose that edge."""
    other: dict[_Node, list[_Node]] = {}
    for key, ends in edges.items():
        for end in ends:
            if end != key:
                other.setdefault(end, []).append(key)
    return other


def distances(
    edges: t.Mapping[_Node, t.Collection[_Node]],
    starts: t.Iterable[_Node],
    depth: float = float("inf"),
    within: t.Container[_Node] | None = None,
) -> dict[_Node, int]:
    """Distance of each node from the nearest of *starts* (which have 0), up to *depth* steps.

    :param within: walk only over these nodes; None: over all.
    """
    steps = dict.fromkeys(starts, 0)
    level, number = list(steps), 0
    while level and number < depth:
        number += 1
        ends = dict.fromkeys(end for key in level for end in edges.get(key, ()) if end not in steps)
        level = [key for key in ends if within is None or key in within]
        steps.update(dict.fromkeys(level, number))
    return steps


def reachable(edges: t.Mapping[_Node, t.Collection[_Node]], starts: t.Iterable[_Node]) -> set[_Node]:
    """Everything one or more steps away from *starts*. A start is included only if an edge leads back to it."""
    return {end for key in distances(edges, starts) for end in edges.get(key, ())}


def topological_order(edges: t.Mapping[_Node, t.Collection[_Node]]) -> tuple[list[_Node], list[_Node]]:
    """Topological order of the nodes, and the nodes that have none because they are in a circle or behind one."""
    before = collections.Counter(end for ends in edges.values() for end in ends)
    order = [node for node in edges if not before[node]]
    for node in order:
        for end in edges.get(node, ()):
            before[end] -= 1
            if not before[end]:
                order.append(end)
    return order, [node for node in dict.fromkeys((*edges, *before)) if before[node]]
