# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random values for requests, from seeds: names in any script and of any length, with characters that are difficult in URLs and signatures."""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import Window
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey, InstanceType, Status
from ansible_collections.dataarts.factory.plugins.module_utils._models.patch_data import InstanceTime, PatchData, RunTime
from ansible_collections.dataarts.factory.plugins.module_utils._models.rerun_request import RelatedJobs, RetryOptions

DAY = 86_400_000
#: Groups of characters for names.
SCRIPTS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.",
    " /%+?#'",
    '&=;:@!$()*,[]{}|\\^`<>"~',
    "每日销售报表重跑作业实例",
    "かなカナ한국어",
    "ßäöüéèçñØåŁžÆ",
    "ПродажиΕλληνικά",
    "مبيعاتשלוםहिन्दीไทย",
    "😀🚀👩‍💻𝒳𐍈",
    "\u00a0\u2028\u200d\u202e\ufeff\u0301",
)
#: Difficult names, which are always tried.
NASTY = (
    "%2F",
    "%2f%252F",
    "%",
    "100%",
    "a%20b",
    "a+b c",
    "+",
    " ",
    " lead and trail ",
    "/",
    "//a//",
    "a/../b",
    "./x",
    "../x",
    "...",
    "..a",
    ".%2E",
    "a?b=c&d",
    "?",
    "#",
    "a?b#c",
    "it's",
    "'\"",
    "~user",
    "a;b,c:d@e",
    "{job_name}",
    "{project_id}",
    "{{ name }}",
    "\\\\host\\share",
    "每日 销售/a%b",
    "e\u0301 é",
    "İıſK",
    "𝒳😀",
    "x" * 1000,
    "%/?#" * 250,
    "每" * 600,
    "a b" * 333,
)
#: Names that cannot be in a URL, or that change it: the collection refuses them before any request.
REFUSED = ("", ".", "..", "a\nb", "a\x00", "\x7f", "\x85", "tab\t", "每" * 1000, "\ud800")


@dataclass(frozen=True)
class Values:
    """Values for one request. Each operation uses what it needs."""

    project_id: str
    workspace_id: str
    name: str
    other_name: str
    number: str
    security_token: str | None
    window: Window
    statuses: tuple[Status, ...]
    instance_type: InstanceType | None
    options: RetryOptions
    keys: tuple[InstanceKey, ...]
    related: RelatedJobs
    relation: str
    depth: int
    flag: bool
    job_type: str
    patch_data: PatchData


def text(dice: random.Random) -> str:
    """A random name: mostly short, one in twenty with 200 to 1000 characters."""
    length = dice.randint(200, 1000) if dice.random() < 0.05 else dice.randint(1, 24)
    groups = dice.sample(SCRIPTS, dice.randint(1, 4))
    if length > 24:
        groups = list(SCRIPTS[:3])  # the other groups, percent-encoded, would exceed the longest path segment that is sent
    return "".join(dice.choice(dice.choice(groups)) for _position in range(length))


def usable(dice: random.Random) -> str:
    """A random name that can be in a URL."""
    while (drawn := text(dice)) in REFUSED:
        pass
    return drawn


def token(dice: random.Random, longest: int) -> str:
    """Printable ASCII without blanks, like ids and keys."""
    return "".join(chr(dice.randint(0x21, 0x7E)) for _position in range(dice.randint(1, longest)))


def hexadecimal(dice: random.Random) -> str:
    """An id like the service's."""
    return f"{dice.getrandbits(128):032x}"


def values(dice: random.Random, name: str | None = None) -> Values:
    """Values for one request, with *name* unless it is None."""
    workspace_id = hexadecimal(dice) if dice.random() < 0.7 else token(dice, 60)
    begin = dice.randint(1_500_000_000_000, 1_900_000_000_000)
    # only "specifiedNode" takes a node, and needs it
    location = dice.choice(("errorNode", "firstNode", "specifiedNode"))
    node_name = usable(dice) if location == "specifiedNode" else None
    return Values(
        project_id=hexadecimal(dice) if dice.random() < 0.9 else f"p{token(dice, 20)}",
        workspace_id=workspace_id,
        name=usable(dice) if name is None else name,
        other_name=usable(dice),
        number=str(dice.randint(1, 2**63 - 1)),
        security_token=token(dice, 400) if dice.random() < 0.3 else None,
        window=Window(begin, begin + dice.randint(0, 7 * DAY - 1)),
        statuses=dice.choice(((), (Status.FAIL,), (Status.RUNNING,), (Status.FAIL, Status.RUNNING), (Status.MANUAL_STOP,))),
        instance_type=dice.choice((None, *InstanceType)),
        options=RetryOptions(location, dice.choice(("original_version", "current_version")), node_name, dice.random() < 0.5),
        keys=tuple({key.plan_time: key for key in (_key(dice, workspace_id) for dummy in range(dice.randint(1, 12)))}.values()),
        related=_related(dice),
        relation=dice.choice(("parent", "child", "both")),
        depth=dice.randint(1, 50),
        flag=dice.random() < 0.5,
        job_type=dice.choice(("BATCH", "REAL_TIME")),
        patch_data=_patch_data(dice),
    )


def _patch_data(dice: random.Random) -> PatchData:
    begin = dice.randint(1_500_000_000, 1_900_000_000) * 1000
    run_time = RunTime(dice.choice((None, "22:00-23:30")), dice.choice((None, "1,3")), dice.choice((None, "1,15")))
    instance_time = InstanceTime(dice.choice(((), ("2026-11-01", "2026-11-03"))), dice.choice((None, "00:00-06:00")))
    return PatchData(
        name="".join(dice.choice(SCRIPTS[0]) for _position in range(dice.randint(1, 64))),
        job_name=usable(dice),
        begin=begin,
        end=begin + dice.randint(2, 30 * 86_400) * 1000,
        offset_hours=dice.randint(-12, 14),
        parallel=dice.randint(1, 5),
        depend_jobs=tuple((usable(dice), hexadecimal(dice)) for _job in range(dice.randint(0, 3))),
        day_granularity=dice.random() < 0.5,
        priority=dice.choice((None, 0, 1, 2)),
        stop_when_fail=dice.random() < 0.5,
        newest_first=dice.random() < 0.5,
        run_time=run_time,
        instance_time=instance_time,
        force=dice.random() < 0.5,
    )


def _key(dice: random.Random, workspace_id: str) -> InstanceKey:
    return InstanceKey(workspace_id, str(dice.randint(1, 2**63 - 1)), _moment(dice), _moment(dice))


def _related(dice: random.Random) -> RelatedJobs:
    jobs = tuple((usable(dice), hexadecimal(dice)) for _job in range(dice.randint(1, 4)))
    begin = _moment(dice)
    return RelatedJobs(begin, begin + dice.randint(0, 30 * DAY), jobs, dice.randint(1, 128))


def _moment(dice: random.Random) -> int:
    return dice.randint(1_000_000_000_000, 2_000_000_000_000)


def cases(seed: str, count: int) -> t.Iterator[Values]:
    """Values for *count* requests, always the same for a seed. The difficult names come first."""
    dice = random.Random(seed)
    names: list[str | None] = [*NASTY, *[None] * count]
    for name in names[:count]:
        yield values(dice, name)
