# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typos: variables that look like an option of role rerun and are not one. Pure.

Ansible ignores a variable that nobody reads. With ``dataarts_job`` for ``dataarts_jobs`` every job would be rerun, and with
``dataarts_max_instance`` any number of instances.
"""

from __future__ import annotations

import difflib
import typing as t

from ...module_utils._common.text import printable
from ...module_utils._config.argument_spec import account_spec, instance_retry_spec, rerun_spec, workspace_spec
from .._awx.launch_inputs import PREFIX
from .._inventory.rows import ROW_NAMES

#: What the role and its playbooks read in addition to the options of the module.
_OWN = frozenset({"hosts", "serial", "plans", "fail_on_broken", "report_path"})
#: Documented variables of other entry points, playbooks, rulebooks and of the inventory plugin, and what the role leaves behind.
_OTHERS = frozenset(
    {
        *("related_jobs", "webhook_url", "proposal_directory", "accounts", "plan_required", "gate", "threshold"),
        *("summary", "rerun_result", "rerun_summary", "account"),
        *ROW_NAMES,
    }
)
#: Options that are hardly a name for anything else, and of those that choose what is rerun: without the prefix, they are meant for the role.
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
#: How alike two names are, 0 to 1: one letter more, less or other, also in a short name; not another word.
_ALIKE = 0.8


class Typos(t.NamedTuple):
    """Sentences about variables that the role does not read, one for each.

    :param refused: of those that are most likely meant for an option that says what is rerun.
    :param warned: of those that begin like such an option and go on with a word of their own, which may be anybody's.
    """

    refused: list[str]
    warned: list[str]


def typos(names: t.Iterable[str]) -> Typos:
    """The typos among *names*, the variables of a host except those that the role itself has set.

    Options that say where the service is and who acts are not considered: without them nothing is rerun.
    """
    present = set(names)
    refused = {name: name for name in _BARE if name in present and PREFIX + name not in present}
    warned: dict[str, str] = {}
    for name in present:
        word, dummy, option = name.partition("_")
        right_prefix = f"{word}_" == PREFIX
        if (right_prefix and option in _known()) or not (right_prefix or _alike(f"{word}_", PREFIX)):
            continue
        begins_like = max((known for known in (*_meant(), "job") if option.startswith(f"{known}_")), key=len, default=None)
        alike = difflib.get_close_matches(option, _meant(), n=1, cutoff=_ALIKE)
        if begins_like is not None:
            warned[name] = alike[0] if alike else "jobs" if begins_like == "job" else begins_like
        elif alike or option.startswith("job"):
            refused[name] = alike[0] if alike else "jobs"
    return Typos(
        [_sentence(name, option, "If it is a variable of your own, rename it.") for name, option in sorted(refused.items())],
        [_sentence(name, option, "It is ignored.") for name, option in sorted(warned.items())],
    )


def _known() -> set[str]:
    return {*_OWN, *_OTHERS, *rerun_spec(), *instance_retry_spec()} - {"only_statuses"}


def _meant() -> list[str]:
    """What a typo may be meant for."""
    return sorted({*_OWN, *rerun_spec()} - {*account_spec(), *workspace_spec()})


def _sentence(name: str, option: str, advice: str) -> str:
    return f"{printable(name, 100)} is not a variable of this role. Did you mean {PREFIX}{option}? {advice}"


def _alike(text: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, text, other).ratio() >= _ALIKE
