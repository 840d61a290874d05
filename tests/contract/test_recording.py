# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of random accounts contain no data of the account, and the emulator can be set to behave like the account."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import typing as t
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._api.questions import NO_SUCH_JOB
from ansible_collections.dataarts.factory.plugins.module_utils._http import rate_limiter
from ansible_collections.dataarts.factory.plugins.module_utils._output import plain_words
from emulator.recording import switches_like
from emulator.running import Running
from emulator.service import Service
from tests.support.drawn_accounts import WORDS_OF_OURS, Drawn, drawn
from tests.support.logic import Result, call
from tests.support.long import whole_plays
from tests.support.playbook import ROOT
from tests.support.workspace import account

ACCOUNTS, AT_ONCE = 200, 10
#: Texts with at least so many characters do not occur in a recording by chance.
LONG = 6


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Turn the rate limiter off."""
    for route in rate_limiter.RATES:
        monkeypatch.setitem(rate_limiter.RATES, route, 1e6)
    monkeypatch.setattr(rate_limiter, "OTHER_RATE", 1e6)
    monkeypatch.setenv("HOME", str(tmp_path))


def recorded(service: Running, known: Drawn, path: Path) -> Result:
    """Run the doctor on the account, with its recording at *path*. Returns the result."""
    who = {"access_key": known.access_key, "secret_key": known.secret_key, "project_id": known.project_id}
    options = account(service, **who, workspace_id=known.workspace_id, probe_retry=True, report_path=str(path), time_limit=60.0)
    result = call("account_doctor", options)
    assert not result["failed"], result["msg"]
    return result


def leaves(value: t.Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yields texts and numbers in *value* as (name of the field, text); percent-encoded ones also decoded. Unknown names of fields are texts too."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from leaves(item, inner)
            if inner not in plain_words.FIELDS:
                yield "", inner
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)
        if "%" in str(value) and name != "content-type":
            yield name, unquote(str(value))


def instance_ids(service: Running) -> set[str]:
    jobs = [job for workspace in service.state()["workspaces"].values() for job in workspace.values()]
    return {str(instance["instance_id"]) for job in jobs for instance in job}


def leaks(recording: Result, originals: t.Iterable[str]) -> list[tuple[str, str, str]]:
    """Originals that occur in the recording: long ones anywhere, short ones as whole words. Messages may have names that are also our words."""
    sentences = [(name, check[name]) for check in recording["checks"] for name in ("text", "remedy")]
    sentences += [("", recording["first_step"]), *(("", point["evidence"]) for point in recording["assumptions"])]
    sentences += [("", read["message"]) for read in recording["reads"].values() if read]
    messages = [*sentences, *(leaf for leaf in answered(recording) if leaf[0] in plain_words.MESSAGE_FIELDS)]
    answers = [leaf for leaf in answered(recording) if leaf[0] not in plain_words.MESSAGE_FIELDS | plain_words.WORD_FIELDS]
    leaked = []
    for original in originals:
        whole = re.compile(rf"(?<!\w){re.escape(original)}(?!\w)", re.IGNORECASE)
        for name, text in answers if original in WORDS_OF_OURS else [*messages, *answers]:
            if (original.casefold() in text.casefold()) if len(original) >= LONG else whole.search(text):
                leaked.append((original, name, text))
    return leaked


def answered(recording: Result) -> Iterator[tuple[str, str]]:
    """Leaves of the answers, without the fixed words of paths, which are the same for every account."""
    for answer in recording["answers"]:
        template = plain_words.ROUTE_PATHS.get(answer["call"], ())
        segments = answer["path"].split("/")[1:]
        own = [segment for segment, word in zip(segments, template, strict=False) if word == "*" and segment != NO_SUCH_JOB]
        yield from (("", segment) for segment in (own if len(segments) == len(template) else segments))
        for part in ("query", "headers", "body", "text", "left_out"):
            yield from leaves({name: answer[name] for name in (part,) if name in answer}.get(part))


def same(setting: t.Any, actual: t.Any) -> bool:
    """Whether two settings are equal; seconds may differ by two."""
    if isinstance(actual, (int, float)) and not isinstance(actual, bool) and isinstance(setting, (int, float)):
        return abs(setting - actual) <= 2
    return type(setting) is type(actual) and setting == actual


@pytest.mark.parametrize("first", whole_plays(range(0, ACCOUNTS, AT_ONCE)))
def test_nothing_of_an_account_is_in_its_recording_and_the_switches_come_back(emulated: Running, tmp_path: Path, first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        known, path = drawn(seed), tmp_path / "recording.json"
        emulated.reset(known.scenario)
        originals = known.originals | instance_ids(emulated)
        result = recorded(emulated, known, path)
        text = path.read_text(encoding="utf-8")
        recording = json.loads(text)
        assert leaks(recording, originals) == [], seed
        assert len(recording["answers"]) > 10
        like, actual = switches_like(path), emulated.state()["switches"]
        assert like == {point["name"]: point["setting"] for point in result["assumptions"] if point["decided"]}, seed
        assert {name: setting for name, setting in like.items() if not same(setting, actual[name])} == {}, seed
        assert {name: Service(known.scenario, like=like).switches[name] for name in like} == like
        assert len(like) >= 5, seed


def test_the_doctor_says_the_same_of_an_emulator_that_is_like_the_recording(emulated: Running, tmp_path: Path) -> None:
    for seed in range(5):
        known, path = drawn(seed), tmp_path / "recording.json"
        known.scenario["faults"] = []
        emulated.reset(known.scenario)
        recorded(emulated, known, path)
        like = switches_like(path)
        emulated.reset({**known.scenario, "switches": {"flow_control": False, **like}})
        recorded(emulated, known, path)
        assert {name: setting for name, setting in switches_like(path).items() if name in like} == like, seed


def test_only_the_user_may_read_it(emulated: Running, tmp_path: Path) -> None:
    known, path = drawn(0), tmp_path / "new" / "recording.json"
    emulated.reset(known.scenario)
    recorded(emulated, known, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [child.name for child in path.parent.iterdir()] == ["recording.json"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs", encoding="utf-8")
    path.unlink()
    path.symlink_to(elsewhere)
    recorded(emulated, known, path)
    assert elsewhere.read_text(encoding="utf-8") == "theirs"
    assert not path.is_symlink()


@pytest.mark.parametrize(
    ("where", "cause"), [("/dev/null/x.json", "cannot be written"), ("/proc/recording.json", "recording"), (".", "folder")]
)
def test_a_place_that_cannot_be_written_is_named_before_anything_is_asked(emulated: Running, where: str, cause: str) -> None:
    known = drawn(0)
    emulated.reset(known.scenario)
    who = {"access_key": known.access_key, "secret_key": known.secret_key, "project_id": known.project_id}
    result = call("account_doctor", account(emulated, **who, workspace_id=known.workspace_id, report_path=where))
    assert result["failed"]
    assert cause in result["msg"]
    assert "Set report_path to" in result["msg"]
    if where != "/proc/recording.json":  # a folder that only seems to be writable
        assert emulated.requests() == []


#: Broken recordings: name to a part of the message and the content.
BROKEN: dict[str, tuple[str, str]] = {
    "no JSON": ("not JSON", "format: yes"),
    "cut off": ("not JSON", '{"format": "dataarts.factory recording", "version": 1, "assump'),
    "another file": ("not a recording", '{"name": "package.json"}'),
    "a list": ("not a recording", "[]"),
    "a later version": ("version 2", '{"format": "dataarts.factory recording", "version": 2, "points": []}'),
    "without points": ("measure=false", '{"format": "dataarts.factory recording", "version": 1}'),
    "a point without a name": ("no name", '{"format": "dataarts.factory recording", "version": 1, "assumptions": [{"decided": true}]}'),
    "a point of a later version": (
        "no switch colour",
        '{"format": "dataarts.factory recording", "version": 1, "assumptions": [{"name": "colour", "decided": true, "setting": 1}]}',
    ),
    "a setting of a later version": (
        "cannot be 'bytes'",
        '{"format": "dataarts.factory recording", "version": 1, "assumptions": [{"name": "offset_unit", "decided": true, "setting": "bytes"}]}',
    ),
    "a point twice": (
        "twice",
        '{"format": "dataarts.factory recording", "version": 1, "assumptions": ['
        + ", ".join(['{"name": "offset_unit", "decided": true, "setting": "page"}'] * 2)
        + "]}",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_not_a_recording_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    says, content = BROKEN[name]
    path = tmp_path / "recording.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(str(path))) as refused:
        switches_like(path)
    assert says in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        switches_like(tmp_path / "none.json")


def test_the_emulator_starts_like_a_recording(emulated: Running, tmp_path: Path) -> None:
    known, path = drawn(0), tmp_path / "recording.json"
    emulated.reset(
        {**known.scenario, "faults": [], "switches": {"flow_control": False, "offset_unit": "record", "v1_job_id": "text_comma"}}
    )
    recorded(emulated, known, path)
    with subprocess.Popen([sys.executable, "-m", "emulator", "--like", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            control = json.loads(process.stdout.readline())["control"]
            for dummy in range(2):
                with urllib.request.urlopen(f"{control}/switches", timeout=60) as answer:
                    switches = json.load(answer)
                assert {name: switches[name] for name in switches_like(path)} == switches_like(path)
                assert (switches["offset_unit"], switches["v1_job_id"]) == ("record", "text_comma")
                urllib.request.urlopen(urllib.request.Request(f"{control}/reset", b'{"scenario": null}', method="POST"), timeout=60).close()
        finally:
            process.kill()


@pytest.mark.parametrize("module", ["emulator", "tools.switches"])
def test_both_commands_refuse_what_is_not_a_recording(tmp_path: Path, module: str) -> None:
    path = tmp_path / "recording.json"
    path.write_text("{}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", module, "--like", str(path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert "it is not a recording. Let module account_doctor write one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_the_suite_can_be_run_like_a_recording(emulated: Running, tmp_path: Path) -> None:
    known, path = drawn(0), tmp_path / "recording.json"
    emulated.reset({**known.scenario, "switches": {"flow_control": False, "offset_unit": "record", "code_spelling": "old"}})
    recorded(emulated, known, path)
    command = [sys.executable, "-m", "tools.switches", "--list", "--like", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines() == [' 1 of 1  offset_unit="record" code_spelling="old"']
    chosen = ["tests/integration/test_late_starts.py", "-n0", "-k", "test_where_the_list"]
    run = subprocess.run(
        [*command[:3], "--like", str(path), "--", *chosen], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert re.fullmatch(r'.*offset_unit="record" code_spelling="old"\n +[1-9]\d* passed(, \d+ deselected)?\n', run.stdout), run.stdout
    assert run.returncode == 0


@pytest.mark.parametrize("arguments", ["", "--list", "-- tests/integration/test_late_starts.py", "tests/integration/test_late_starts.py"])
def test_make_passes_each_argument_to_the_one_that_it_is_for(tmp_path: Path, arguments: str) -> None:
    command = ["make", "-n", "switches", f"ARGS={arguments}", f"LIKE={tmp_path / 'recording.json'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    words = done.stdout.splitlines()[-1].split()
    assert words.count("--") == 1
    assert words.index("--") < words.index("-n")
    assert words.index("--like") < words.index("--")
