# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables: what the task of a module leaves out is filled in, here and nowhere else.

An option is, by falling precedence, what the task says, what ``module_defaults`` say, what the variable ``dataarts_<option>`` of the host
says. The environment and the documented default come after that, in the module. Null and blank text say nothing, on every level. Pure.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleError

from ...module_utils._common.errors import OptionError
from ...module_utils._config.argument_spec import LANGUAGE_WORDS, Spec
from ...module_utils._config.credentials import CREDENTIAL_OPTIONS, joining


def said(value: t.Any) -> bool:
    """Whether *value* says anything: neither null nor blank text."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def language_of(templar: t.Any, task_vars: t.Mapping[str, t.Any]) -> str:
    """The language of the lines for people, which a variable of the play says; English where it cannot be read, which is refused elsewhere.

    :param templar: evaluates the variable.
    """
    language = None
    with contextlib.suppress(AnsibleError):
        language = templar.template(task_vars.get("dataarts_language"))
    return str(language or LANGUAGE_WORDS[0])


def workspace_id_of(hostvars: t.Any, host: str) -> str:
    """The id of the workspace that *host* is; "" if it has none, or one that cannot be computed, which is what the host's own message is about.

    :param hostvars: variables of all hosts.
    """
    with contextlib.suppress(AnsibleError):
        value = str(hostvars.raw_get(host).get("dataarts_workspace_id") or "")
        value = str(hostvars[host].get("dataarts_workspace_id") or "") if "{" in value else value
        return "" if "{" in value else value.strip()  # up to ansible-core 2.18 a template that cannot be evaluated stays as it is
    return ""


def filled(
    spec: Spec,
    args: t.Mapping[str, t.Any],
    variables: t.Mapping[str, str],
    default_of: t.Callable[[str], t.Any],
    value_of: t.Callable[[str], t.Any],
) -> dict[str, t.Any]:
    """The options of a task, completed; those that nothing says are left out.

    :param spec: the module's options.
    :param args: options of the task, over those of ``module_defaults``, as ansible-core joins them.
    :param variables: the variable of each option, of those that the host has.
    :param default_of: what ``module_defaults`` say of an option; asked where the task says null or nothing.
    :param value_of: the value of a variable, evaluated.
    """
    given = {name: value if said(value) else default_of(name) for name, value in args.items()}
    options = {name: value for name, value in given.items() if said(value)}
    others = {name: value_of(variable) for name, variable in variables.items() if name not in options or name in CREDENTIAL_OPTIONS}
    behind = {name: value for name, value in others.items() if said(value)}
    result = {**{name: value for name, value in behind.items() if name not in CREDENTIAL_OPTIONS}, **joining(options, behind), **options}
    # A blank selection is refused by the module, not taken for its default: jobs=$JOBS without such a variable in the shell would rerun every job.
    if spec.get("jobs", {}).get("elements") == "str" and "jobs" not in result and ("jobs" in args or "jobs" in others):
        result["jobs"] = args["jobs"] if "jobs" in args else others["jobs"]
    return result


def by_name(args: t.Mapping[str, t.Any], spec: Spec, default_of: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
    """*args* with each option under its own name, where an alias was used. What the task says goes before what ``module_defaults`` say.

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
    """*args* without the options that other modules of the action group have, this one has not, and ``module_defaults`` of the group say.

    :param spec: options of this module, and *known* those of every module of the group.
    """
    return {name: value for name, value in args.items() if name in spec or name not in known or default_of(name) is None}
