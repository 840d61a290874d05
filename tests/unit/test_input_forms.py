# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every module in every form in which a shell, a survey, YAML or a vault file delivers a value.

A cell is one option of one module in one form. Its value must be read as one of the meanings that the form can have, or be refused with a message
that names the option; it must not get another meaning, cause a traceback, or show a secret. The table is built from the argument specs, so a
new option is added automatically. The expected meanings are computed here, without the code under test.
"""

from __future__ import annotations

import datetime
import functools
import json
import math
import os
import re
import typing as t
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import MODULES, account_spec, journal_spec
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import CREDENTIAL_OPTIONS
from ansible_collections.dataarts.factory.plugins.module_utils._config.raw_values import fitted
from ansible_collections.dataarts.factory.plugins.plugin_utils._role.options import variables_of
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.variables import filled
from tests.support.http_server import HttpServer, reply
from tests.support.logic import call
from tests.support.long import whole_plays

Spec = dict[str, dict[str, t.Any]]
LEFT_OUT = object()
SECRET = "kept-to-itself"
ROLE = Path(__file__).resolve().parents[2] / "roles" / "rerun"
ZONE = datetime.timezone(datetime.timedelta(hours=8))
TIMES = ("since", "planned_after", "planned_before", "begin_time", "end_time", "made_after", "made_before", "deadline")
#: A valid value of each option whose values must have a certain form.
GOOD: dict[str, t.Any] = {
    **dict.fromkeys(TIMES, "2026-11-23T03:00:00Z"),
    "workspace_id": "62fbba734e634c5087656fc3ff7adf34",
    "project_id": "0123456789abcdef0123456789abcdef",
    "region": "cn-north-4",
    "cloud_domain": "myhuaweicloud.com",
    "endpoint": "https://one.example.com",
    "endpoint_v1": "https://two.example.com",
    "iam_endpoint": "https://iam.example.com",
    "jobs": ["daily_sales", "hourly_*"],
    "task_retrys": [{"job_id": 5, "plan_time": "2026-11-23T03:00:00Z", "submit_time": "2026-11-23T03:00:00Z"}],
    "start_date": "2026-11-01T00:00:00Z",
    "end_date": "2026-11-02T00:00:00Z",
    "depend_jobs": [{"job_name": "a_name", "workspace_id": "62fbba734e634c5087656fc3ff7adf34"}],
    "plan_record": {"version": 1},
    "pass_state": {"run_id": "1"},
    "not_between": ["22:00-06:00 UTC", "12:00-13:00 +08:00"],
}
#: Options that all modules share and read with the same code.
SHARED = {*account_spec(), *journal_spec()}
#: Options that decide which host is called; a test must call only this machine.
ELSEWHERE = ("endpoint", "endpoint_v1", "iam_endpoint", "region", "cloud_domain")
BLANKS: dict[str, t.Any] = {
    "null": None,
    "empty text": "",
    "a blank": " ",
    "a line break": "\n",
    "CRLF": "\r\n",
    "a tab": "\t",
    "an ideographic space": "\u3000",
}
#: Other forms of a valid value, all of which must be accepted.
SAME: dict[str, t.Callable[[t.Any], t.Any]] = {
    "as it is": lambda good: good,
    "its text": lambda good: f"{text(good)}",
    "its text and a line break": lambda good: f"{text(good)}\n",
    "its text and CRLF": lambda good: f"{text(good)}\r\n",
    "its text between blanks": lambda good: f"  {text(good)} ",
    "its JSON": lambda good: json.dumps(good) if isinstance(good, (list, dict)) else text(good),
    "its JSON in lines": lambda good: json.dumps(good, indent=1) + "\n" if isinstance(good, (list, dict)) else text(good),
}
OTHER: dict[str, t.Any] = {
    "true": True,
    "false": False,
    **{f"number {number}": number for number in (0, 1, -1, 7, 20, 7.0, 7.5, 1e3, math.nan, math.inf, -math.inf, 10**30, -(10**30))},
    **{
        f"text {word}": word
        for word in ("true", "no", "maybe", "7", "-7", "+7", "7.0", "7.5", "1e3", "0x10", "0o17", "1_000", "007", "NaN", "inf", "10h")
    },
    **{f"text {word}": word for word in ("null", "None", "~", "undefined", "omit", "[]", "{}", "[ ]", '""', "''", "*", "-", "0", "[0]")},
    "many digits": "9" * 5000,
    "full-width digit": "７",
    "full-width digits": "１２",
    "arabic digits": "٣",
    "full-width minus": "－7",
    "superscript": "²",
    "date": datetime.date(2026, 11, 23),
    "time without zone": datetime.datetime(2026, 11, 23, 7, 30),
    "time with zone": datetime.datetime(2026, 11, 23, 7, 30, tzinfo=ZONE),
    "time of day": datetime.timedelta(hours=7),
    "epoch milliseconds": 1763856000000,
    "epoch seconds": 1763856000,
    "text of a date": "2026-11-23",
    "sexagesimal": 754,
    "time of day without quotes": 1320,
    "octal without quotes": 0o777,
    "no-break spaces around": "\u00a07\u00a0",
    "byte order mark before digits": "\ufeff7",
    "zero width in digits": "5\u200b00",
    "list with undefined text": ["a", "{{ nobody }}"],
    "list with a boolean": ["a", False],
    "list with a date": [datetime.date(2026, 11, 23)],
    "commas": "a,b",
    "full-width comma": "a，b",
    "ideographic comma": "a、b",
    "semicolons": "a;b",
    "lines": "a\nb",
    "lines of Windows": "a\r\nb\r\n",
    "JSON list": '["a", "b"]',
    "JSON list of one": '["a"]',
    "JSON list of numbers": "[1, 2]",
    "JSON list in a list": ['["a", "b"]'],
    "JSON mapping": '{"a": 1}',
    "JSON text": '"a"',
    "Python list": "['a', 'b']",
    "YAML list": "[a, b]",
    "YAML lines": "- a\n- b\n",
    "half a list": '["a", "b"',
    "one word in brackets": "[a]",
    "brackets in a name": "a[0]b",
    "brackets in a list": ["a[0]b"],
    "pattern": "a*",
    "quotes": "a\"b'c",
    "quoted text": "'a'",
    "key and value": "a=b",
    "list": ["a", "b"],
    "list of one": ["a"],
    "list of numbers": [1, 2],
    "list of booleans": [True],
    "list of null": [None],
    "list of blank": ["a", ""],
    "list of lists": [["a"]],
    "list with lines": ["a\nb"],
    "list with a line break": ["a\n", "b\r\n"],
    "list of mappings": [{"a": 1}],
    "empty list": [],
    "tuple": ("a", "b"),
    "set": {"a"},
    "mapping": {"a": 1},
    "mapping of numbers": {1: 2},
    "empty mapping": {},
    "bytes": b"a",
    "letters of other scripts": "日次売上_ñ_Ω",
    "combining": "e\u0301",
    "very long": "x" * 100_000,
    "many names": ",".join(f"job_{number}" for number in range(2_000)),
    "many wildcards": "a*" * 2_000 + "b",
    "deep": [[[[[[]]]]]],
    "NUL": "a\0b",
    "escape": "a\x1b[31mb",
    "bell": "\a",
    "reversed": "a\u202eb",
    "zero width": "\u200b",
    "byte order mark": "\ufeffa",
    "lone surrogate": "a\ud800",
    "no-break space": "a\u00a0b",
    "template": "{{ x }}",
    "statement": "{% x %}",
    "half a template": "{{ x",
    "reference": "$HOME/a",
    "home": "~/a",
    "format": "%s{0}",
    "path up": "../../etc/passwd",
    "query": "a?b=c&d#e",
    "header": "a\r\nX-Other: b",
}


def text(good: t.Any) -> t.Any:
    """The text that a person would type for the value *good*."""
    if isinstance(good, bool):
        return "yes" if good else "no"
    if isinstance(good, list) and all(isinstance(item, str) for item in good):
        return "\n".join(good)
    return json.dumps(good) if isinstance(good, (list, dict)) else str(good)


def good_value(name: str, option: dict[str, t.Any]) -> t.Any:
    """A valid value of *option* that is not its default."""
    kind, choices = option.get("type", "str"), option.get("choices")
    if choices:
        word = next(word for word in reversed(choices) if word not in (option.get("default") or ()))
        return [word] if kind == "list" else word
    if option.get("elements") == "dict" and name == "jobs":
        return [{"job_name": "a", "workspace_id": "b"}]
    if name in GOOD:
        return GOOD[name]
    if option.get("no_log"):
        return SECRET
    return {"int": 7, "float": 2.5, "bool": not option.get("default"), "list": ["a_name"], "dict": {"a": 1}}.get(kind, "a_name")


def cells() -> Iterator[tuple[str, str, str, t.Any, bool]]:
    """Every cell: module, option, name of the form, value, and whether the value must be accepted."""
    for module, make in MODULES.items():
        for name, option in make().items():
            good = good_value(name, option)
            for form, value in BLANKS.items():
                yield module, name, form, value, True
            for form, same in SAME.items():
                yield module, name, form, same(good), True
            for form, value in OTHER.items():
                # The tests search messages for the secret, so it must be a word that occurs nowhere else.
                marked = option.get("no_log") and isinstance(value, str) and value.isprintable()
                yield module, name, form, f"{SECRET}{value}" if marked else value, False


CELLS = list(cells())


# The expected meanings


def meanings(name: str, option: dict[str, t.Any], value: t.Any) -> list[t.Any]:
    """The values that *value* may be read as; [LEFT_OUT] if it counts as not set, [] if it must be refused."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return [LEFT_OUT]
    kind = option.get("type", "str")
    if kind == "list":
        return items(value, option)
    read: dict[str, t.Callable[[t.Any], list[t.Any]]] = {"int": whole, "float": number, "bool": truth, "dict": mapping}
    return read[kind](value) if kind in read else texts(name, kind, value)


def texts(name: str, kind: str, value: t.Any) -> list[t.Any]:
    if isinstance(value, str):
        forms = [value, value.strip(), value.strip("\r\n"), value.strip().strip("\ufeff\u200b")]
        return [*forms, *(os.path.expanduser(os.path.expandvars(form)) for form in forms)] if kind == "path" else forms
    if name in (*TIMES, "plan_time", "submit_time"):
        if isinstance(value, int) and not isinstance(value, bool) and 10**12 <= value < 10**13:
            return [str(value)]
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            return [value.isoformat()]
    return []


def whole(value: t.Any) -> list[t.Any]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, float):
        return [int(value)] if math.isfinite(value) and value == int(value) else []
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,400}(\.0+)?\s*", value):
        return [int(value.strip().partition(".")[0])]
    return []


def number(value: t.Any) -> list[t.Any]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [float(value)] if abs(value) < 1e300 else []
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,300}(\.\d+)?\s*", value):
        return [float(value)]
    return [1000.0] if value == "1e3" else []


def truth(value: t.Any) -> list[t.Any]:
    if isinstance(value, (bool, int, float)):
        return [bool(value)] if value in (0, 1) else []
    word = value.strip().lower() if isinstance(value, str) else ""
    words = {"yes": True, "true": True, "on": True, "1": True, "y": True, "t": True}
    words.update({"no": False, "false": False, "off": False, "0": False, "n": False, "f": False})
    return [words[word]] if word in words else []


def mapping(value: t.Any) -> list[t.Any]:
    if isinstance(value, str):
        value = from_json(value)
    return [value] if isinstance(value, dict) else []


def from_json(value: str) -> t.Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def items(value: t.Any, option: dict[str, t.Any]) -> list[t.Any]:
    if isinstance(value, str) and isinstance(from_json(value), (list, dict)):
        value = from_json(value)
    elif isinstance(value, str) and option["elements"] == "str":
        shown = value.strip()
        if shown.startswith("[") and (shown.endswith("]") or shown.startswith('["')) and re.search(r"[,'\"]", shown):
            return []
        value = [part.strip() for part in re.split(r"[\r\n,，、]", value) if part.strip()]
    if not isinstance(value, (list, tuple)):
        return []
    if option["elements"] == "dict":
        inner = option["options"]
        if not all(isinstance(item, dict) and item.keys() == inner.keys() for item in value):
            return []
        return [list(value)]
    if not all(isinstance(item, str) for item in value) or any(isinstance(from_json(item), list) and len(item) > 3 for item in value):
        return []
    parts = [part.strip() for item in value for part in item.splitlines() if part.strip() or not item.strip()]
    if option.get("choices") and not set(parts) <= set(option["choices"]):
        return []
    return [list(value), parts]


# The code under test


@functools.cache
def spec_of(module: str) -> Spec:
    return MODULES[module]()


@functools.cache
def called(module: str) -> dict[str, str]:
    return variables_of(module, role=True)


@functools.cache
def validator(module: str, name: str) -> ArgumentSpecValidator:
    """Ansible's own check of one option."""
    return ArgumentSpecValidator({name: spec_of(module)[name]})


def delivered(module: str, name: str, value: t.Any) -> tuple[t.Any, str]:
    """Pass *value* through the collection's code and Ansible's check, and return the option's value and the refusal, or "".

    The value is passed in the role's variable of the option; if the option has no variable, in the task.
    """
    spec, variable = {name: spec_of(module)[name]}, called(module).get(name)
    args, variables = ({name: value}, {}) if variable is None else ({}, {variable: value})
    names = {name: variable} if variable is not None else {}
    try:
        options, problem = fitted(spec, filled(spec, args, names, lambda option: None, variables.__getitem__))
        checked = validator(module, name).validate(options)
    except Exception as error:  # users would see a traceback
        return None, f"Traceback: {error!r}"
    return checked.validated_parameters.get(name), problem or "; ".join(checked.error_messages)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a server that answers every request with status 400."""
    refusal = json.dumps({"error_code": "DLF.0100", "error_msg": "refused"}).encode()
    with HttpServer(reply(400, refusal, {"Content-Type": "application/json"})) as server:
        yield server.base


def faults(module: str, name: str, form: str, value: t.Any, must: bool, got: tuple[t.Any, str]) -> Iterator[str]:
    """Check one cell and yield a sentence for each thing that is wrong."""
    result, refusal = got
    option = spec_of(module)[name]
    expected = meanings(name, option, value)
    where = f"{module}.{name} in the form '{form}'"
    if refusal:
        if must and not (option.get("required") and expected == [LEFT_OUT]) and not (name == "jobs" and expected == [LEFT_OUT]):
            yield f"{where} is refused: {refusal[:200]}"
        yield from bad_sentences(where, name, refusal)
        return
    if must:
        # Only in a password may blanks at the ends be intended.
        good = text(good_value(name, option)) + " "
        expected = expected if expected == [LEFT_OUT] else [good_value(name, option), *(["  " + good] if name.endswith("password") else [])]
    if not any(same_value(result, option.get("default") if meaning is LEFT_OUT else meaning) for meaning in expected):
        yield f"{where} becomes {shown(result)}, not {shown([meaning for meaning in expected if meaning is not LEFT_OUT])}"


def same_value(result: t.Any, meaning: t.Any) -> bool:
    return bool(result == meaning) and isinstance(result, bool) == isinstance(meaning, bool)


def shown(value: t.Any) -> str:
    try:
        return repr(value)[:80]
    except ValueError:  # Python refuses to print a number of more than 4300 digits
        return "a number of many digits"


def showable(sentence: str) -> bool:
    """Whether *sentence* has no characters that control a terminal or change the order of text."""
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in sentence)


def bad_sentences(where: str, name: str, sentence: str) -> Iterator[str]:
    """Check a refusal of option *name* and yield a sentence for each thing that is wrong with it."""
    if name not in sentence:
        yield f"{where} is refused without its name: {sentence[:200]}"
    if "YAML drops leading zeros" in sentence and not re.search("not a (number|date)", sentence):
        yield f"{where} is refused for a cause that is another one's: {sentence[:200]}"
    if not showable(sentence) or len(sentence) > 4100:
        yield f"{where} is refused in a sentence that cannot be shown: {sentence[:200]!r}, {len(sentence)} characters"
    if SECRET in sentence:
        yield f"{where} is refused in a sentence with the secret"
    if "Traceback" in sentence or "unexpected" in sentence:
        yield f"{where} is refused as if it was a defect: {sentence[:200]}"


def test_every_option_in_every_form() -> None:
    wrong: list[str] = []
    judged: set[tuple[str, str, str, str | None]] = set()
    for module, name, form, value, must in CELLS:
        # An option that several modules share is checked once.
        cell = (name, repr(spec_of(module)[name]), form, called(module).get(name))
        if cell not in judged:
            judged.add(cell)
            wrong += faults(module, name, form, value, must, delivered(module, name, value))
    assert not wrong, f"{len(wrong)} of {len(CELLS)} cells:\n" + "\n".join(wrong[:4000])
    assert len(CELLS) > 20_000


def test_ansible_refuses_no_form_of_a_variable_of_the_role_before_it_is_read() -> None:
    """The role's argument specs accept every form, so that the collection's own messages are shown instead of Ansible's."""
    entry_points = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    wrong = [
        f"{entry}.{name} in the form '{form}': {error}"
        for entry, documented in entry_points.items()
        for name, option in documented["options"].items()
        for form, value in {**BLANKS, **OTHER}.items()
        for error in ArgumentSpecValidator({name: option}).validate({name: value}).error_messages
    ]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    assert "dataarts_max_instances" in entry_points["main"]["options"]


def base(module: str, service: str, journal: Path, name: str) -> dict[str, t.Any]:
    """Options with which *module* gets as far as a request, without *name* and the options that must not be set together with it."""
    options: dict[str, t.Any] = {
        **dict.fromkeys(("endpoint", "endpoint_v1", "iam_endpoint"), service),
        "workspace_id": GOOD["workspace_id"],
        "project_id": GOOD["project_id"],
        "job_name": "a_name",
        "name": "a_name",
        "access_key": "AK",
        "secret_key": "SK",
        "allow_http": True,
        "max_retries": 0,
        "journal": str(journal),
    }
    needed = {
        "job_instance_retry": {"task_retrys": GOOD["task_retrys"]},
        "job_instance_stop": {"instance_ids": ["1"]},
        "job_run": {"run_key": "night"},
        "job_schedule": {"state": "paused", "jobs": ["a_name"]},
        "supplement_data": {"start_date": GOOD["start_date"], "end_date": GOOD["end_date"]},
    }
    options |= needed.get(module, {})
    own = CREDENTIAL_OPTIONS if name in CREDENTIAL_OPTIONS and not name.startswith(("access", "secret", "agency", "security")) else (name,)
    left_out = {*own, *(("job_name",) if module == "job_instance_info" else ())}
    return {option: value for option, value in options.items() if option in spec_of(module) and option not in left_out}


@pytest.mark.parametrize("module", whole_plays(["job_instance_stop", *(module for module in MODULES if module != "job_instance_stop")]))
def test_what_is_understood_ends_in_no_defect(module: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each accepted value, the module ends in an error of the service or of an option, never in an internal one.

    Options that all modules share are tested in job_rerun only.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATAARTS_TEST_METADATA", service)  # instead of 169.254.169.254
    monkeypatch.chdir(tmp_path)
    wrong, seen = [], set()
    for cell_module, name, form, value, _must in CELLS:
        if cell_module != module or (name in SHARED and module != "job_rerun") or name in ELSEWHERE:
            continue
        result, refusal = delivered(module, name, value)
        if refusal or result is None or (name, repr(result)) in seen:
            continue
        seen.add((name, repr(result)))
        answer = call(module, {**base(module, service, tmp_path / "journal", name), name: result}, check=True)
        message, kind = str(answer.get("msg", "")), (answer.get("error") or {}).get("kind")
        where = f"{module}.{name} in the form '{form}'"
        if kind == "internal":
            wrong.append(f"{where}: {message}")
        elif kind == "option":
            wrong += bad_sentences(where, name, message)
        wrong += [f"{where}: {text!r} cannot be shown" for text in (message, *answer["warnings"]) if not showable(text) or SECRET in text]
    assert not wrong, f"{len(wrong)} of {len(seen)} values:\n" + "\n".join(wrong)
    assert len(seen) > 30
