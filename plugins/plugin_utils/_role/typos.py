# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: variables that look like an option and are none. Pure.

Ansible takes no notice of a variable that nobody reads. With ``dataarts_job`` for ``dataarts_jobs`` every job would be rerun, and with
``dataarts_max_instance`` without a limit.
"""

from __future__ import annotations

import difflib
import typing as t

from ...module_utils._common.text import printable
from ...module_utils._config.argument_spec import account_spec, rerun_spec, workspace_spec
from .._awx.handover import PREFIX

#: What the role and its playbooks know beside the options of the module.
_OWN = frozenset({"hosts", "serial", "plans", "fail_on_broken", "report_path"})
#: Of other parts of the collection, though they look like something of the role.
_ELSEWHERE = frozenset({"reruns_per_day"})
#: Options that are hardly a name for anything else, and of those that choose what is rerun: given without the prefix, they are meant for it.
_BARE = (
    "jobs",
    "planned_after",
    "planned_before",
    "since",
    "instance_types",
    "max_instances",
    "max_parallel",
    "max_reruns_per_day",
    "plan_id",
)
#: How alike two names have to be, 0 to 1: one letter more, less or other, also in a short name; not another word.
_ALIKE = 0.8


def misspelled(names: t.Iterable[str]) -> list[str]:
    """One sentence for each variable that nobody reads and that is most likely meant for one that says what is rerun.

    :param names: of variables, all those of a host but what the role itself has set. Those that say where the service is and who asks are
        not regarded: without them nothing is rerun.
    """
    there = set(names)
    known = {*_OWN, *rerun_spec()}
    meant = sorted(known - {*account_spec(), *workspace_spec()})
    found = {name: name for name in _BARE if name in there and PREFIX + name not in there}
    for name in there:
        word, _underscore, option = name.partition("_")
        wrong_word = f"{word}_" != PREFIX
        if (wrong_word and not _like(f"{word}_", PREFIX)) or (not wrong_word and option in known | _ELSEWHERE):
            continue
        alike = ["jobs"] if option.startswith("job") else difflib.get_close_matches(option, meant, n=1, cutoff=_ALIKE)
        if alike:
            found[name] = alike[0]
    return [
        f"{printable(name, 100)} is no variable of the role and would be ignored. Write {PREFIX}{option} if that is meant; a variable of your own "
        "needs another name."
        for name, option in sorted(found.items())
    ]


def _like(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one, other).ratio() >= _ALIKE
