# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typos: variables that look like an option of role rerun, or of a playbook, and are not one.

Ansible ignores a variable that nobody reads. With ``dataarts_job`` for ``dataarts_jobs`` every job would be rerun, and with
``dataarts_max_instance`` any number of instances.
"""

from __future__ import annotations

import difflib
import functools
import typing as t

from ...module_utils._common.text import printable
from ...module_utils._config.argument_spec import account_spec, instance_retry_spec, rerun_spec, supplement_missing_spec, workspace_spec
from .._awx.launch_inputs import ANSWER, PREFIX
from .._inventory.rows import ROW_NAMES
from .options import OWN, REPAIRS, variables_of

#: Variable in which a playbook names what it reads by itself, without the prefix.
READS = "__dataarts_reads"
#: What the role and its playbooks read in addition to the options of the module.
_OWN = frozenset({"hosts", "serial", *OWN})
#: What only playbooks read that rerun nothing.
_ASKED = frozenset({"find_missing", "made_after", "made_before", "limit", "kinds", "probe_retry"})
#: Documented variables of other entry points, playbooks, rulebooks and of the inventory plugin, and what the role leaves behind.
_OTHERS = frozenset(
    {
        *("related_jobs", "webhook_url", "proposal_directory", "accounts", "gate", "threshold"),
        *("summary", "report", "rerun_result", "missing_result", "rerun_summary", "account"),
        *("failed_result", "history_result", "checkup"),
        *_ASKED,
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
    "max_parallel_per_job",
    "not_between",
    "max_reruns_per_day",
    "plan_id",
    "find_missing",
    "made_after",
    "made_before",
    "probe_retry",
)
#: Options without which more is rerun than was meant: a slip in one of them is never only warned about.
_GUARDS = frozenset(
    {*_BARE, "plans", "plan_record", "statuses", "hosts", "order", "deadline", "downstream", "never_rerun_reasons", "rerun_only_reasons"}
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


def read_by(module: str, *, role: bool, reads: t.Iterable[str] = ()) -> frozenset[str]:
    """What a typo may be meant for: the variables that a task of *module* is completed with, without their prefix.

    :param role: whether the task is one of role rerun.
    :param reads: what the playbook itself reads, as :data:`READS` says.
    """
    modules = REPAIRS if role and module in REPAIRS else (module,)
    variables = {name for of in modules for name in variables_of(of, role=role).values()}
    names = {*(name[len(PREFIX) :] for name in variables), *(_OWN if role else ()), *reads}
    return frozenset(names - {*account_spec(), *workspace_spec()})


def typos(names: t.Iterable[str], typed: t.Collection[str] = (), *, read: t.Collection[str] | None = None, reader: str = "role") -> Typos:
    """The typos among *names*, the variables of a host except those that the role itself has set.

    :param typed: those that were set on the command line. The inventory does not make it right to ignore what somebody has just typed.
    :param read: what they may be meant for, as :func:`read_by` has it; that of module job_rerun in the role if not set.
    :param reader: what reads it, role or playbook.

    Options that say where the service is and who acts are not considered: without them nothing is rerun.
    """
    present, meant = set(names), sorted(read_by("job_rerun", role=True) if read is None else read)
    known = _known().union(meant)
    words = [*meant, *(["job"] if "jobs" in meant else [])]
    bare = [name for name in _BARE if name in meant and name in present]
    refused = {name: name for name in bare if PREFIX + name not in (typed if name in typed else present)}
    warned: dict[str, str] = {}
    for name in present:
        word, dummy, option = name.lower().partition("_")
        if name in refused or not _is_prefix(f"{word}_") or (name[len(PREFIX) :] in known and name.startswith(PREFIX)):
            continue
        begins_like = max((start for start in words if option.startswith(f"{start}_")), key=len, default=None)
        alike = next((guard for guard in meant if _alike(option, guard)), None) or "".join(
            difflib.get_close_matches(option, meant, n=1, cutoff=_ALIKE)
        )
        # max_reruns_per_day_sales is a word more, which may be anybody's; plans_id is plan_id with a slip.
        slip = alike in _GUARDS and (alike != begins_like or option == f"{alike}_")
        if begins_like is not None and not slip:
            warned[name] = alike or ("jobs" if begins_like == "job" else begins_like)
        elif alike or ("jobs" in meant and option.startswith("job")):
            refused[name] = alike or "jobs"
    return Typos(
        [
            _sentence(
                name,
                option,
                reader,
                f"If it is a variable of your own, {f'set {PREFIX}{name} next to it' if name == option else 'rename it'}.",
            )
            for name, option in sorted(refused.items())
        ],
        [_sentence(name, option, reader, "It is ignored.") for name, option in sorted(warned.items())],
    )


def _known() -> set[str]:
    options = {*_OWN, *_OTHERS, *rerun_spec(), *instance_retry_spec(), *supplement_missing_spec()} - {"only_statuses"}
    return options | {f"{ANSWER[len(PREFIX) :]}{option}" for option in options}


@functools.cache
def _is_prefix(text: str) -> bool:
    return text == PREFIX or difflib.SequenceMatcher(None, text, PREFIX).ratio() >= _ALIKE


def _alike(text: str, other: str) -> bool:
    """Whether one letter is another, or two have changed places, which a short name is too short for to be alike otherwise."""
    wrong = [place for place, (left, right) in enumerate(zip(text, other)) if left != right] if len(text) == len(other) else [0] * 3
    return len(wrong) <= 1 or (len(wrong) == 2 and sorted(text) == sorted(other))


def _sentence(name: str, option: str, reader: str, advice: str) -> str:
    return f"{printable(name, 100)} is not a variable of this {reader}. Did you mean {PREFIX}{option}? {advice}"
