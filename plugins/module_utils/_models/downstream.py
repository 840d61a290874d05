# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependants: instances that depend on reruns, and what the reruns mean for them. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .instance import InstanceKey, JobInstance

#: Values of option ``downstream``; each includes those before it.
IGNORE, REPORT, CANCELLED, STALE = "ignore", "report", "cancelled", "stale"


class Effect(enum.Enum):
    """Effect of an upstream rerun on a dependant; the values are what results hold."""

    WAITS = "waits"  # it is in progress and continues by itself
    CANCELLED = "cancelled"  # it was cancelled before it began and needs its own rerun
    STALE = "stale"  # it succeeded on old data, in a run that started before the new end of its upstream
    BY_HAND = "by_hand"  # a person stopped it, or set it to success


class Renewal(enum.Enum):
    """Progress of an instance that is rerun."""

    COMING = "coming"  # its new end is still to come
    RENEWED = "renewed"  # it has succeeded anew
    MISSED = "missed"  # it did not succeed


@dataclass(frozen=True)
class Root:
    """An instance that was rerun or is to be."""

    instance: JobInstance
    renewal: Renewal


@dataclass(frozen=True)
class Graph:
    """The instances that depend on those that are rerun.

    :param parents: instance -> the instances directly above it, as far as known.
    :param instances: every instance in the graph, as last read.
    :param depth: how many levels below the reruns are included.
    :param names: workspace id -> name, as far as the service returned it.
    :param unlisted: instance -> why its state could not be read; nothing may be sent for it.
    """

    parents: t.Mapping[InstanceKey, frozenset[InstanceKey]] = field(default_factory=dict)
    instances: t.Mapping[InstanceKey, JobInstance] = field(default_factory=dict)
    depth: int = 1
    names: t.Mapping[str, str] = field(default_factory=dict)
    unlisted: t.Mapping[InstanceKey, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dependant:
    """An instance below one that was rerun or is to be.

    :param effect: None if it is up to date, or in a state without an effect, such as failed.
    :param level: how many levels below the rerun it is, from 1.
    :param upstream: the instance directly above it that causes the effect.
    :param outdated: whether it lacks a success in a run that started after everything above it had come up to date.
    :param since: the latest new end above it, epoch ms; None if one is still to come, or if there is none.
    :param coming: whether a new end above it is still to come.
    :param circle: whether it depends on itself through others, or on an instance that does.
    """

    instance: JobInstance
    effect: Effect | None
    level: int
    upstream: JobInstance
    outdated: bool = False
    since: int | None = None
    coming: bool = False
    circle: bool = False
