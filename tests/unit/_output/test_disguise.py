# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disguised text looks like the original and reveals nothing of it."""

from __future__ import annotations

import ast
import re
import typing as t
import unicodedata
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import REMEDIES
from ansible_collections.dataarts.factory.plugins.module_utils._models.checkup import AnswerSeen, Observed
from ansible_collections.dataarts.factory.plugins.module_utils._output import plain_words
from ansible_collections.dataarts.factory.plugins.module_utils._output.disguise import Disguise
from ansible_collections.dataarts.factory.plugins.module_utils._output.recording import Checkup, record, to_json
from ansible_collections.dataarts.factory.plugins.module_utils._planner.assumptions import POINTS

KEY = b"k" * 32
MODULE_UTILS = Path(__file__).resolve().parents[3] / "plugins" / "module_utils"
#: Files with the texts of a checkup's sentences.
SPEAKING = (
    "_planner/diagnosis.py",
    "_planner/assumptions.py",
    "_planner/zone_of_today.py",
    "_planner/rerun_identity.py",
    "_planner/showing.py",
    "_config/credentials.py",
)
NAMES = (
    "daily_sales",
    "销售数据_日报",
    "продажи 2",
    "売上データ",
    "매출재고",
    "Ärger-Straße",
    "مبيعات",
    "हिन्दी",
    "📦🚀",
    "62fbba734e634c5087656fc3ff7adf34",
    "a",
    "7",
)


def script(char: str) -> str:
    name = unicodedata.name(char, "?").split()[0].replace("DIGIT", "LATIN").split("-")[0]
    return "PICTURE" if unicodedata.category(char) == "So" else {"HIRAGANA": "KATAKANA", "IDEOGRAPHIC": "KATAKANA"}.get(name, name)


@pytest.mark.parametrize("name", NAMES)
def test_length_kinds_and_scripts_stay_and_no_character_does(name: str) -> None:
    made = Disguise(KEY).text(name)
    assert len(made) == len(name)
    for old, new in zip(name, made):
        if old in "_- ":
            assert new == old
        else:
            assert new != old
            assert unicodedata.category(new)[0] == unicodedata.category(old)[0]
            assert old.isdigit() == new.isdigit()
            assert script(old) == script(new)


def test_the_same_word_is_disguised_alike_everywhere_and_otherwise_with_another_key() -> None:
    disguise = Disguise(KEY)
    name = disguise.text("销售_17")
    assert disguise.text("销售_17") == name
    assert name in disguise.text("Table 销售_17 not found")
    assert disguise.text(f"/jobs/{quote('销售_17')}/log") == f"{disguise.text('/jobs/')}{quote(name)}{disguise.text('/log')}"
    assert disguise.text("Daily").lower() == disguise.text("daily")
    assert str(disguise.number(917567)) == disguise.text("917567")
    assert Disguise(b"j" * 32).text("销售_17") != name


@given(st.text(max_size=60))
@settings(max_examples=400)
def test_any_text_can_be_disguised(text: str) -> None:
    made = Disguise(KEY).text(text)
    if "%" not in text:
        assert len(made) == len(text)
    for old, new in zip(text, made):
        assert old != new or "%" in text or unicodedata.category(old)[0] in "PZS" or old in "\n\t\r"
    made.encode()


@given(st.integers(-(10**15), 10**15))
def test_numbers_keep_their_sign_and_length(number: int) -> None:
    made = Disguise(KEY).number(number)
    assert len(str(made)) == len(str(number))
    assert number == 0 or (made < 0) == (number < 0)


@pytest.mark.parametrize("text", ["1.5e-7", "-1.5e30", "1e30", "0.5", "-2.5", "NaN", "Infinity", "9" * 40])
def test_any_number_of_an_answer_can_be_recorded(text: str) -> None:
    assert text.strip("-") not in str(recorded(f'{{"acme": {text}}}'.encode())["body"])


def test_times_move_by_whole_weeks() -> None:
    disguise = Disguise(KEY)
    shifted = disguise.time(1_732_608_520_123)
    assert shifted < 1_732_608_520_123
    assert (1_732_608_520_123 - shifted) % (7 * 86_400_000) == 0
    assert disguise.time(1_732_608_520_124) == shifted + 1


@pytest.mark.parametrize(
    ("originals", "sentence", "words"),
    [
        ([], "the gateway refuses with APIGW.0101 (HTTP 404)", "the gateway refuses with APIGW.0101 (HTTP 404)"),
        ([], "62fb12 is not a workspace of project acme", "???? is not a workspace of project ????"),
        (["not open"], "the call is not open to this account", "the call is ??? ???? to this account"),
        (["job"], "the Job does not exist, job_name is", "the ??? does not exist, job_name is"),
        ([], "http://proxy:8080 10.2.3.4 /home/user/journal.db", "????://????:???? ????.????.????.???? /????/????/????.????"),
        ([], "销售 is closed", "?? is closed"),
    ],
)
def test_sentences(originals: list[str], sentence: str, words: str) -> None:
    made = Disguise(KEY, originals).sentence(sentence)
    assert re.fullmatch(re.sub(r"(\\\?)+", r"\\w+", re.escape(words)), made), made
    hidden = [old for old, shown in zip(sentence.split(), words.split()) if "?" in shown]
    assert [old for old in hidden if old in made.split()] == []


def test_the_words_of_our_messages_are_known() -> None:
    texts = [*REMEDIES.values(), *(str(judge.__doc__).partition("\n")[0] for judge in POINTS.values() if callable(judge))]
    for name in SPEAKING:
        tree = ast.parse((MODULE_UTILS / name).read_text(encoding="utf-8"))
        described = (node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)))
        docstrings = {id(node.body[0].value) for node in described if isinstance(node.body[0], ast.Expr)}
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings]
        texts += [node.value for node in constants if isinstance(node.value, str) and " " in node.value]
    words = {word.lower() for text in texts for word in re.findall(r"[A-Za-z]{3,}", text)}
    assert sorted(words - plain_words.PLAIN) == []


def recorded(body: bytes, **more: t.Any) -> dict[str, t.Any]:
    """The recording of one answer."""
    answer: dict[str, t.Any] = {"route": "v1.list", "method": "GET", "path": "/v1/p1/jobs/instances/detail", "query": (), "status": 200}
    seen = AnswerSeen(**{**answer, "headers": {}, **more}, body=body)
    recording = record(Checkup({}, Observed(), [seen]), lambda: KEY)
    assert to_json(recording).decode()
    return t.cast("dict[str, t.Any]", recording["answers"][0])


def test_words_of_the_service_stay_where_it_has_them_and_nowhere_else() -> None:
    body = b'{"status": "fail", "name": "fail", "type": "DLISQL", "jobType": "secret", "error_code": "DLF.0137", "code": "x.1", "secretKey": "fail"}'
    made = recorded(body)["body"]
    assert (made["status"], made["type"], made["error_code"]) == ("fail", "DLISQL", "DLF.0137")
    assert {made["name"], made["jobType"], made["code"]}.isdisjoint({"fail", "", "secret", "x.1"})
    assert made["secretKey"] == made["name"]


def test_names_of_unknown_fields_are_disguised() -> None:
    made = recorded(b'{"acmeColour": 5, "job_count_limit": 7}')["body"]
    assert "acmeColour" not in made
    assert "job_count_limit" in made


@pytest.mark.parametrize(
    "body", [b"<html>acme</html>", b"\xff\xfe", b'{"a": ', b"[" * 100_000, b"", b"{}", b"null", b'"text"', b"5", b"\x00"]
)
def test_any_body_can_be_recorded(body: bytes) -> None:
    assert "acme" not in str(recorded(body))


def test_lists_are_shortened_and_that_is_said() -> None:
    made = recorded(b'{"total": 9, "instances": [%s]}' % b", ".join([b'{"planTime": 1732608520000}'] * 9))
    assert len(made["body"]["instances"]) == 5
    assert made["left_out"] == {"instances": 4}
    assert made["body"]["total"] == 9


def test_headers_and_paths() -> None:
    made = recorded(
        b"", headers={"date": "Mon, 02 Nov 2026 10:00:00 GMT", "x-request-id": "4f3e", "x-secret": "s3cret", "retry-after": "5"}
    )
    assert made["headers"]["date"].startswith("Mon, ")
    assert made["headers"]["date"].endswith(" 10:00:00 GMT")
    assert made["headers"]["retry-after"] == "5"
    assert "x-secret" not in made["headers"]
    path = recorded(b"", route="v1.instance", path=f"/v1/p1/jobs/{quote('jobs/销', safe='')}/instances/17")["path"]
    assert re.fullmatch(r"/v1/\w\d/jobs/\w{4}%2F.+/instances/\d\d", path)
    assert not {"17", "p1", "销"} & set(unquote(path).split("/"))
