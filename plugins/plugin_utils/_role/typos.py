# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typos: variables that look like an option of role rerun or of a playbook, but are not.

Ansible ignores unknown variables. With ``dataarts_job`` instead of ``dataarts_jobs``, every job would be rerun; with
``dataarts_max_instance``, any number of instances.
"""

from __future__ import annotations

import difflib
import functools
import typing as t

from ansible.parsing.splitter import split_args

from ...module_utils._common.text import printable
from ...module_utils._config.argument_spec import account_spec, instance_retry_spec, rerun_spec, supplement_missing_spec, workspace_spec
from .._awx.launch_inputs import ANSWER, PREFIX
from .._inventory.rows import ROW_NAMES
from .options import OWN, REPAIRS, variables_of

#: Variable in which a playbook names the variables that it reads itself, without the prefix.
READS = "__dataarts_reads"
#: Variables that the role and its playbooks read in addition to the module's options.
_OWN = frozenset({"hosts", "serial", *OWN})
#: Variables that only playbooks read which rerun nothing.
_ASKED = frozenset({"find_missing", "made_after", "made_before", "limit", "kinds", "probe_retry"})
#: Documented variables of other entry points, playbooks, rulebooks and the inventory plugin, and variables that the role sets.
_OTHERS = frozenset(
    {
        *("related_jobs", "webhook_url", "proposal_directory", "accounts", "gate", "threshold"),
        *("summary", "report", "rerun_result", "missing_result", "rerun_summary", "account"),
        *("failed_result", "history_result", "checkup"),
        *_ASKED,
        *ROW_NAMES,
    }
)
#: Options that choose what is rerun and whose names hardly mean anything else: a variable of that name without the prefix is meant for the role.
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
#: Options without which too much would be rerun: a typo of one of them is always refused, not only warned about.
_GUARDS = frozenset(
    {*_BARE, "plans", "plan_record", "statuses", "hosts", "order", "deadline", "downstream", "never_rerun_reasons", "rerun_only_reasons"}
)
#: Does not quote the value, which may be secret.
_CUT = (
    "the value of {name} is cut off, because Ansible ends a value of -e at the first blank. Quote the value twice, as in -e {name}='\"two words\"', "
    'or write JSON, as in -e \'{{"{name}": "two words"}}\'.'
)
#: Least similarity of a typo, 0 to 1: one letter more, fewer or different, also in a short name, but not another word.
_ALIKE = 0.8


class Typos(t.NamedTuple):
    """Sentences about variables that the role does not read, one for each.

    :param refused: about those that are probably meant for an option.
    :param warned: about those that start with the name of an option and go on with another word, so that they may be meant for something else.
    """

    refused: list[str]
    warned: list[str]


def read_by(module: str, *, role: bool, reads: t.Iterable[str] = ()) -> frozenset[str]:
    """The variables that a task of *module* reads, without their prefix: what a typo may be meant for.

    :param role: whether the task is one of role rerun.
    :param reads: variables that the playbook itself reads, see :data:`READS`.
    """
    modules = REPAIRS if role and module in REPAIRS else (module,)
    variables = {name for of in modules for name in variables_of(of, role=role).values()}
    names = {*(name[len(PREFIX) :] for name in variables), *(_OWN if role else ()), *reads}
    return frozenset(names - account_variables())


def account_variables() -> frozenset[str]:
    """The variables of the account and workspace options, without their prefix."""
    return frozenset({*account_spec(), *workspace_spec()})


def typos(
    names: t.Iterable[str],
    typed: t.Collection[str] = (),
    *,
    read: t.Collection[str] | None = None,
    reader: str = "role",
    account: t.Collection[str] | None = None,
) -> Typos:
    """The typos among *names*, the variables of a host.

    :param typed: variables set on the command line: an option name without the prefix is refused there even if the inventory sets the option.
    :param read: the variables that are read, as :func:`read_by` returns them; default: those of module job_rerun in the role.
    :param reader: role or playbook, for the message.
    :param account: those of :func:`account_variables` that are read; default: all without *read*, else none. A typo of one of them is only warned
        about: without them nothing is rerun.
    """
    present, meant = set(names), sorted(read_by("job_rerun", role=True) if read is None else read)
    absent = sorted(name for name in (account_variables() if read is None else account or ()) if PREFIX + name not in present)
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
        # max_reruns_per_day_sales has one more word and may be somebody's own variable; plans_id is a typo of plan_id.
        slip = alike in _GUARDS and (alike != begins_like or option == f"{alike}_")
        if begins_like is not None and not slip:
            warned[name] = alike or ("jobs" if begins_like == "job" else begins_like)
        elif alike or ("jobs" in meant and option.startswith("job")):
            refused[name] = alike or "jobs"
        elif close := _account_typo(option, absent):
            warned[name] = close
    return Typos(
        [_sentence(name, option, reader, _advice(name, option)) for name, option in sorted(refused.items())],
        [_sentence(name, option, reader, "It is ignored.") for name, option in sorted(warned.items())],
    )


def _advice(name: str, option: str) -> str:
    if name == option:
        return f"If it is a variable of your own, set {PREFIX}{name} next to it."
    return "If it is a variable of your own, rename it."


def cut_value(extra_vars: t.Iterable[t.Any]) -> str:
    """A sentence about the first variable of the collection whose value Ansible has cut off at a blank; "" if there is none.

    ``-e 'dataarts_never_rerun_reasons=no permission'`` sets the variable to ``no`` and ignores the rest without a word.

    :param extra_vars: values of ``-e`` as people typed them: pairs of name and value, a file, or YAML.
    """
    for text in map(str, extra_vars):
        name = ""
        for word in [] if text.startswith(("@", "/", ".", "[", "{")) else split_args(text):
            if "=" in word:
                name = word.partition("=")[0]
            elif name.startswith(PREFIX):
                return _CUT.format(name=printable(name, 100))
    return ""


def _known() -> set[str]:
    options = {*_OWN, *_OTHERS, *rerun_spec(), *instance_retry_spec(), *supplement_missing_spec()} - {"only_statuses"}
    return options | {f"{ANSWER[len(PREFIX) :]}{option}" for option in options}


@functools.cache
def _is_prefix(text: str) -> bool:
    return text == PREFIX or difflib.SequenceMatcher(None, text, PREFIX).ratio() >= _ALIKE


def _alike(text: str, other: str) -> bool:
    """Whether one letter differs or two are swapped; in a short name, the similarity ratio would not show that."""
    wrong = [place for place, (left, right) in enumerate(zip(text, other)) if left != right] if len(text) == len(other) else [0] * 3
    return len(wrong) <= 1 or (len(wrong) == 2 and sorted(text) == sorted(other))


def _account_typo(option: str, absent: t.Sequence[str]) -> str:
    """The variable in *absent* that *option* is probably a typo of, or "". A plural does not count: it may be somebody's own list."""
    name = next(iter(difflib.get_close_matches(option, absent, n=1, cutoff=_ALIKE)), "")
    return "" if option == f"{name}s" else name


def _sentence(name: str, option: str, reader: str, advice: str) -> str:
    return f"{printable(name, 100)} is not a variable of this {reader}. Did you mean {PREFIX}{option}? {advice}"
