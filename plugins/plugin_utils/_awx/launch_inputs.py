# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the launch inputs of an AWX job: credential fields and survey answers. Pure."""

from __future__ import annotations

import re
import typing as t

from ...module_utils._common.errors import OptionError
from ...module_utils._common.text import listed, printable
from ...module_utils._config.argument_spec import Spec, instance_retry_spec, rerun_spec, supplement_missing_spec
from ...module_utils._config.credentials import KINDS, MACHINE, text_of
from ...module_utils._config.raw_values import problem
from ...module_utils._config.regions import region_id
from .._task.variables import said

PREFIX = "dataarts_"
#: Prefix of survey answers that override a variable of the inventory only if they are not empty; see role awx.
ANSWER = f"{PREFIX}answer_"
#: Answer that leaves the option to the inventory.
_TO_INVENTORY = "as the inventory says"
_OPTIONAL = frozenset({"security_token"})
Fields = t.Sequence[t.Mapping[str, t.Any]]


def credential_errors(values: t.Mapping[str, t.Any], fields: Fields, required: t.Sequence[str] = ()) -> list[str]:
    """Errors in the *values* of an account's credential: one sentence each, with the label of the field but never a value.

    :param values: field id -> value; empty text and None count as unset.
    :param fields: fields of the credential type, with ``id`` and ``label``.
    :param required: ids of the fields that AWX requires for a launch.
    """
    labels = {str(field["id"]): f"'{field['label']}'" for field in fields}
    known = listed([f"{name} ({label})" for name, label in labels.items()])
    errors = [f"There is no field {printable(name, 60)}: the fields are {known}." for name in values if name not in labels]
    texts: dict[str, str | None] = {}
    for name, label in labels.items():
        try:
            texts[name] = text_of(values.get(name), name)
            if name == "region":
                region_id(texts[name])
        except OptionError as error:
            texts[name] = "?"  # counts as set; its error is reported here
            errors.append(f"Field {label}: {error}")
    errors += [
        f"Field {labels[name]} is empty, and nothing can be launched without it: fill it in." for name in required if not texts[name]
    ]
    return errors + _kind_errors(texts, labels)


def survey_answer_errors(variables: t.Mapping[str, t.Any]) -> list[str]:
    """Errors in extra variables ``dataarts_<option>`` and ``dataarts_answer_<option>``, one sentence each.

    :param variables: name -> value; names that are not an option are ignored.
    """
    errors = []
    for name, value in variables.items():
        prefix = ANSWER if name.startswith(ANSWER) else PREFIX
        option = name[len(prefix) :]
        # A survey sends empty text for an unanswered question.
        if not name.startswith(prefix) or option not in _known() or not said(value) or (prefix == ANSWER and value == _TO_INVENTORY):
            continue
        text = problem(option, value, _known()[option])
        if text is not None:
            errors.append(prefix + text)
    return errors


def jobs_of_lines(value: t.Any) -> t.Any:
    """The jobs of a chain, from lines such as ``daily_sales 62fb…``; a list is returned as it is.

    :returns: ``[{"job_name": ..., "workspace_id": ...}]``.
    :raises OptionError: a line is not a name and an id.
    """
    if not isinstance(value, str):
        return value
    jobs = []
    for line in value.splitlines():
        words = re.split(r"[\s,;]+", line.strip())
        if words == [""]:
            continue
        if len(words) != 2:
            raise OptionError(
                f"'{printable(line.strip(), 100)}' is not a job name, a blank, and a workspace id: write one such line for each job."
            )
        jobs.append({"job_name": words[0], "workspace_id": words[1]})
    return jobs


def _known() -> Spec:
    """Spec of every option that a variable may set."""
    single = instance_retry_spec()
    return {
        **{name: single[name] for name in ("job_name", "begin_time", "end_time", "concurrent")},
        **rerun_spec(),
        "stopped_jobs": supplement_missing_spec()["stopped_jobs"],
        "plans": {"type": "dict"},
        "fail_on_broken": {"type": "bool"},
        "threshold": {"type": "int"},
    }


def _kind_errors(values: t.Mapping[str, str | None], labels: t.Mapping[str, str]) -> list[str]:
    # A job runs in a container, which has no agency.
    offered = {kind: names for kind, names in KINDS.items() if kind != MACHINE}
    filled = {kind: [name for name in names if values.get(name)] for kind, names in offered.items()}
    # domain_name alone does not say who acts.
    kinds = [kind for kind, names in filled.items() if names and names != ["domain_name"]]
    if not kinds:
        choices = [listed([labels[name] for name in names if name not in _OPTIONAL]) for names in offered.values()]
        return [f"No credentials: fill in {choices[0]}; or {choices[1]}; or {choices[2]}."]
    if len(kinds) > 1:
        both = listed([labels[name] for kind in kinds for name in filled[kind]])
        return [f"{both} are of different kinds, and only one kind can be used: empty the fields of the others."]
    missing = [labels[name] for name in KINDS[kinds[0]] if not values.get(name) and name not in _OPTIONAL]
    have = listed([labels[name] for name in filled[kinds[0]]])
    return [f"Field {listed(missing)} is empty, and {have} cannot be used without it: fill it in."] if missing else []
