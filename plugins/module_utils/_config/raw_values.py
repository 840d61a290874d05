# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw option values, checked before Ansible converts them to the types of their options.

Ansible turns a number into text where text is wanted. Where the number was text before, as in a survey answer of AWX on ansible-core
2.19 and later (``0123456`` becomes 42798, ``yes`` true, ``12:34`` 754), that would be a wrong value. So it is refused here. Pure.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from .._common.errors import OptionError
from .._common.text import type_text
from .._common.times import FIRST_MS, LAST_MS
from .argument_spec import Spec
from .credentials import text_of

#: Options that also take epoch milliseconds, which are the same as a number and as text.
TIMES = frozenset({"since", "planned_after", "planned_before", "begin_time", "end_time", "plan_time", "submit_time"})
_TRUTHS = frozenset({"yes", "no", "true", "false", "on", "off", "y", "n", "t", "f", "1", "0", ""})


def problem(name: str, value: t.Any, option: t.Mapping[str, t.Any]) -> str | None:
    """Why *value* cannot be what was meant for the option *name*, and what to write; None if it can.

    :param option: the option's specification. What Ansible itself refuses or understands (a choice, ``"5"`` for a number) is not judged.
    """
    kind = option.get("type", "str")
    if kind == "list" and option.get("elements") == "str":
        return _problem_of_list(name, value)
    if value is None:
        return None
    if kind == "str" and not _is_text(name, value):
        return _not_text(name, value)
    if kind in ("int", "float") and isinstance(value, bool):
        return f"{name} must be a number, not a boolean."
    if kind in ("int", "float") and isinstance(value, str) and not re.fullmatch(r"\s*-?[0-9]+(\.[0-9]+)?\s*", value):
        return f"{name} must be a number, not {'text' if value.strip() else 'empty text'}: write the number, or leave it out."
    if kind == "bool" and not isinstance(value, bool) and str(value).strip().lower() not in _TRUTHS:
        return f"{name} must be a boolean: write true or false."
    if kind == "dict" and not isinstance(value, dict):
        return f"{name} must be a mapping, not {type_text(value)}: pass what the earlier step published, unchanged."
    return None


def as_lines(value: t.Any) -> t.Any:
    """A text of several lines, or with commas, as the list that is meant; a list with such texts in it likewise; anything else unchanged."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[\r\n,]", value) if part.strip()]
    if isinstance(value, list) and any(isinstance(item, str) and "\n" in item for item in value):
        return [part for item in value for part in (as_lines(item) if isinstance(item, str) and "\n" in item else [item])]
    return value


def fitted(spec: Spec, given: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], str | None]:
    """*given* for Ansible's own check, and the first problem with it.

    :param given: raw options. Ansible's own are passed through.
    :returns: the options, lists that came as lines taken apart; a value with a problem becomes text, so that Ansible reports no other.
    """
    options, first = dict(given), None
    for name, option in spec.items():
        if name not in given:
            continue
        is_list = option.get("type") == "list" and option.get("elements") == "str"
        if is_list:
            options[name] = as_lines(given[name])
        if _is_moment(name, given[name]):
            options[name] = given[name].isoformat()
        trouble = problem(name, given[name], option) if is_list or option.get("type") == "str" else None
        if trouble is not None:
            first = first or trouble
            options[name] = ["*"] if is_list else "0"
    return options, first


def _is_text(name: str, value: t.Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool) and name in TIMES:
        return FIRST_MS <= value <= LAST_MS
    return isinstance(value, str) or _is_moment(name, value)


def _is_moment(name: str, value: t.Any) -> bool:
    """Whether *value* is a time that YAML read as one, with its zone: nothing of what was written is lost then."""
    return name in TIMES and isinstance(value, datetime.datetime) and value.tzinfo is not None


def _problem_of_list(name: str, value: t.Any) -> str | None:
    if value is None:
        return f"{name} must be a list, not null: leave it out, or set it." if name == "jobs" else None
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if not isinstance(item, str):
            pattern = " A job name of digits can be written as a pattern: [0]777." if name in ("jobs", "names") else ""
            return f"{name} must hold text, not {type_text(item)}, which may not be what was written: quote it in YAML.{pattern}"
    return None


def _not_text(name: str, value: t.Any) -> str:
    if name in TIMES and isinstance(value, datetime.date):
        return f"{name} must be a time with a time zone, not a date without one: write it like 2026-11-23T07:30:00+08:00."
    try:
        text_of(value, name)
    except OptionError as error:
        return str(error)
    return f"{name} must be text, not {type_text(value)}: quote it."
