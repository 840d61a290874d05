# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert and check raw option values before Ansible converts them. Pure.

Ansible's own conversion turns a list into its text, true into 1 and a number into text, differently in each version. If the number was
originally text, as in an AWX survey answer on ansible-core 2.19 and later (``0123456`` becomes 42798, ``yes`` true, ``12:34`` 754), the text
would be wrong.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t

from .._common.errors import OptionError
from .._common.text import NO, YES, did_you_mean, listed, printable, type_text
from .._common.times import FIRST_MS, LAST_MS
from .argument_spec import Spec
from .credentials import text_of

Option = t.Mapping[str, t.Any]

#: Options for times, which may also be epoch milliseconds, as a number or as text.
TIMES = frozenset({"since", "deadline", "planned_after", "planned_before", "begin_time", "end_time", "plan_time", "submit_time"})
#: Options whose surrounding blanks may be intended. Line breaks are removed: editors and ``echo`` leave them there, also in vault files.
_PASSWORDS = frozenset({"user_password", "journal_password"})
#: The keys of a mapping in ``not_between``.
_WINDOW = ("begin", "end", "zone")
#: Most digits of a whole number and of a number with a fraction: more than any option needs, too few to overflow a database or a clock.
_MOST_DIGITS, _MOST_OF_SECONDS = 15, 9
#: Most characters of a text, except a secret (tokens may be long): more than any name, id, address or path has, fewer than fit into a URL.
_LONGEST = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
#: Separators of names in a text; the last two come from Chinese keyboards.
_SEPARATORS = re.compile(r"[\r\n,\uff0c\u3001]")


def problem(name: str, value: t.Any, option: Option) -> str | None:
    """Why *value* does not fit the option *name*, and what to write instead; None if it fits."""
    try:
        _convert(name, value, option)
    except OptionError as error:
        return str(error)
    return None


def fitted(spec: Spec, given: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], str | None]:
    """Convert raw options for Ansible's own check, and find the first problem.

    :param given: raw options. Those without a specification, such as Ansible's own, are passed through.
    :returns: the options, each of the type of its specification, and the first problem or None. An option with a problem is left out, or "0" if
        it is required, so that Ansible reports nothing else about it.
    """
    options, first = dict(given), None
    for name, option in spec.items():
        if name not in given:
            continue
        try:
            options[name] = _convert(name, given[name], option)
        except OptionError as error:
            first = first or str(error)
            options[name] = "0"
            if not option.get("required"):
                del options[name]
    return options, first


def as_lines(value: t.Any) -> t.Any:
    """The list in a text of JSON, or of names separated by commas or line breaks. Texts in a list are split into lines; anything else is unchanged.

    :raises OptionError: text that looks like a list in YAML or Python. The message continues a sentence that begins with the option's name.
    """
    if isinstance(value, str):
        text = value.strip()
        listed_names = _json(text) if text.startswith(("[", "{")) else None
        if isinstance(listed_names, (list, dict)):
            return listed_names
        bracketed = re.match(r"[\[{].*[,'\"]", text, re.DOTALL) and (text.endswith(("]", "}")) or text[1:2] in "'\"")
        if bracketed or text.startswith("- "):
            raise OptionError(' must be a list, or names with commas between, not text that looks like a list: write ["a", "b"], or a,b.')
        return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in (item.strip().splitlines() or [item] if isinstance(item, str) else [item])]
    return value


def _convert(name: str, value: t.Any, option: Option) -> t.Any:
    """Convert *value* to the type of *option*. :raises OptionError: it does not fit. The message never quotes a secret."""
    kind = option.get("type", "str")
    value = _windows(name, value) if name == "not_between" else value
    if kind == "list" and option.get("elements") == "str":
        return _names(name, value, option)
    if value is None:
        return None
    if kind == "list":
        return _entries(name, value, option)
    convert: dict[str, t.Callable[[str, t.Any], t.Any]] = {"int": _integer, "float": _number, "bool": _boolean, "dict": _mapping}
    return convert[kind](name, value) if kind in convert else _text(name, value, option)


def _text(name: str, value: t.Any, option: Option) -> str:
    if _is_moment(name, value):
        return str(value.isoformat())
    if isinstance(value, int) and not isinstance(value, bool) and name in TIMES and FIRST_MS <= value <= LAST_MS:
        return str(value)
    if not isinstance(value, str):
        raise OptionError(_not_text(name, value))
    text = value.strip("\r\n") if name in _PASSWORDS else value.strip()
    if (
        "\0" in text if name == "purpose" else _CONTROL.search(text)
    ):  # a purpose may have several lines, but no NUL, which databases and logs refuse
        raise OptionError(f"{name} contains a line break or another control character inside: check how it was copied.")
    if len(text) > _LONGEST and not option.get("no_log"):
        raise OptionError(f"{name} must have at most {_LONGEST} characters, not {len(text)}: check how it was copied.")
    choices = option.get("choices")
    if choices and text not in choices:
        raise OptionError(f"{name} must be {' or '.join(choices)}, not '{printable(text, 60)}'. {did_you_mean(text, choices)}".rstrip())
    return text


def _number(name: str, value: t.Any, digits: int = _MOST_OF_SECONDS) -> float:
    """A finite number with at most *digits* digits before the point, from a number or its text."""
    cure = "write the number, or leave it out"
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise OptionError(f"{name} must be a number, not {'text' if value.strip() else 'empty text'}: {cure}.")
        value = float(value[:400]) if "." in value else int(value.strip()[: digits + 2])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OptionError(f"{name} must be a number, not {type_text(value)}{'' if isinstance(value, bool) else f': {cure}'}.")
    if not abs(value) < 10**digits:  # true for NaN too
        raise OptionError(f"{name} must be a number of at most {digits} digits: {cure}.")
    return value


def _integer(name: str, value: t.Any) -> int:
    number = _number(name, value, _MOST_DIGITS)
    if number != int(number):
        raise OptionError(f"{name} must be a whole number, not {number}: write it without a fraction.")
    return int(number)


def _boolean(name: str, value: t.Any) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    if word not in YES | NO:
        raise OptionError(f"{name} must be a boolean: write true or false.")
    return word in YES


def _mapping(name: str, value: t.Any) -> dict[str, t.Any]:
    mapping = _json(value) if isinstance(value, str) else value
    if not isinstance(mapping, dict):
        raise OptionError(f"{name} must be a mapping, not {type_text(value)}: pass what the earlier step published, unchanged.")
    return mapping


def _names(name: str, value: t.Any, option: Option) -> list[str] | None:
    if name == "jobs" and (value is None or (isinstance(value, str) and not value.strip())):
        # Not the default: jobs=$JOBS with an unset shell variable would rerun every job.
        what = "null" if value is None else "empty text"
        raise OptionError(f"jobs must be a list, not {what}: leave it out, or set it. '*' selects every job.")
    if value is None:
        return None
    try:
        names = as_lines(value)
    except OptionError as error:
        raise OptionError(f"{name}{error}") from None
    pattern = " A job name of digits can be written as a pattern: [0]777." if name in ("jobs", "names") else ""
    for item in names if isinstance(names, list) else [names]:
        if not isinstance(item, str):
            raise OptionError(
                f"{name} must hold text, not {type_text(item)}, which may not be what was written: quote it in YAML.{pattern}"
            )
        if isinstance(_json(item) if item.startswith('["') else None, list):
            raise OptionError(f"{name} must hold names, not text that looks like a list: write the list without quotes around it.")
    if name == "jobs" and len(names) > 1 and "*" in names and all(len(item) == 1 for item in names):
        raise OptionError("jobs is a list of single characters, of which * selects every job: write [name], not name | list.")
    return [_text(name, item, option) for item in names]


def _entries(name: str, value: t.Any, option: Option) -> list[dict[str, t.Any]]:
    """A list of mappings whose keys are the option's suboptions."""
    entries, inner = (_json(value) if isinstance(value, str) else value), option.get("options") or {}
    keys = listed(list(inner))
    if not isinstance(entries, (list, tuple)):
        raise OptionError(f"{name} must be a list of mappings with {keys}, not {type_text(value)}.")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise OptionError(f"{name} must be a list of mappings with {keys}, but entry {number} is {type_text(entry)}.")
    result = []
    for number, entry in enumerate(entries, 1):
        missing = [key for key, suboption in inner.items() if suboption.get("required") and entry.get(key) in (None, "")]
        unknown = [key for key in entry if key not in inner]
        if missing or unknown:
            raise OptionError(f"Entry {number} of {name} must have {keys}, and nothing else: see the example in the documentation.")
        result.append({key: _convert(key, entry[key], inner[key]) for key in entry})
    return result


def _windows(name: str, value: t.Any) -> t.Any:
    """Turn quiet hours that are written as mappings, alone or in a list, into the equivalent text; anything else is unchanged."""
    given = _json(value) if isinstance(value, str) and value.strip().startswith(("{", "[")) else value
    if isinstance(given, dict):
        return [_window(name, given)]
    if isinstance(given, (list, tuple)) and any(isinstance(entry, dict) for entry in given):
        return [_window(name, entry) if isinstance(entry, dict) else entry for entry in given]
    return value


def _window(name: str, entry: dict[t.Any, t.Any]) -> str:
    """The text for one mapping. All values must be text: YAML reads an unquoted time of day as a number."""
    if set(entry) != set(_WINDOW) or not all(isinstance(entry[key], str) and entry[key].strip() for key in _WINDOW):
        raise OptionError(f'{name} must have {listed(list(_WINDOW))} in each mapping, all text: write begin: "22:00", in quotes.')
    return f"{entry['begin'].strip()}-{entry['end'].strip()} {entry['zone'].strip()}"


def _json(text: str) -> t.Any:
    """*text* parsed as JSON; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_moment(name: str, value: t.Any) -> bool:
    """Whether *value* is a time that YAML parsed with its zone, so that nothing was lost."""
    return name in TIMES and isinstance(value, datetime.datetime) and value.tzinfo is not None


def _not_text(name: str, value: t.Any) -> str:
    if name in TIMES and isinstance(value, datetime.date):
        return f"{name} must be a time with a time zone, not a date without one: write it like 2026-11-23T07:30:00+08:00."
    try:
        text_of(value, name)
    except OptionError as error:
        return str(error)
    return f"{name} must be text, not {type_text(value)}: quote it."
