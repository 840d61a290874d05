# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the event source and their checks. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import Undefined

from ...module_utils._common.errors import OptionError
from ...module_utils._common.times import Window
from ...module_utils._config.argument_spec import TYPE_WORDS, Spec, account_spec
from ...module_utils._config.credentials import WithoutProject, text_of
from ...module_utils._models.instance import Status
from ...module_utils._models.run_scope import window_of
from ...module_utils._models.selection import Selection, select

#: Statuses that count as failures.
FAILED_WORDS = ("fail", "running-exception", "manual-stop")
#: A host name that a pattern of --limit can name: without separators and wildcards, and not like a file name (@, /).
_HOST = re.compile(r"[\w][\w.-]{0,127}")
#: Most failures per poll whose dependants may be read: the service answers ten requests per second.
MOST_READ = 100
_SECONDS = (("poll_interval", 1), ("repeat_within", 0))
_AS_THEY_ARE = (
    *("planned_after", "poll_interval", "repeat_within", "probe", "find_missing", "api_version", "journal", "journal_password"),
    "dependants",
)


@dataclass(frozen=True)
class Place:
    """One workspace to watch.

    :param host: its host in the inventory.
    """

    workspace_id: str
    host: str


@dataclass(frozen=True)
class Login:
    """One account in one project, and its workspaces.

    :param name: its name in events and messages.
    :param options: the account options; they hold secrets, hence not in the repr.
    """

    name: str
    options: t.Mapping[str, t.Any] = field(repr=False)
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class SourceOptions:
    """All arguments. Durations in seconds.

    :param dependants: number of new failures per poll whose dependants are read.
    """

    logins: tuple[Login, ...]
    jobs: tuple[str, ...]
    statuses: frozenset[Status]
    instance_types: tuple[str, ...] | None
    planned_after: str
    poll_interval: int
    repeat_within: int
    probe: bool
    find_missing: bool
    api_version: str
    journal: str | None
    journal_password: str | None = field(repr=False)
    dependants: int = 0

    @property
    def times(self) -> dict[str, t.Any]:
        """The options that make the window of plan times."""
        return {"planned_after": self.planned_after, "planned_before": None}

    def selection(self, window: Window) -> Selection:
        """The selection of failures to watch."""
        return select(self.jobs, window, statuses=[status.value for status in self.statuses], instance_types=self.instance_types)


def source_spec() -> Spec:
    """Argument spec of the event source, in AnsibleModule's format."""
    places: Spec = {"workspace_id": {"type": "str", "required": True}, "host": {"type": "str"}}
    workspaces = {"type": "list", "elements": "dict", "options": places}
    return {
        **account_spec(),
        "workspaces": workspaces,
        "accounts": {
            "type": "list",
            "elements": "dict",
            "options": {**account_spec(), "name": {"type": "str"}, "workspaces": {**workspaces, "required": True}},
        },
        "api_version": {"type": "str", "choices": ["auto", "v2", "v1"], "default": "auto"},
        "jobs": {"type": "list", "elements": "str", "default": ["*"]},
        "statuses": {"type": "list", "elements": "str", "choices": list(FAILED_WORDS), "default": ["fail"]},
        "instance_types": {"type": "list", "elements": "str", "choices": list(TYPE_WORDS)},
        "planned_after": {"type": "str", "default": "-24h"},
        "poll_interval": {"type": "int", "default": 60},
        "repeat_within": {"type": "int", "default": 300},
        "probe": {"type": "bool", "default": True},
        "find_missing": {"type": "bool", "default": False},
        "journal": {"type": "str"},
        "journal_password": {"type": "str", "no_log": True},
        "dependants": {"type": "int", "default": 0},
        "feedback": {"type": "bool", "default": False},
    }


def source_options(args: t.Mapping[str, t.Any], now_ms: int) -> SourceOptions:
    """Check the arguments of the event source.

    :param args: from the rulebook, templated; keys that ansible-rulebook adds begin with ``eda_``.
    :param now_ms: approximately the service's time, epoch ms.
    :raises OptionError: names the argument, the cause and what to set instead; never shows a secret.
    """
    arguments = {name: value for name, value in args.items() if not name.startswith("eda_")}
    spec = source_spec()
    _check_defined(arguments, "")
    _check_texts(arguments, spec, "")
    result = ArgumentSpecValidator(
        spec, mutually_exclusive=[["accounts", "workspaces"]], required_one_of=[["accounts", "workspaces"]]
    ).validate(arguments)
    if result.error_messages:
        raise OptionError("; ".join(result.error_messages) + ".")
    options = result.validated_parameters
    for name, least in _SECONDS:
        if options[name] < least:
            raise OptionError(f"{name} is {options[name]}. Set it to a number of seconds, {least} or more.")
    if not 0 <= options["dependants"] <= MOST_READ:
        raise OptionError(
            f"dependants is {options['dependants']}. Set it to the number of failures in a poll whose dependants are read, 0 to {MOST_READ}."
        )
    checked = SourceOptions(
        logins=_logins(options),
        jobs=tuple(options["jobs"]),
        statuses=frozenset(Status(word) for word in options["statuses"]),
        **{name: options[name] for name in _AS_THEY_ARE},
        instance_types=None if options["instance_types"] is None else tuple(options["instance_types"]),
    )
    if not checked.statuses:
        raise OptionError("statuses is an empty list, so there would never be an event. Set fail, or leave it out.")
    checked.selection(window_of(checked.times, now_ms))
    return checked


def environment_for(options: SourceOptions, environ: t.Mapping[str, str]) -> dict[str, str]:
    """The part of *environ* that may complete a login; its project counts only if there is a single login."""
    return dict(environ) if len(options.logins) == 1 else WithoutProject(environ)


def _logins(options: t.Mapping[str, t.Any]) -> tuple[Login, ...]:
    shared = account_spec()
    entries = options["accounts"] or [{**options, "name": None}]
    logins = []
    for number, entry in enumerate(entries, 1):
        name = entry["name"] or (f"account {number}" if len(entries) > 1 else "the account")
        places = tuple(_place(workspace, name) for workspace in entry["workspaces"] or [])
        if not places:
            raise OptionError(f"workspaces of {name} is an empty list. List the workspaces to watch.")
        logins.append(Login(name, {option: entry[option] for option in shared}, places))
    _check_twice([place for login in logins for place in login.places])
    return tuple(logins)


def _place(entry: t.Mapping[str, t.Any], account: str) -> Place:
    workspace_id = text_of(entry["workspace_id"], "workspace_id")
    if workspace_id is None:
        raise OptionError(f"a workspace of {account} has no workspace_id. Set its id.")
    host = text_of(entry["host"], "host") or workspace_id
    if not _HOST.fullmatch(host):
        raise OptionError(f"host of workspace {workspace_id} is not the name of an inventory host. Use letters, digits, '_', '-' and '.'.")
    return Place(workspace_id, host)


def _check_twice(places: t.Sequence[Place]) -> None:
    for what, names in (("workspace", [place.workspace_id for place in places]), ("host", [place.host for place in places])):
        for name in names:
            if names.count(name) > 1:
                raise OptionError(f"{what} {name} is listed {names.count(name)} times. List it once.")


def _check_defined(value: t.Any, where: str) -> None:
    """Refuse undefined variables in templates of the rulebook, which ansible-rulebook passes on as Jinja's Undefined."""
    if isinstance(value, Undefined):
        raise OptionError(
            f"{where} is undefined: nothing sets variable {value._undefined_name}. Set it in the file of --vars, or name it in --env-vars."
        )
    if isinstance(value, dict):
        for name, part in value.items():
            _check_defined(part, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for number, part in enumerate(value, 1):
            _check_defined(part, f"{where}[{number}]")


def _check_texts(arguments: t.Mapping[str, t.Any], spec: Spec, where: str) -> None:
    """Refuse numbers for text options: an id or key of digits that YAML or a template turned into a number has lost its leading zeros."""
    for name, value in arguments.items():
        option = spec.get(name)
        if option is None:
            continue
        if option["type"] == "str" and value is not None and not isinstance(value, str):
            try:
                text_of(value, name)
            except OptionError as error:
                raise OptionError(f"{where}{error}") from None
        for number, entry in enumerate(value if option.get("options") and isinstance(value, list) else (), 1):
            if isinstance(entry, dict):
                _check_texts(entry, option["options"], f"{where}{name}[{number}]: ")
