# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definitions of role awx follow the rules of AWX and agree with the modules that read them."""

from __future__ import annotations

import copy
import json
import re
import typing as t

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.times import parse_point, parse_time
from ansible_collections.dataarts.factory.plugins.module_utils._config.argument_spec import instance_retry_spec, rerun_spec
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import ENVIRONMENT, SECRET_OPTIONS
from ansible_collections.dataarts.factory.plugins.module_utils._config.raw_values import TIMES, fitted
from ansible_collections.dataarts.factory.plugins.module_utils._planner.quiet_hours import QuietHours
from ansible_collections.dataarts.factory.plugins.plugin_utils._awx.launch_inputs import credential_errors, survey_answer_errors
from tests.awx import definitions, rules
from tools import awx_tasks


def test_awx_accepts_the_credential_type() -> None:
    kinds = ("", "journal_", "report_")
    for kind in kinds:
        assert rules.credential_type("cloud", definitions.inputs(kind), definitions.injectors(kind)) == []
    # A job template has credentials of all kinds, so their variables must not collide.
    names = [name for kind in kinds for name in definitions.injectors(kind)["env"]]
    assert len(names) == len(set(names))


def test_every_field_is_labelled_explained_and_read_by_the_modules() -> None:
    fields = {field["id"]: field for field in definitions.inputs()["fields"]}
    assert all(field["label"] and field["help_text"] and field["type"] == "string" for field in fields.values())
    assert {name for name, field in fields.items() if field.get("secret")} == set(SECRET_OPTIONS)
    # The tasks match fields and variables by position.
    assert list(definitions.injectors()) == ["env"]
    assert list(definitions.injectors()["env"].items()) == [(ENVIRONMENT[name][0], f"{{{{ {name} }}}}") for name in fields]


def test_an_omitted_field_is_an_empty_variable_and_counts_as_unset() -> None:
    environ = rules.rendered(
        definitions.injectors(), {"region": "cn-north-4", "access_key": "A", "secret_key": "0123"}, definitions.inputs()
    )
    assert environ["HW_SECRET_KEY"] == "0123"
    assert environ["HW_AUTH_TOKEN"] == environ["HW_USER_NAME"] == ""
    ids = [field["id"] for field in definitions.inputs()["fields"]]
    assert credential_errors(dict(zip(ids, environ.values(), strict=True)), definitions.inputs()["fields"]) == []


@pytest.mark.parametrize("name", definitions.surveys())
def test_awx_accepts_the_surveys_and_applies_their_defaults(name: str) -> None:
    survey = definitions.surveys()[name]
    assert rules.survey(survey) == []
    assert rules.unusable_defaults(survey) == []
    assert all(question["question_name"] and question["question_description"] for question in survey["spec"])
    assert not any(question["type"] == "password" for question in survey["spec"])
    assert survey_answer_errors(rules.unanswered(survey)) == []


def test_no_survey_takes_the_place_of_what_the_inventory_may_say_for_a_workspace() -> None:
    """If nobody answers, as with a schedule, every choice and limit of the inventory counts."""
    asked = {name for survey in definitions.surveys().values() for name in rules.unanswered(survey)}
    plain = {name for name in asked if not name.startswith("dataarts_answer_")}
    assert plain == {"dataarts_planned_before", "dataarts_since", "dataarts_check_only", "dataarts_concurrent"}


def test_a_notification_says_what_is_broken_in_json() -> None:
    """The text is the job's closing lines, or AWX's explanation if the job did not get that far. Line breaks and quotes are escaped."""
    messages = definitions.variables("definitions")["__dataarts_awx_messages"]
    assert rules.messages(messages) == []
    assert set(messages["workflow_approval"]) == {"running", "approved", "denied", "timed_out"}
    lines = '1 of 8 instances is still broken.\nsales  weekly_report  node "reconcile" \\ 3 accounts differ'
    report = "https://reports.example.com/rerun-1.html"
    job = {**rules.STUB["job"], "artifacts": {"dataarts_summary": {"text": lines, "report_url": report}}}
    body = json.loads(rules.message_text(messages["error"]["body"], {**rules.STUB, "job": job}))
    assert body["text"] == f'Stub "Job" failed. {lines}\n{rules.STUB["url"]}'
    assert body["report_url"] == report
    early = json.loads(rules.message_text(messages["error"]["body"], rules.STUB))
    assert "Previous Task Failed" in early["text"]
    assert rules.messages({"error": {"body": "{{ job.nosuch }}"}, "never": None})


#: A form of a time or of hours that the text of a question offers, or a reference to the forms of the previous question.
OFFERED = re.compile(
    r"[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2} [\w+:/]+|(?<![\w-])[-+][0-9]+[smhd]\b"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(?:Z|[+-][0-9:]+)|13 digits|[Ii]n the same forms?"
)


def offered(spec: t.Sequence[dict[str, t.Any]]) -> t.Iterator[tuple[str, str]]:
    """(option, form) for every form of a time that the questions of *spec* offer."""
    before: list[str] = []
    for question in spec:
        texts = OFFERED.findall(question["question_description"])
        forms = before if any("same form" in form for form in texts) else [form.replace("13 digits", "1764547200000") for form in texts]
        before = forms
        option = re.sub(r"^dataarts_(answer_)?", "", question["variable"])
        yield from ((option, form) for form in forms if option in (*TIMES, "not_between"))


@pytest.mark.parametrize(
    ("option", "form"), sorted({pair for survey in definitions.surveys().values() for pair in offered(survey["spec"])})
)
def test_every_form_that_a_question_offers_is_one_that_the_module_reads(option: str, form: str) -> None:
    """This includes the value that ansible-core 2.19 and later pass on, which read the text from AWX again as YAML."""
    spec = {**rerun_spec(), **instance_retry_spec()}[option]
    for given in (form, yaml.safe_load(form)):
        assert survey_answer_errors({f"dataarts_answer_{option}": given}) == []
        value = fitted({option: spec}, {option: given})[0][option]
        if option == "not_between":
            QuietHours.of(value, now_ms=1_764_633_600_000)
        elif option in ("begin_time", "end_time"):
            assert parse_point(value, option=option)
        else:
            assert parse_time(value, now_ms=1_764_633_600_000, option=option, ahead=option == "deadline")


def test_the_forms_that_questions_offer_are_found() -> None:
    options = {option for survey in definitions.surveys().values() for option, form in offered(survey["spec"])}
    assert options == {"planned_after", "planned_before", "begin_time", "end_time", "deadline", "not_between"}
    assert OFFERED.findall("A time before now (-24h, -7d), or 13 digits") == ["-24h", "-7d", "13 digits"]
    assert OFFERED.findall("A window (22:00-06:00 UTC, 08:00-09:30 +08:00)") == ["22:00-06:00 UTC", "08:00-09:30 +08:00"]


def test_several_windows_are_a_line_each() -> None:
    lines = "22:00-06:00 Asia/Shanghai\n12:00-13:00 +08:00"
    assert survey_answer_errors({"dataarts_answer_not_between": lines}) == []
    assert fitted({"not_between": rerun_spec()["not_between"]}, {"not_between": lines})[0] == {"not_between": lines.splitlines()}


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("refused in spite of the default", {"type": "integer", "required": True, "default": 1}),
        ("does not fit its limits", {"type": "textarea", "min": 2, "default": "*"}),
        ("left as it is, is refused", {"type": "text", "min": 1, "default": ""}),
        ("left as it is, is refused", {"type": "integer"}),
        ("left as it is, is refused", {"type": "multiplechoice", "choices": ["a", "b"]}),
        ("does not fit its limits", {"type": "multiselect", "choices": ["a", "b"], "default": "a"}),
        ("cannot read its default", {"type": "textarea", "min": 1, "default": "*"}),
    ],
)
def test_the_rules_find_questions_that_awx_would_not_answer(words: str, changes: dict[str, t.Any]) -> None:
    problems = rules.unusable_defaults({"spec": [{"variable": "x", "required": False, **changes}]})
    assert any(words in problem for problem in problems), problems


BROKEN: list[tuple[str, t.Callable[[t.Any, t.Any], t.Any]]] = [
    ("field tower: no name for a field", lambda inputs, env: inputs["fields"][0].update(id="tower")),
    ("field no-name: no name for a field", lambda inputs, env: inputs["fields"][0].update(id="no-name")),
    ("field region: type integer", lambda inputs, env: inputs["fields"][0].update(type="integer")),
    ("field region: unknown key ask_at_runtime", lambda inputs, env: inputs["fields"][0].update(ask_at_runtime=True)),
    ("field region: it has no label", lambda inputs, env: inputs["fields"][0].pop("label")),
    ("field ids must be unique (region)", lambda inputs, env: inputs["fields"][1].update(id="region")),
    ("environment variable ANSIBLE_FORKS is not allowed", lambda inputs, env: env.update(ANSIBLE_FORKS="1")),
    ("environment variable PATH is not allowed", lambda inputs, env: env.update(PATH="/")),
    ("environment variable HW_X is not ASCII", lambda inputs, env: env.update(HW_X="é")),
    ("HW_X: 'nothing' is undefined", lambda inputs, env: env.update(HW_X="{{ nothing }}")),
    ("HW_X: No filter named 'to_json'", lambda inputs, env: env.update(HW_X="{{ region | to_json }}")),
]


@pytest.mark.parametrize(("words", "spoil"), BROKEN)
def test_the_rules_find_what_awx_refuses(words: str, spoil: t.Callable[[t.Any, t.Any], t.Any]) -> None:
    inputs, injectors = copy.deepcopy(definitions.inputs()), copy.deepcopy(definitions.injectors())
    spoil(inputs, injectors["env"])
    assert any(words in problem for problem in rules.credential_type("cloud", inputs, injectors))


def test_the_example_has_a_rule_that_awx_accepts() -> None:
    example = yaml.safe_load((definitions.ROOT / "examples" / "awx" / "awx.yml").read_text(encoding="utf-8"))
    assert rules.rrule(example["dataarts_awx_schedule_rrule"]) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("DTSTART:20260101T060000 RRULE:FREQ=DAILY;INTERVAL=1", "naive"),
        ("DTSTART;TZID=Asia/Shangai:20260101T060000 RRULE:FREQ=DAILY;INTERVAL=1", "Asia/Shangai is not a time zone"),
        ("DTSTART:20260101T060000Z", "a rule is required"),
        ("RRULE:FREQ=DAILY;INTERVAL=1", "exactly one DTSTART"),
        ("DTSTART:20260101T060000Z RRULE:FREQ=DAILY", "INTERVAL required"),
        ("DTSTART:20260101T060000Z RRULE:FREQ=SECONDLY;INTERVAL=1", "no known FREQ"),
        ("DTSTART:20260101T060000Z RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO", "BYDAY with a number"),
        ("DTSTART:20260101T060000Z RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000", "COUNT above 999"),
        ("DTSTART:20260101T060000Z RRULE:FREQ=DAILY;INTERVAL=1 EXDATE:20260102T060000Z", "EXDATE: is not allowed"),
    ],
)
def test_the_rules_refuse_a_schedule_that_awx_would_refuse(rule: str, words: str) -> None:
    problems = rules.rrule(rule)
    assert [words in problem for problem in problems] == [True], problems


def test_the_tasks_for_the_other_collection_are_the_same() -> None:
    """If they differ, run `python -m tools.awx_tasks`."""
    folder = awx_tasks.TASKS / awx_tasks.COLLECTION
    assert sorted(path.name for path in folder.iterdir()) == awx_tasks.names()
    for name in awx_tasks.names():
        assert (folder / name).read_text(encoding="utf-8") == awx_tasks.written(name), name


def test_every_module_that_is_used_is_looked_for_first() -> None:
    tasks = "".join((awx_tasks.TASKS / name).read_text(encoding="utf-8") for name in awx_tasks.names())
    assert definitions.variables("definitions")["__dataarts_awx_module_names"] == sorted(set(re.findall(r" awx\.awx\.(\w+):", tasks)))


def test_every_default_is_documented_as_it_is() -> None:
    role = definitions.ROOT / "roles" / "awx"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    assert defaults == {name: option["default"] for name, option in specs.items() if "default" in option}
