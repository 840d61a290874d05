# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which AWX accepts definitions, found by running it and in its source (development version of October 2024). Pure.

A function that checks a definition returns the reasons for which AWX would refuse it; [] if AWX accepts it.
"""

from __future__ import annotations

import json
import re
import typing as t
import zoneinfo

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Json = t.Mapping[str, t.Any]

_IDENTIFIER = re.compile(r"[a-zA-Z_]+[a-zA-Z0-9_]*")
_FIELD_KEYS = {"type", "format", "choices", "id", "label", "help_text", "multiline", "secret", "default"}
#: Environment variables that AWX does not let a credential type set.
_BLOCKED = frozenset(
    {
        "AD_HOC_COMMAND_ID",
        "AWX_HOST",
        "CACHE",
        "CALLBACK_CONNECTION",
        "CALLBACK_QUEUE",
        "INVENTORY_HOSTVARS",
        "INVENTORY_ID",
        "INVENTORY_SOURCE_ID",
        "INVENTORY_UPDATE_ID",
        "JOB_CALLBACK_DEBUG",
        "JOB_ID",
        "MAX_EVENT_RES",
        "PATH",
        "PROJECT_REVISION",
        "PYTHONPATH",
        "REST_API_TOKEN",
        "REST_API_URL",
        "SUPERVISOR_CONFIG_PATH",
        "VIRTUAL_ENV",
    }
)
#: Texts that ansible-core 2.19 and later cannot read when AWX passes them with the tag ``!unsafe``.
UNREADABLE = frozenset({"*", "&", "!", "=", "<<"})
_SURVEY_TYPES: dict[str, t.Any] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
#: Field of a webhook's configuration -> (its type, its default). A default of None means that it is required.
WEBHOOK: dict[str, tuple[type, t.Any]] = {
    "url": (str, None),
    "http_method": (str, "POST"),
    "disable_ssl_verification": (bool, False),
    "username": (str, ""),
    "password": (str, ""),
    "headers": (dict, {}),
}


def credential_type(kind: str, inputs: Json, injectors: Json) -> list[str]:
    """Check a custom credential type."""
    fields: list[Json] = list(inputs.get("fields", []))
    problems = [] if kind in ("cloud", "net") else [f"kind must be cloud or net, not {kind}"]
    problems += [f"unknown key {key} of inputs" for key in set(inputs) - {"fields", "required"}]
    problems += [problem for field in fields for problem in _field(field)]
    ids = [str(field.get("id")) for field in fields]
    problems += [f"field ids must be unique ({field_id})" for field_id in set(ids) if ids.count(field_id) > 1]
    problems += [f"unknown injector {key}" for key in set(injectors) - {"env", "file", "extra_vars"}]
    for name, template in injectors.get("env", {}).items():
        if not _IDENTIFIER.fullmatch(name) or name.startswith("ANSIBLE_") or name in _BLOCKED:
            problems.append(f"environment variable {name} is not allowed")
        if not template.isascii():
            problems.append(f"environment variable {name} is not ASCII")
        problems += _template(name, template, ids)
    return problems


def survey(spec: Json) -> list[str]:
    """Check a survey."""
    problems = [
        f"'{name}' is missing or no {kind.__name__}"
        for name, kind in (("name", str), ("description", str), ("spec", list))
        if not _has(spec, name, kind)
    ]
    questions: list[Json] = list(spec.get("spec") or [])
    problems += [] if questions else ["'spec' doesn't contain any items"]
    variables = [str(question.get("variable")) for question in questions]
    problems += [f"variable {variable} duplicated" for variable in set(variables) if variables.count(variable) > 1]
    return problems + [problem for question in questions for problem in _question(question)]


def unusable_defaults(spec: Json) -> list[str]:
    """Find questions whose default does not work, although AWX accepts the survey.

    AWX never applies the default, a job cannot read it, or a launch is refused if the question is left as it is.
    """
    problems = []
    for question in spec["spec"]:
        name, kind, default = question["variable"], question["type"], question.get("default")
        if default not in (None, "") and question["required"]:
            problems.append(f"{name}: a launch without an answer is refused in spite of the default")
        if default not in (None, "") and not _fits(question, default):
            problems.append(f"{name}: the default does not fit its limits")
        if default in UNREADABLE:
            problems.append(f"{name}: the job cannot read its default")
        # For a question that is left empty, the form sends an empty text; a multiselect question is left out.
        if not question["required"] and kind != "multiselect" and not _fits(question, "" if default is None else default):
            problems.append(f"{name}: a form that is left as it is, is refused")
    return problems


def unanswered(spec: Json) -> dict[str, t.Any]:
    """The extra variables of a job whose survey nobody answered, for example a scheduled one: every valid default."""
    given = [question for question in spec["spec"] if question.get("default") is not None]
    return {question["variable"]: question["default"] for question in given if _fits(question, question["default"])}


def rrule(text: str) -> list[str]:
    """Check the ``rrule`` of a schedule."""
    starts = re.findall(r"DTSTART(?:;TZID=([^:;]+)|;[^:]+)?:[0-9]+T[0-9]+(Z?)", text)
    problems = [] if len(starts) == 1 else ["exactly one DTSTART is required"]
    if any(not zone and not utc for zone, utc in starts):
        problems.append("DTSTART cannot be a naive datetime")
    problems += [f"{zone} is not a time zone" for zone, utc in starts if zone and zone not in zoneinfo.available_timezones()]
    problems += [f"{word} is not allowed" for word in ("EXDATE:", "RDATE:") if word in text.upper()]
    rules = re.findall(r"RRULE:(\S*)", text)
    if not rules:
        problems.append("a rule is required")
    return problems + [problem for rule in rules for problem in _recurrence(rule)]


def _recurrence(rule: str) -> list[str]:
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    refused = {
        "INTERVAL required": "INTERVAL" not in parts,
        "no known FREQ": parts.get("FREQ") not in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"),
        "BYDAY with a number": re.match(r"[0-9]", parts.get("BYDAY", "")) is not None,
        "both COUNT and UNTIL": {"COUNT", "UNTIL"} <= set(parts),
        "COUNT above 999": int(parts.get("COUNT", "0")) > 999,
    }
    return [f"{words} in {rule}" for words, is_so in refused.items() if is_so]


def webhook(configuration: Json) -> list[str]:
    """Check the configuration of a webhook."""
    return [
        f"{name} must be {kind.__name__}"
        for name, (kind, default) in WEBHOOK.items()
        if (name in configuration or default is None) and not isinstance(configuration.get(name), kind)
    ]


#: The context in which messages of AWX are rendered, here of a job that failed before its first task.
STUB: dict[str, t.Any] = {
    "job": {"id": 42, "name": 'Stub "Job"', "status": "failed", "artifacts": {}, "job_explanation": "Previous Task Failed: {}"},
    "url": "https://awx.example.com/#/jobs/playbook/42",
    "job_friendly_name": "Job",
    "job_metadata": "{}",
    "approval_node_name": "Rerun more instances of retail than 50",
    "approval_status": "pending",
    "workflow_url": "https://awx.example.com/#/jobs/workflow/41",
}
_EVENTS = {"started", "success", "error"}
_APPROVALS = {"running", "approved", "denied", "timed_out"}


def messages(given: t.Mapping[str, t.Any] | None) -> list[str]:
    """Check a notification's messages. The body of a webhook must also be JSON."""
    if not given:
        return []
    problems = [f"unexpected field {name}" for name in given.keys() - _EVENTS - {"workflow_approval"}]
    approvals = given.get("workflow_approval") or {}
    problems += [f"unexpected field {name}" for name in approvals.keys() - _APPROVALS]
    for message in [given.get(name) for name in _EVENTS] + list(approvals.values()):
        for name, template in (message or {}).items():
            try:
                text = message_text(template, STUB)
                if name == "body":
                    json.loads(text)
            except (TemplateError, ValueError) as error:
                problems.append(f"{name}: {error}")
    return problems


def message_text(template: str, context: Json) -> str:
    """Render a message as AWX does."""
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(**context)


def rendered(injectors: Json, values: Json, inputs: Json) -> dict[str, str]:
    """The environment variables that AWX sets for a credential with *values*. An omitted text becomes "", an omitted boolean False."""
    namespace = {field["id"]: False for field in inputs["fields"] if field.get("type") == "boolean"}
    namespace.update({name: value for name, value in values.items() if value not in ("", None)})
    sandbox = ImmutableSandboxedEnvironment()
    return {name: sandbox.from_string(template).render(**namespace) for name, template in injectors.get("env", {}).items()}


def _field(field: Json) -> list[str]:
    name = str(field.get("id", ""))
    problems = [f"field {name}: unknown key {key}" for key in set(field) - _FIELD_KEYS]
    if not _IDENTIFIER.fullmatch(name) or name == "tower":
        problems.append(f"field {name}: no name for a field")
    if not isinstance(field.get("label"), str):
        problems.append(f"field {name}: it has no label")
    kind = field.get("type", "string")
    if kind not in ("string", "boolean"):
        problems.append(f"field {name}: type {kind}")
    if kind != "string" and {"choices", "multiline", "format", "secret"} & set(field):
        problems.append(f"field {name}: only a string may be secret, formatted or chosen")
    if field.get("format") not in (None, "ssh_private_key", "url"):
        problems.append(f"field {name}: format {field['format']}")
    return problems


def _template(name: str, template: str, ids: list[str]) -> list[str]:
    try:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(dict.fromkeys(ids, "EXAMPLE"))
    except TemplateError as error:
        return [f"{name}: {error}"]
    return []


def _question(question: Json) -> list[str]:
    name = str(question.get("variable"))
    problems = [f"{name}: '{key}' missing or no text" for key in ("type", "question_name", "variable") if not _has(question, key, str)]
    problems += [] if _has(question, "required", bool) else [f"{name}: 'required' missing or no truth"]
    kind = str(question.get("type"))
    if kind not in _SURVEY_TYPES:
        return [*problems, f"{name}: type {kind}"]
    default = question.get("default", "")
    if default != "" and (not isinstance(default, _SURVEY_TYPES[kind]) or isinstance(default, bool)):
        problems.append(f"{name}: the default is not {kind}")
    problems += [
        f"{name}: {key} is not an integer" for key in ("min", "max") if question.get(key) is not None and not _has(question, key, int)
    ]
    if kind in ("multiselect", "multiplechoice"):
        choices = question.get("choices")
        if not choices:
            return [*problems, f"{name}: no choices"]
        chosen = str(default).splitlines()
        if any(choice not in choices for choice in chosen) or (kind == "multiplechoice" and len(chosen) > 1):
            problems.append(f"{name}: the default is none of the choices")
    return problems


def _fits(question: Json, answer: t.Any) -> bool:
    """Whether AWX accepts *answer* to *question*."""
    low, high = question.get("min"), question.get("max")
    if question["type"] == "multiselect":
        return isinstance(answer, list) and set(answer) <= set(question["choices"])
    if question["type"] == "multiplechoice":
        return answer in question["choices"]
    if not isinstance(answer, _SURVEY_TYPES[question["type"]]) or isinstance(answer, bool):
        return False
    size = len(answer) if isinstance(answer, str) else answer
    return (low is None or size >= low) and (high is None or size <= high)


def _has(mapping: Json, name: str, kind: type) -> bool:
    """Whether *mapping* has a value of type *kind* for *name*. A boolean is not an int."""
    return isinstance(mapping.get(name), kind) and not (kind is int and isinstance(mapping[name], bool))
