# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what the imports of a module cost."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tools.bench.contenders import place_for_one
from tools.bench.measure import Cost, environment, run

#: Number of starts, of which the cheapest counts: other work on the machine slowed the others down.
TIMES = 5
_BASIC = "ansible.module_utils.basic"
_OURS = "ansible_collections.dataarts.factory.plugins.modules.job_rerun"
#: Description and imports: Ansible's module code, what a module of the collection adds to it, and the SDK.
IMPORTS = (
    ("Ansible's module code", _BASIC),
    ("the same, and requests", f"{_BASIC}, requests"),
    ("the same, and module job_rerun", f"{_BASIC}, requests, {_OURS}"),
    ("(a) SDK", "huaweicloudsdkdataartsstudio.v1"),
)


@dataclass(frozen=True)
class Start:
    """Cost of one start.

    :param what: description of the imports.
    """

    what: str
    cost: Cost


def starts() -> list[Start]:
    """Cost of each of :data:`IMPORTS` in a separate process. The cheapest start has its compiled files already."""
    with place_for_one() as place:
        variables = environment(place)
        variables["PYTHONPATH"] = variables["ANSIBLE_COLLECTIONS_PATH"]

        def once(names: str) -> Cost:
            return run([sys.executable, "-c", f"import {names}"], variables, place / "log")

        return [Start(what, min((once(names) for _run in range(TIMES)), key=lambda start: start.cpu)) for what, names in IMPORTS]
