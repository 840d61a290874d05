# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module costs before its first line runs: everything that it imports."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tools.bench.contenders import place_for_one
from tools.bench.measure import Cost, environment, run

#: Of so many starts the cheapest counts: what is dearer was held up by something else on the machine.
TIMES = 5
_BASIC = "ansible.module_utils.basic"
_OURS = "ansible_collections.dataarts.factory.plugins.modules.job_rerun"
#: What is imported, in words: Ansible's own module code, then what a module of the collection adds; and the SDK.
IMPORTS = (
    ("Ansible's module code", _BASIC),
    ("the same, and requests", f"{_BASIC}, requests"),
    ("the same, and module job_rerun", f"{_BASIC}, requests, {_OURS}"),
    ("(a) SDK", "huaweicloudsdkdataartsstudio.v1"),
)


@dataclass(frozen=True)
class Start:
    """One start.

    :param what: what was imported, in words.
    """

    what: str
    cost: Cost


def starts() -> list[Start]:
    """What each of :data:`IMPORTS` costs in a process of its own, compiled files being there already."""
    with place_for_one() as place:
        variables = environment(place)
        variables["PYTHONPATH"] = variables["ANSIBLE_COLLECTIONS_PATH"]

        def once(names: str) -> Cost:
            return run([sys.executable, "-c", f"import {names}"], variables, place / "log")

        return [Start(what, min((once(names) for _run in range(TIMES)), key=lambda start: start.cpu)) for what, names in IMPORTS]
