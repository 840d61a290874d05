# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How this run of Ansible was started, read from its command line, to show a command that goes on.

Secrets are left out: encrypted values, templates, and options that hold secrets. Files of variables are named, not copied.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible import constants, context
from ansible.utils.collection_loader._collection_finder import _get_collection_playbook_path
from ansible.utils.vars import load_extra_vars

from ...module_utils._common.text import NO
from ...module_utils._config.argument_spec import rerun_spec, supplement_missing_spec
from .._task.paths import PATHS, is_relative_path
from .command import Command

Vars = t.Mapping[str, t.Any]

#: Options that a command to go on sets itself, or that belong only to the run that is over.
_OWN = frozenset({"workspace_id", "since", "jobs", "planned_after", "planned_before", "plan_id", "plan_record"})
_WINDOW = ("dataarts_planned_after", "dataarts_planned_before")
_SELECTION = ("dataarts_jobs", *_WINDOW)
#: Variables that a command sets itself or repeats separately.
_REPEATED = frozenset({f"dataarts_{name}" for name in _OWN - {"workspace_id"}} | {"dataarts_plans"})
_PLAN = ("dataarts_plan_id", "dataarts_plan_record")
#: Variables of the role and the playbooks that are not options of the module.
_ROLE = tuple(f"dataarts_{name}" for name in ("hosts", "order", "serial", "fail_on_broken", "report_path", "report_link", "plan_required"))
#: Variables of playbook rerun_related.
_RELATED = ("dataarts_job_name", "dataarts_related_jobs", "dataarts_begin_time", "dataarts_end_time", "dataarts_concurrent")
#: Variables in the file of a proposed plan; ``lines`` is for people.
_PROPOSAL = frozenset({"dataarts_plans", "lines"})
#: Prefix of the names of this collection's playbooks.
_COLLECTION = "dataarts.factory."
#: Ansible's names of command-line options that a command repeats -> the option and its default in Ansible's settings: which tasks are run, only for
#: playbooks of the user, as those of the collection must run as a whole; and how hosts are reached.
_TASKS: dict[str, tuple[str, t.Any]] = {
    "tags": ("--tags", None),
    "skip_tags": ("--skip-tags", None),
    "start_at_task": ("--start-at-task", None),
}
_REACH: dict[str, tuple[str, t.Any]] = {
    "connection": ("--connection", constants.DEFAULT_TRANSPORT),
    "remote_user": ("--user", constants.DEFAULT_REMOTE_USER),
    "private_key_file": ("--private-key", constants.DEFAULT_PRIVATE_KEY_FILE),
    "ask_pass": ("--ask-pass", constants.DEFAULT_ASK_PASS),
    "become": ("--become", constants.DEFAULT_BECOME),
    "become_method": ("--become-method", constants.DEFAULT_BECOME_METHOD),
    "become_user": ("--become-user", None),
    "become_ask_pass": ("--ask-become-pass", constants.DEFAULT_BECOME_ASK_PASS),
}
#: Name under which Ansible stores the second word of ``-e "name=two words"``.
_REST = "_raw_params"


def started_command(task_vars: Vars, loader: t.Any) -> Command:
    """The command that started the running play.

    :param task_vars: variables of any host of the play.
    :param loader: Ansible's file loader of an action.
    """
    extra = {name: value for name, value in load_extra_vars(loader).items() if name != _REST}
    in_files = {*_named_in_files(extra)}
    typed = {name: value for name, value in extra.items() if name not in in_files and value not in (None, "")}
    inline = {name: value for name, value in typed.items() if _plain(value) and not _holds_password(value)}
    variables = _shown_variables(inline)
    files, playbook = tuple(_files()), _playbook(loader)
    return Command(
        playbook=playbook,
        inventories=tuple(inventory_sources(task_vars)),
        vault=tuple(_vault_words()),
        tasks=() if playbook.startswith(_COLLECTION) else tuple(_option_words(_TASKS)),
        options=tuple(_option_words(_REACH)),
        files=files,
        plan_files=dict(_plan_files(files, loader)),
        variables=variables,
        selection={
            name: extra[name] for name in _SELECTION if extra.get(name) and _plain(extra[name]) and (name in inline or name in _WINDOW)
        },
        beginning="dataarts_planned_after" in task_vars,
        approved=bool(extra.get("dataarts_plans")),
        plans=inline.get("dataarts_plans") or None,
        plan={name: inline[name] for name in _PLAN if name in inline},
        left_out=tuple(sorted(name for name in typed if name not in {*variables, *_REPEATED} or name not in inline)),
        limit=_limit() or None,
        settings=_settings(),
        awx=awx_job_id(task_vars) is not None,
        only_checked=_yes(task_vars.get("dataarts_check_only")),
        plan_required=_yes(task_vars.get("dataarts_plan_required")),
    )


def _yes(value: t.Any) -> bool:
    return str(value or "no").lower() not in NO


def inventory_sources(task_vars: Vars) -> list[str]:
    """The inventory sources of the run. A path that does not exist is left out: it is Ansible's default, which was never created."""
    sources = [str(source) for source in task_vars.get("ansible_inventory_sources") or ()]
    return [source for source in sources if "," in source or os.path.exists(source)]


def awx_job_id(task_vars: Vars) -> str | None:
    """The number of the AWX job; None outside AWX."""
    job = task_vars.get("awx_job_id") or task_vars.get("tower_job_id")
    return None if job is None else str(job)


def _playbook(loader: t.Any) -> str:
    """The current playbook of this run: its name in a collection, or its absolute path.

    Of several playbooks it is the last that *loader* has read, because Ansible reads each when it begins.
    """
    args = context.CLIARGS.get("args") or ()
    named = [str(name) for name in args] if isinstance(args, (list, tuple)) else []
    playbooks = [os.path.abspath(name) if os.path.exists(name) else name for name in named] or [Command.playbook]
    read = getattr(loader, "_FILE_CACHE", ())
    begun = [name for name in playbooks[1:] if name in read or (_get_collection_playbook_path(name) or ("", ""))[1] in read]
    return [playbooks[0], *begun][-1]


def _limit() -> str:
    """The pattern of ``--limit``, with absolute paths for files of hosts in it (``@rerun.retry``)."""
    parts = str(context.CLIARGS.get("subset") or "").split(",")
    return ",".join(f"@{os.path.abspath(part[1:])}" if part.startswith("@") else part for part in parts)


def _vault_words() -> t.Iterator[str]:
    """Words of the command line that say where vault passwords come from, without any password."""
    for path in context.CLIARGS.get("vault_password_files") or ():
        yield from ("--vault-password-file", _existing(str(path)))
    for vault_id in context.CLIARGS.get("vault_ids") or ():
        label, at, source = str(vault_id).rpartition("@")
        yield from ("--vault-id", f"{label}{at}{_existing(source)}")
    if context.CLIARGS.get("ask_vault_pass"):
        yield "--ask-vault-pass"


def _option_words(options: t.Mapping[str, tuple[str, t.Any]]) -> t.Iterator[str]:
    """Words of the command line for those of *options* that differ from Ansible's settings."""
    for name, (word, default) in options.items():
        value = context.CLIARGS.get(name) or ()
        values = [str(part) for part in (value if isinstance(value, (list, tuple)) else [value])]
        if not values or value == default or values == ["all"]:
            continue
        yield from (word,) if value is True else (word, _existing(values[0]) if name == "private_key_file" else ",".join(values))


def _files() -> t.Iterator[str]:
    """Absolute paths of the files of variables on the command line, in its order."""
    for word in context.CLIARGS.get("extra_vars") or ():
        if str(word).startswith("@"):
            yield os.path.abspath(str(word)[1:])


def _plan_files(files: t.Iterable[str], loader: t.Any) -> t.Iterator[tuple[str, tuple[str, ...]]]:
    """Those of *files* that hold approved plans, each with the names of its other variables."""
    for path in files:
        variables = loader.load_from_file(path)
        if isinstance(variables, t.Mapping) and variables.get("dataarts_plans"):
            yield path, tuple(name for name in map(str, variables) if name not in _PROPOSAL)


def _shown_variables(inline: Vars) -> dict[str, t.Any]:
    """The extra variables of the command line that are options of the role or its playbooks, and not secret."""
    specs = {**supplement_missing_spec(), **rerun_spec()}
    names = {f"dataarts_{name}" for name, spec in specs.items() if not spec.get("no_log") and name not in _OWN} | {*_ROLE, *_RELATED}
    relative = {f"dataarts_{name}" for name in PATHS if is_relative_path(inline.get(f"dataarts_{name}"))}
    return {name: os.path.abspath(value) if name in relative else value for name, value in inline.items() if name in names}


def _named_in_files(extra: Vars) -> t.Iterator[str]:
    """Names of extra variables that come only from a file, not from the command line itself."""
    words = [str(word) for word in context.CLIARGS.get("extra_vars") or ()]
    if not any(word.startswith("@") for word in words):
        return
    typed = " ".join(word for word in words if not word.startswith("@"))
    yield from (name for name in extra if name not in typed)


def _plain(value: t.Any) -> bool:
    """Whether a value can be repeated in a command: it is not encrypted and cannot be a template."""
    if isinstance(value, t.Mapping):
        return all(map(_plain, (*value, *value.values())))
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, (bool, int, float, type(None))) or (
        type(value).__name__ != "EncryptedString" and isinstance(value, str) and "{" not in value
    )


def _holds_password(value: t.Any) -> bool:
    """Whether *value* is a database URI or connection string with a password."""
    return isinstance(value, str) and re.search(r"://[^/@]*:[^/]*@|\bpassword\s*=", value, re.IGNORECASE) is not None


def _settings() -> str:
    """Path of ansible.cfg, if Ansible found it in the directory in which the run was started; else ""."""
    path = constants.CONFIG_FILE
    here = path and not os.environ.get("ANSIBLE_CONFIG") and os.path.dirname(os.path.abspath(path)) == os.getcwd()
    return os.path.abspath(path) if here else ""


def _existing(path: str) -> str:
    """*path* made absolute if it exists; ``prompt`` is not a file."""
    return os.path.abspath(path) if os.path.exists(path) else path
