# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete the options of a task from ``module_defaults`` and host variables. Pure.

The precedence is: the task, ``module_defaults``, the host's variable ``dataarts_<option>``. The environment and the documented default follow in
the module. Null and blank text count as unset on every level.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleError

from ...module_utils._common.errors import OptionError
from ...module_utils._config.argument_spec import LANGUAGE_WORDS, Spec
from ...module_utils._config.credentials import CREDENTIAL_OPTIONS, joining


def said(value: t.Any) -> bool:
    """Whether *value* is set: neither null nor blank text."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def language_of(templar: t.Any, task_vars: t.Mapping[str, t.Any]) -> str:
    """The language of lines for people, from variable ``dataarts_language``; English if that cannot be evaluated, which is refused elsewhere.

    :param templar: evaluates the variable.
    """
    language = None
    with contextlib.suppress(AnsibleError):
        language = templar.template(task_vars.get("dataarts_language"))
    return str(language or LANGUAGE_WORDS[0])


def workspace_id_of(hostvars: t.Any, host: str) -> str:
    """The workspace id of *host*; "" if it has none, or it cannot be evaluated, which the host's own task reports.

    :param hostvars: variables of all hosts.
    """
    with contextlib.suppress(AnsibleError):
        value = str(hostvars.raw_get(host).get("dataarts_workspace_id") or "")
        value = str(hostvars[host].get("dataarts_workspace_id") or "") if "{" in value else value
        return "" if "{" in value else value.strip()  # up to ansible-core 2.18, a template that cannot be evaluated stays as it is
    return ""


def filled(
    spec: Spec,
    args: t.Mapping[str, t.Any],
    variables: t.Mapping[str, str],
    default_of: t.Callable[[str], t.Any],
    value_of: t.Callable[[str], t.Any],
) -> dict[str, t.Any]:
    """The completed options of a task, without those that are not set.

    :param spec: the module's options.
    :param args: options of the task merged over ``module_defaults`` by ansible-core.
    :param variables: option -> its variable, for the variables that the host has.
    :param default_of: returns an option's value in ``module_defaults``; called if the task's value is null or blank.
    :param value_of: returns the evaluated value of a variable.
    """
    given = {name: value if said(value) else default_of(name) for name, value in args.items()}
    options = {name: value for name, value in given.items() if said(value)}
    others = {name: value_of(variable) for name, variable in variables.items() if name not in options or name in CREDENTIAL_OPTIONS}
    behind = {name: value for name, value in others.items() if said(value)}
    result = {**{name: value for name, value in behind.items() if name not in CREDENTIAL_OPTIONS}, **joining(options, behind), **options}
    # A blank selection is passed on for the module to refuse: with jobs=$JOBS and no such shell variable, the default would rerun every job.
    if spec.get("jobs", {}).get("elements") == "str" and "jobs" not in result and ("jobs" in args or "jobs" in others):
        result["jobs"] = args["jobs"] if "jobs" in args else others["jobs"]
    return result


def by_name(args: t.Mapping[str, t.Any], spec: Spec, default_of: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
    """*args* with aliases replaced by the options' names. A value of the task takes precedence over ``module_defaults``.

    :raises OptionError: an option is set by its name and by an alias.
    """
    named = dict(args)
    for name, option in spec.items():
        for alias in option.get("aliases", ()):
            if alias not in named:
                continue
            value = named.pop(alias)
            if not said(named.get(name)) or (said(value) and default_of(name) == named[name]):
                named[name] = value
            elif said(value) and default_of(alias) != value:
                raise OptionError(f"{alias} is another name of {name}, and both are set. Leave one of them out.")
    return named


def accepted(
    args: t.Mapping[str, t.Any], spec: t.Container[str], known: t.Container[str], default_of: t.Callable[[str], t.Any]
) -> dict[str, t.Any]:
    """*args* without options that ``module_defaults`` of the action group set and that only other modules of the group have.

    :param spec: options of this module.
    :param known: options of all modules of the group.
    """
    return {name: value for name, value in args.items() if name in spec or name not in known or default_of(name) is None}
