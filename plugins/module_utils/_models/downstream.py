# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependants: instances that depend on what was rerun, and what that means for them. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field

from .instance import InstanceKey, JobInstance

#: Values of option ``downstream``, each with what the ones before it do.
IGNORE, REPORT, CANCELLED, STALE = "ignore", "report", "cancelled", "stale"


class Effect(enum.Enum):
    """What the rerun of its upstream means for a dependant; the values are what results hold."""

    WAITS = "waits"  # it is in progress, and goes on by itself
    CANCELLED = "cancelled"  # it was cancelled before it began, and needs a rerun of its own
    STALE = "stale"  # it succeeded on old data: in a run that started before the new end of its upstream
    BY_HAND = "by_hand"  # a person stopped it, or set it to success


class Renewal(enum.Enum):
    """What became, or will become, of an instance that is rerun."""

    COMING = "coming"  # its new end is still to come
    RENEWED = "renewed"  # it has succeeded anew
    MISSED = "missed"  # it did not succeed


@dataclass(frozen=True)
class Root:
    """An instance that was, or is to be, rerun."""

    instance: JobInstance
    renewal: Renewal


@dataclass(frozen=True)
class Graph:
    """What depends on the instances that are rerun.

    :param parents: instance -> the instances directly above it, as far as they are known.
    :param instances: every instance in it, as it was read last.
    :param depth: how many levels below what is rerun are meant.
    :param names: of workspaces, by id, as far as the service told them.
    :param unlisted: why the state of an instance could not be read, so that nothing may be sent for it.
    """

    parents: t.Mapping[InstanceKey, frozenset[InstanceKey]] = field(default_factory=dict)
    instances: t.Mapping[InstanceKey, JobInstance] = field(default_factory=dict)
    depth: int = 1
    names: t.Mapping[str, str] = field(default_factory=dict)
    unlisted: t.Mapping[InstanceKey, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dependant:
    """An instance below one that was, or is to be, rerun.

    :param effect: None where nothing is wrong with it, or what is wrong is not told apart here.
    :param level: how many levels below what is rerun it is, from 1.
    :param upstream: the instance directly above it that the effect comes from.
    :param outdated: whether it is not up to date: not a success of a run that started after everything above it had come up to date.
    :param since: the latest new end above it, epoch ms; None if one is still to come, or there is none.
    :param coming: whether one is still to come.
    :param circle: whether it depends on itself through others, or on one that does.
    """

    instance: JobInstance
    effect: Effect | None
    level: int
    upstream: JobInstance
    outdated: bool = False
    since: int | None = None
    coming: bool = False
    circle: bool = False
