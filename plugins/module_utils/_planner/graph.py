# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks over what depends on what: instances by key, each with those directly above or below it. Pure.

What depends on itself is reached from itself only through others.
"""

from __future__ import annotations

import typing as t

from .._models.instance import InstanceKey

Edges = t.Mapping[InstanceKey, t.Collection[InstanceKey]]


def turned(edges: Edges) -> dict[InstanceKey, list[InstanceKey]]:
    """*edges* the other way: from what is above something to what is below it."""
    other: dict[InstanceKey, list[InstanceKey]] = {}
    for key, ends in edges.items():
        for end in ends:
            if end != key:
                other.setdefault(end, []).append(key)
    return other


def levels(
    edges: Edges, starts: t.Iterable[InstanceKey], depth: float = float("inf"), within: t.Container[InstanceKey] | None = None
) -> dict[InstanceKey, int]:
    """How many steps from the nearest of *starts*, which have 0, everything is that is at most *depth* of them away.

    :param within: what is walked over; None: everything.
    """
    steps = dict.fromkeys(starts, 0)
    level, number = list(steps), 0
    while level and number < depth:
        number += 1
        ends = dict.fromkeys(end for key in level for end in edges.get(key, ()) if end not in steps)
        level = [key for key in ends if within is None or key in within]
        steps.update(dict.fromkeys(level, number))
    return steps


def reached(edges: Edges, starts: t.Iterable[InstanceKey]) -> set[InstanceKey]:
    """Everything that is one or more steps from *starts*; of those only what another is a step above, or it itself in a circle."""
    return {end for key in levels(edges, starts) for end in edges.get(key, ()) if end != key}
