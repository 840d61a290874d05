# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes of failures: a scenario defines each once, and failed instances share it, each with a message of its own."""

from __future__ import annotations

import random
import typing as t
from datetime import datetime, timezone

from emulator.world.model import Fate, Instance

Data = t.Mapping[str, t.Any]


def failed_by(causes: Data, instance: Instance, named: str | None) -> Fate | None:
    """The failed run of *instance*, by the cause *named* or by a pseudo-random one that is the same in every run. None without causes.

    :param causes: causes of the scenario by name. Each has ``error`` (with placeholders ``{id}``, ``{time}``, ``{number}`` and ``{job}``),
        ``node`` (index of the node that fails) and ``retries``.
    :raises ValueError: no cause has that name.
    """
    if named is not None and named not in causes:
        raise ValueError(f"no such cause: {named}; there are {', '.join(causes) or 'none'}")
    if not causes:
        return None
    rng = random.Random(f"cause of {instance.job.name} {instance.instance_id}")
    drawn = rng.choice(list(causes))
    cause = causes[drawn if named is None else named]
    text = str(cause.get("error", "the node ended with exit code 1"))
    moment = datetime.fromtimestamp(instance.plan_time / 1000, timezone.utc)
    words = {"id": instance.instance_id, "time": f"{moment:%Y-%m-%d %H:%M:%S}", "number": rng.randrange(10**6), "job": instance.job.name}
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", str(word))
    return Fate("fail", instance.job.run_seconds, text, cause.get("node"), cause.get("retries", 0))
