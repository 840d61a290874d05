# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``since`` with which an interrupted play goes on: the earliest of all its workspaces, even if they have ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible import constants

from ansible_collections.dataarts.factory.plugins.plugin_utils._task.interruption import (
    Note,
    close_all,
    earliest,
    first_to_say,
    interrupted_text,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def note(host: str, since: int, standing: str = "1 running") -> None:
    standing = standing and f"{host}  {standing}"
    Note(host).write(since, standing, f"go on with since={since}")


def test_where_nothing_was_noted_there_is_nothing_to_say() -> None:
    assert interrupted_text() == ""
    assert earliest(7) == 7
    Note("sales").close()
    assert interrupted_text() == ""


def test_the_workspace_that_began_first_counts_also_when_it_has_ended() -> None:
    """With a later ``since``, instances that were rerun there and failed again would be sent once more."""
    note("sales", 100)
    note("mid", 50, "")
    note("supply", 200)
    assert earliest(150) == 50
    assert interrupted_text().splitlines()[1:] == ["sales  1 running", "supply  1 running", "go on with since=50"]
    Note("mid").close()
    Note("sales").close()
    assert interrupted_text().splitlines()[1:] == ["supply  1 running", "go on with since=50"]
    Note("supply").close()
    assert interrupted_text() == "", "nothing is left to go on with"
    assert earliest(60) == 50


def test_of_several_runs_of_one_host_the_first_counts() -> None:
    """For instance in a loop over the workspaces of the host, or in several tasks."""
    note("sales", 100)
    note("sales", 300, "3 running")
    assert interrupted_text().splitlines()[1:] == ["sales  3 running", "go on with since=100"]
    note("sales", 20)
    assert earliest(300) == 20


def test_a_play_that_has_summed_up_was_not_interrupted() -> None:
    note("sales", 100)
    note("supply", 200)
    close_all()
    assert interrupted_text() == ""
    assert earliest(300) == 100, "a play after it in the same playbook is run again together with it"


def test_a_note_that_is_only_being_written_is_left_out(folder: Path) -> None:
    note("sales", 100)
    (path,) = folder.iterdir()
    path.with_name(f"{path.name}.4711").write_text("{", encoding="utf-8")
    assert interrupted_text().splitlines()[1:] == ["sales  1 running", "go on with since=100"]


def test_many_workspaces_are_counted() -> None:
    for number in range(13):
        note(f"ws{number:02}", 100 - number)
    assert interrupted_text().splitlines()[-2:] == ["and 3 more workspaces", "go on with since=88"]


def test_what_is_the_same_for_many_is_said_by_the_first() -> None:
    assert [first_to_say("Held back: a."), first_to_say("Held back: b."), first_to_say("Held back: a.")] == [True, True, False]
    note("sales", 100)
    assert earliest(150) == 100


def test_where_nothing_can_be_noted_everybody_says_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(folder / "none"))
    assert [first_to_say("Held back."), first_to_say("Held back.")] == [True, True]


#: A play that is ended by a signal while it writes a line: the signal comes within the write of the stream.
_WHILE_IT_WRITES = """
import io, os, signal, sys
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.interruption import Note
from ansible_collections.dataarts.factory.plugins.plugin_utils._task.main_process import prepare_main_process

class Interrupted(io.FileIO):
    def write(self, data):
        os.kill(os.getpid(), int(sys.argv[2]))
        return super().write(data)

stream = io.TextIOWrapper(io.BufferedWriter(Interrupted(getattr(sys, sys.argv[1]).fileno(), "w", closefd=False)), line_buffering=True)
setattr(sys, sys.argv[1], stream)
prepare_main_process()
Note("sales").write(100, "sales  1 running", "go on with since=100")
try:
    print("TASK [Watch]", file=stream)
except Exception as error:  # as ansible-core does when a callback prints
    os.write(1, f"{error!r} was taken for an error of the callback, and the play goes on".encode())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_signal_in_the_middle_of_a_line_ends_the_play_and_tells_what_stands(stream: str, number: signal.Signals, tmp_path: Path) -> None:
    words = [sys.executable, "-c", _WHILE_IT_WRITES, stream, str(int(number))]
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, "goes on" in ended.stdout) == (-number, False), ended
    assert ended.stderr.splitlines()[-2:] == ["sales  1 running", "go on with since=100"]
