# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of sent reruns: what it holds, what a crash leaves of it, and that one process at a time has it.

Other processes are real ones. They say by a line on their output how far they are, and go on by a line on their input.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import LedgerError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.ledger import KEEP_MS, Ledger
from ansible_collections.dataarts.factory.plugins.module_utils._journal.state_files import Identity, state_directory
from ansible_collections.dataarts.factory.plugins.module_utils._models.attempt import Sent
from tests.unit.building import WORKSPACE, T, at, instance, key

WHO = Identity("https://dayu.eu-west-101.myhuaweicloud.eu", "0f3c9e", WORKSPACE)


def ledger(path: t.Any, *, now: t.Any = 0.0, who: t.Any = WHO, lock_timeout: t.Any = 60.0, read_only: t.Any = False) -> t.Any:
    return Ledger(str(path), who, now_ms=at(now), lock_timeout=lock_timeout, read_only=read_only)


def intents(*numbers: t.Any, when: t.Any = 1.0, attempt: t.Any = 1) -> t.Any:
    return [Sent.of(instance(number=number), at(when), attempt=attempt, batch=len(numbers)) for number in numbers]


def lines(path: t.Any) -> t.Any:
    (file,) = Path(path).glob("*.jsonl")
    return file.read_bytes().split(b"\n")[:-1]


class TestMemory:
    def test_what_was_intended_and_what_came_of_it_is_there_the_next_time(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            assert (book.born_ms, book.all_sent()) == (at(0), {})
            book.record_intent(intents(1, 2))
            book.record_intent(intents(3, when=2))
            book.record_outcome([key(1), key(2)], "accepted", "r-1", now_ms=at(1.5))
            book.record_outcome([key(3)], "refused", None, message="DLF.0111 not allowed")
            told = book.all_sent()
        with ledger(tmp_path, now=50) as book:
            assert book.all_sent() == told
            assert book.born_ms == at(0)
            assert book.all_sent()[key(1)] == dataclasses.replace(intents(1, 2)[0], outcome="accepted", request_id="r-1")
            assert (book.all_sent()[key(3)].outcome, book.all_sent()[key(3)].message, book.all_sent()[key(3)].batch) == (
                "refused",
                "DLF.0111 not allowed",
                1,
            )
            assert set(book.all_sent()) == {key(1), key(2), key(3)}
            assert book.warnings == []

    def test_the_newest_post_is_the_one_that_counts(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1))
            book.record_outcome([key(1)], "accepted", "r-1")
            book.record_intent(intents(1, when=9, attempt=2))
        with ledger(tmp_path) as book:
            one = book.all_sent()[key(1)]
            assert (one.sent_ms, one.outcome, one.request_id, one.attempt) == (at(9), "intended", None, 2)

    def test_a_refused_post_of_several_is_remembered_as_unknown(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1, 2))
            book.record_outcome([key(1), key(2)], "refused", "r-1", now_ms=at(4), message="DLF.0137")
            for one in (book.all_sent()[key(1)], book.all_sent()[key(2)]):
                assert (one.outcome, one.batch, one.last_ms, one.message) == ("unknown", 2, at(4), "DLF.0137")

    @pytest.mark.parametrize("count", [1, 2])
    def test_that_one_of_several_ran_already_is_remembered(self, tmp_path: t.Any, count: int) -> None:
        numbers = range(1, count + 1)
        with ledger(tmp_path) as book:
            book.record_intent(intents(*numbers))
            book.record_outcome([key(number) for number in numbers], "active", "r-1", now_ms=at(4))
            told = [book.all_sent()[key(number)] for number in numbers]
        assert {(one.outcome, one.overtaken) for one in told} == {("active", False) if count == 1 else ("unknown", True)}
        for torn_end in (b"", b'{"t":'):  # with a torn end the file is written anew
            with next(tmp_path.glob("*.jsonl")).open("ab") as file:
                file.write(torn_end)
            for dummy in range(2):
                with ledger(tmp_path) as book:
                    assert [book.all_sent()[key(number)] for number in numbers] == told

    @pytest.mark.parametrize(("outcome", "last"), [("unknown", 61), ("accepted", 1), ("refused", 1), ("not_sent", 1)])
    def test_an_unknown_outcome_settles_from_when_the_call_was_given_up(self, tmp_path: t.Any, outcome: t.Any, last: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1))
            book.record_outcome([key(1)], outcome, now_ms=at(61))
        with ledger(tmp_path) as book:
            assert book.all_sent()[key(1)].settled_at(60_000) == at(last + 60)

    def test_another_attempt_moves_the_time_from_which_settling_counts(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1, 2))
            count = len(lines(tmp_path))
            book.stamp([key(1), key(2)], at(1.999))
            assert len(lines(tmp_path)) == count
            book.stamp([key(1), key(2), key(3)], at(2))
            book.stamp([key(1), key(2)], at(2.5))
            assert len(lines(tmp_path)) == count + 1
            told = book.all_sent()
        with ledger(tmp_path) as book:
            assert book.all_sent() == told
            assert {one.last_ms for one in told.values()} == {at(2)}
            assert {one.sent_ms for one in told.values()} == {at(1)}

    def test_an_outcome_nobody_knows_is_a_mistake_of_the_caller(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book, pytest.raises(ValueError, match="maybe"):
            book.record_outcome([key(1)], "maybe")

    def test_nothing_recorded_and_outcomes_of_what_was_never_sent_change_nothing(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent([])
            book.record_outcome([], "accepted")
            assert len(lines(tmp_path)) == 1
            book.record_outcome([key(1)], "accepted", "r-1")
            assert book.all_sent() == {}

    def test_text_of_any_script_and_any_length_survives(self, tmp_path: t.Any) -> None:
        name = "任务 \u202e\n\x1b[31m {{ x }} \ud800"
        record = dataclasses.replace(intents(1)[0], job_name=name)
        with ledger(tmp_path) as book:
            book.record_intent([record])
            book.record_outcome([key(1)], "refused", "r\n1", message="x" * 9000)
        assert all(line.isascii() for line in lines(tmp_path))
        with ledger(tmp_path) as book:
            one = book.all_sent()[key(1)]
            assert (one.job_name, one.request_id, one.message) == (name, "r\n1", "x" * 500)

    def test_records_go_when_the_service_no_longer_shows_their_instances(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1))
            book.record_intent(intents(2, when=2))
        later = KEEP_MS / 1000 + 1
        with ledger(tmp_path, now=later) as book:
            assert set(book.all_sent()) == {key(1), key(2)}
        with ledger(tmp_path, now=later + 0.5) as book:
            assert set(book.all_sent()) == {key(2)}
            assert book.born_ms == at(0)
            book.record_intent(intents(3, when=later))
        assert len(lines(tmp_path)) == 3
        with ledger(tmp_path, now=later + 1) as book:
            assert set(book.all_sent()) == {key(2), key(3)}

    def test_a_file_that_grew_by_repetition_is_made_short(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            for round_number in range(600):
                book.record_outcome([key(1)], "unknown")
                book.record_outcome([key(2)], "unknown")
                if round_number == 300:
                    book.record_intent(intents(1, when=9))
            told = book.all_sent()
        assert len(lines(tmp_path)) > 1000
        with ledger(tmp_path) as book:
            assert book.all_sent() == told
        assert len(lines(tmp_path)) == 2

    def test_threads_may_record_at_the_same_time(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:

            def work(start: t.Any) -> None:
                for number in range(start, start + 20):
                    book.record_intent(intents(number))
                    book.record_outcome([key(number)], "accepted", f"r-{number}")

            threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200, 300)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            told = book.all_sent()
        assert len(told) == 80
        with ledger(tmp_path) as book:
            assert book.all_sent() == told
            assert book.warnings == []
            assert {one.outcome for one in told.values()} == {"accepted"}


class TestBirth:
    def test_it_is_born_once(self, tmp_path: t.Any) -> None:
        for now in (0, 100, 200):
            with ledger(tmp_path, now=now) as book:
                assert book.born_ms == at(0)


class TestPlaces:
    def test_its_files_are_for_this_user_alone_whatever_the_umask(self, tmp_path: t.Any) -> None:
        old = os.umask(0)
        try:
            place = tmp_path / "a" / "b"
            with ledger(place) as book:
                book.record_intent(intents(1))
        finally:
            os.umask(old)
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
        assert len(list(place.iterdir())) == 2

    @pytest.mark.parametrize(
        "other",
        [
            dataclasses.replace(WHO, host="https://dayu.eu-west-0.example.org"),
            dataclasses.replace(WHO, project_id="0f3c9f"),
            dataclasses.replace(WHO, workspace_id="62fbc3de9f3a4a1b8b6e1f0a7c5d2e42"),
            dataclasses.replace(WHO, workspace_id=""),
            dataclasses.replace(WHO, workspace_id="../../etc/passwd\0\n{{ x }}" + "y" * 500),
            dataclasses.replace(WHO, workspace_id="\ud800"),
        ],
    )
    def test_every_identity_has_its_own_harmless_file(self, tmp_path: t.Any, other: t.Any) -> None:
        with ledger(tmp_path) as mine, ledger(tmp_path, who=other) as theirs:
            mine.record_intent(intents(1))
            assert theirs.all_sent() == {}
            assert theirs.path.parent == tmp_path
            assert theirs.path.name.replace("-", "").replace("_", "").replace(".jsonl", "").isalnum()
            assert len(theirs.path.name) < 80
        assert WORKSPACE in mine.path.name

    @pytest.mark.parametrize(
        ("given", "environ", "expected"),
        [
            ("/srv/state", {}, "/srv/state"),
            (None, {"XDG_STATE_HOME": "/x/state", "HOME": "/h"}, "/x/state/dataarts.factory"),
            ("", {"XDG_STATE_HOME": "", "HOME": "/h"}, "/h/.local/state/dataarts.factory"),
            (None, {"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/dataarts.factory"),
        ],
    )
    def test_where_it_is(self, given: t.Any, environ: t.Any, expected: t.Any) -> None:
        assert state_directory(given, environ) == Path(expected)

    def test_a_path_may_be_relative_or_begin_with_a_tilde(self, monkeypatch: t.Any, tmp_path: t.Any) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert state_directory("~/state") == tmp_path / "state"
        assert state_directory("state") == tmp_path / "state"

    def test_a_user_without_a_home_is_told_which_option_to_give(self, monkeypatch: t.Any) -> None:
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
        with pytest.raises(LedgerError, match=r"this user has no home directory\. Give another directory with state_path"):
            state_directory(None, {})

    def test_check_mode_makes_nothing_and_waits_for_nobody(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path / "none", read_only=True) as book:
            assert (book.all_sent(), book.born_ms) == ({}, at(0))
            with pytest.raises(LedgerError, match="not open for writing"):
                book.record_intent(intents(1))
        assert list(tmp_path.iterdir()) == []
        with ledger(tmp_path) as holder:
            holder.record_intent(intents(1))
            with ledger(tmp_path, now=5, read_only=True) as book:
                assert set(book.all_sent()) == {key(1)}
                assert book.born_ms == at(0)

    def test_after_the_end_nothing_is_recorded(self, tmp_path: t.Any) -> None:
        with ledger(tmp_path) as book:
            pass
        with pytest.raises(LedgerError, match="Nothing was sent"):
            book.record_intent(intents(1))


class TestRefusals:
    def test_a_directory_that_is_a_file(self, tmp_path: t.Any) -> None:
        place = tmp_path / "file"
        place.write_text("")
        with pytest.raises(LedgerError) as caught, ledger(place / "below"):
            pass
        assert str(caught.value).startswith(f"Failed to make the record of sent reruns {place / 'below'}: ")
        assert "Give another directory with state_path" in str(caught.value)

    @pytest.mark.parametrize("suffix", [".jsonl", ".lock"])
    def test_a_directory_or_a_link_where_its_file_should_be(self, tmp_path: t.Any, suffix: t.Any) -> None:
        for kind in ("directory", "link"):
            place = tmp_path / kind
            place.mkdir()
            file = place / (WHO.file_stem + suffix)
            if kind == "directory":
                file.mkdir()
            else:
                file.symlink_to(tmp_path / "elsewhere")
            (tmp_path / "elsewhere").write_bytes(b'{"t":"ledger","v":1,"born":0}\n')
            with pytest.raises(LedgerError, match=r"Failed to (read|write|lock)"), ledger(place):
                pass
            assert (tmp_path / "elsewhere").read_bytes() == b'{"t":"ledger","v":1,"born":0}\n'

    @pytest.mark.parametrize("content", [b"hello\n", b"\0" * 100, b"[1]\n{}\n", b'{"t":"other"}\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
    def test_a_file_that_is_something_else_is_left_alone(self, tmp_path: t.Any, content: t.Any) -> None:
        file = tmp_path / f"{WHO.file_stem}.jsonl"
        file.write_bytes(content)
        with pytest.raises(LedgerError, match=r"holds something else\. Move it away"), ledger(tmp_path):
            pass
        assert file.read_bytes() == content
        file.unlink()
        with ledger(tmp_path, lock_timeout=0) as book:  # the failure has given the lock back
            book.record_intent(intents(1))

    def test_a_full_disk_leaves_no_half_line_and_sends_nothing(self, tmp_path: t.Any, monkeypatch: t.Any) -> t.Any:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1))
            before = book.path.read_bytes()
            real = os.write

            def full(fd: t.Any, data: t.Any) -> t.Any:
                monkeypatch.setattr(os, "write", fail)
                return real(fd, data[:10])

            def fail(fd: t.Any, data: t.Any) -> None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            monkeypatch.setattr(os, "write", full)
            with pytest.raises(LedgerError, match=r"No space left on device\. Nothing is sent without it\. Give another directory"):
                book.record_intent(intents(2))
            monkeypatch.setattr(os, "write", real)
            assert book.path.read_bytes() == before
            assert key(2) not in book.all_sent()
            book.record_intent(intents(3))
        with ledger(tmp_path) as book:
            assert set(book.all_sent()) == {key(1), key(3)}
            assert book.warnings == []

    def test_a_disk_that_cannot_even_undo_ends_the_writing(self, tmp_path: t.Any, monkeypatch: t.Any) -> None:
        def fail(*details: t.Any) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with ledger(tmp_path) as book:
            with monkeypatch.context() as broken:
                broken.setattr(os, "fsync", fail)
                broken.setattr(os, "ftruncate", fail)
                with pytest.raises(LedgerError, match="Failed to write"):
                    book.record_intent(intents(1))
            with pytest.raises(LedgerError, match="not open for writing"):
                book.record_intent(intents(1))


class TestDamage:
    def written(self, tmp_path: t.Any) -> t.Any:
        with ledger(tmp_path) as book:
            book.record_intent(intents(1))
            book.record_outcome([key(1)], "accepted", "r-1")
            book.record_intent(intents(2, when=2))
        return book.path

    def test_a_line_torn_anywhere_by_a_crash_is_dropped_and_all_before_it_kept(self, tmp_path: t.Any) -> None:
        path = self.written(tmp_path)
        whole = path.read_bytes()
        start = whole.rstrip(b"\n").rindex(b"\n") + 1
        for end in range(start, len(whole), 3):
            path.write_bytes(whole[:end])
            with ledger(tmp_path, now=9) as book:
                assert (set(book.all_sent()), book.all_sent()[key(1)].outcome) == ({key(1)}, "accepted")
                assert (book.born_ms, book.warnings) == (at(0), [])
                book.record_intent(intents(3, when=3))
            with ledger(tmp_path, now=9) as book:
                assert set(book.all_sent()) == {key(1), key(3)}
                assert (book.born_ms, book.warnings) == (at(0), [])

    def test_zeros_that_a_power_loss_left_at_the_end_are_dropped(self, tmp_path: t.Any) -> None:
        path = self.written(tmp_path)
        path.write_bytes(path.read_bytes() + b"\0" * 500)
        with ledger(tmp_path, now=9) as book:
            assert (set(book.all_sent()), book.born_ms, book.warnings) == ({key(1), key(2)}, at(0), [])

    @pytest.mark.parametrize(
        "line",
        [
            b"garbage",
            b"\0\0\0",
            b"[]",
            b'{"t":"intent","at":5}',
            b'{"t":"intent","at":5,"job":"x","n":1,"i":[[1,2]]}',
            b'{"t":"outcome","o":"perhaps","rid":null,"at":1,"msg":"","k":[]}',
            b'{"t":"sent","k":["w","1",2,3],"f":{"outcome":"accepted"}}',
            b'{"t":"something of version 2","x":1}',
            b'{"t":"intent","at":1e999,"job":"x","n":1,"i":[["w","1",2,3,4,5,"fail",1]]}',
        ],
    )
    def test_a_line_that_cannot_be_understood_makes_it_forget_when_it_was_born(self, tmp_path: t.Any, line: t.Any) -> None:
        path = self.written(tmp_path)
        first, second, *rest = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join([first, second, line, *rest]))
        with ledger(tmp_path, now=9) as book:
            assert set(book.all_sent()) == {key(1), key(2)}
            assert book.born_ms == at(9) + 1
            (warning,) = book.warnings
            assert warning.startswith(f"1 lines of {path} cannot be read; what was sent before 2026-11-23T03:00:09Z")
        with ledger(tmp_path, now=99) as book:  # written anew: the warning comes once, the loss stays known
            assert (set(book.all_sent()), book.born_ms, book.warnings) == ({key(1), key(2)}, at(9) + 1, [])

    @pytest.mark.parametrize("header", [None, b"garbage", b'{"t":"ledger","v":2,"born":0}', b'{"t":"ledger","v":1,"born":"x"}'])
    def test_a_first_line_that_is_not_ours_does_the_same(self, tmp_path: t.Any, header: t.Any) -> None:
        path = self.written(tmp_path)
        first, *rest = path.read_bytes().split(b"\n")
        assert json.loads(first)["born"] == at(0)
        path.write_bytes(b"\n".join(rest if header is None else [header, *rest]))
        with ledger(tmp_path, now=9) as book:
            assert (set(book.all_sent()), book.born_ms, len(book.warnings)) == ({key(1), key(2)}, at(9) + 1, 1)

    def test_an_empty_file_is_a_new_one(self, tmp_path: t.Any) -> None:
        path = self.written(tmp_path)
        path.write_bytes(b"")
        with ledger(tmp_path, now=9) as book:
            assert (book.all_sent(), book.born_ms) == ({}, at(9))

    def test_a_crash_while_it_is_written_anew_leaves_the_old_one(self, tmp_path: t.Any, monkeypatch: t.Any) -> None:
        path = self.written(tmp_path)
        before = path.read_bytes()
        with monkeypatch.context() as broken:

            def crash(*details: t.Any) -> None:
                raise KeyboardInterrupt

            broken.setattr(os, "replace", crash)
            with pytest.raises(KeyboardInterrupt), ledger(tmp_path, now=KEEP_MS / 1000 + 2):
                pass
        assert path.read_bytes() == before
        with ledger(tmp_path, lock_timeout=0) as book:
            assert set(book.all_sent()) == {key(1), key(2)}


CHILD = """
import os, sys
from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import LedgerError
from ansible_collections.dataarts.factory.plugins.module_utils._journal.ledger import Identity, Ledger
from ansible_collections.dataarts.factory.plugins.module_utils._models.instance import InstanceKey
from ansible_collections.dataarts.factory.plugins.module_utils._planner.reconcile import Sent

T, PATH, WORKSPACE = {T}, {path!r}, {workspace!r}


def say(text):
    print(text, flush=True)


def hear():
    return sys.stdin.readline().strip()


def book(timeout=120.0):
    return Ledger(PATH, Identity({host!r}, {project!r}, WORKSPACE), now_ms=T, lock_timeout=timeout)


def intent(number):
    return Sent(InstanceKey(WORKSPACE, "868641", number, T), T + 1000, "intended", T - 5, "fail", attempt=1, job_name="x")

"""


@contextlib.contextmanager
def child(path: t.Any, code: t.Any) -> t.Any:
    text = CHILD.format(T=T, path=str(path), host=WHO.host, project=WHO.project_id, workspace=WORKSPACE) + textwrap.dedent(code)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    process = subprocess.Popen([sys.executable, "-c", text], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: t.Any) -> t.Any:
    line = process.stdout.readline()
    if not line:
        raise AssertionError("the process ended before it said anything more")
    return line.strip()


def tell(process: t.Any, text: t.Any = "go") -> None:
    process.stdin.write(text + "\n")
    process.stdin.flush()


def said_by(process: t.Any) -> t.Iterator[str]:
    """What *process* says until "end"."""
    while (line := heard(process)) != "end":
        yield line


class TestProcesses:
    HOLD = """
        with book() as mine:
            mine.record_intent([intent(1)])
            say("holding")
            hear()
            mine.record_outcome([intent(1).key], "accepted", "r-1")
        say("done")
    """

    def test_a_second_process_is_told_who_holds_it(self, tmp_path: t.Any) -> None:
        with child(tmp_path, self.HOLD) as holder:
            assert heard(holder) == "holding"
            for timeout in (0, 0.2):
                with pytest.raises(LedgerError) as caught, ledger(tmp_path, lock_timeout=timeout):
                    pass
                assert str(caught.value).startswith(
                    f"Failed to lock workspace {WORKSPACE}: process {holder.pid} on this machine is rerunning"
                )
                assert f"within {timeout:g} seconds" in str(caught.value)
                assert "start again with the same since" in str(caught.value)
            with ledger(tmp_path, who=dataclasses.replace(WHO, workspace_id="another"), lock_timeout=0):
                pass

    def test_a_second_process_waits_and_then_sees_what_the_first_has_done(self, tmp_path: t.Any) -> None:
        with child(tmp_path, self.HOLD) as holder:
            assert heard(holder) == "holding"
            second = child(tmp_path, "say('waiting')\nwith book() as mine:\n    say(mine.all_sent()[intent(1).key].outcome)")
            with second as waiter:
                assert heard(waiter) == "waiting"
                tell(holder)
                assert heard(holder) == "done"
                assert heard(waiter) == "accepted"

    def test_a_killed_process_leaves_its_intent_and_no_lock(self, tmp_path: t.Any) -> None:
        with child(tmp_path, self.HOLD) as holder:
            assert heard(holder) == "holding"
            os.kill(holder.pid, signal.SIGKILL)
            assert holder.wait(60) == -signal.SIGKILL
        with ledger(tmp_path) as book:
            sent_before = list(book.all_sent().values())
            assert len(sent_before) == 1
            one = sent_before[0]
            assert (one.outcome, one.key.plan_time, book.warnings) == ("intended", 1, [])

    def test_a_process_that_a_held_one_has_started_does_not_keep_the_lock(self, tmp_path: t.Any) -> None:
        code = """
            import subprocess
            with book() as mine:
                other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
            say("released")
            hear()
            other.kill()
            other.wait()
        """
        with child(tmp_path, code) as parent:
            assert heard(parent) == "released"
            with ledger(tmp_path, lock_timeout=0) as book:
                assert book.all_sent() == {}
            tell(parent)
            assert parent.wait(60) == 0

    def test_every_intent_that_was_reported_before_a_kill_is_there_after_it(self, tmp_path: t.Any) -> None:
        code = """
            with book() as mine:
                number = 0
                while True:
                    mine.record_intent([intent(number)])
                    os.write(1, b"%d\\n" % number)
                    number += 1
        """
        told = 0
        for stop in (1, 7, 23):
            with child(tmp_path, code) as writer:
                last = [heard(writer) for line in range(stop)][-1]
                os.kill(writer.pid, signal.SIGKILL)
                rest = writer.stdout.read().split("\n")
                writer.wait(60)
            told = max(told, int([line for line in [last, *rest] if line][-1]))
            with ledger(tmp_path) as book:
                numbers = {one.plan_time for one in book.all_sent()}
                assert numbers >= set(range(told + 1))
                assert book.warnings == []

    def test_of_many_processes_at_once_exactly_one_sends_each_instance(self, tmp_path: t.Any) -> None:
        code = """
            say("ready")
            hear()
            for number in range(10):
                with book() as mine:
                    if intent(number).key not in mine.all_sent():
                        mine.record_intent([intent(number)])
                        say(f"sent {number}")
            say("end")
        """
        with contextlib.ExitStack() as stack:
            crowd = [stack.enter_context(child(tmp_path, code)) for process in range(4)]
            for process in crowd:
                assert heard(process) == "ready"
            for process in crowd:
                tell(process)
            said = [line for process in crowd for line in said_by(process)]
        assert sorted(said) == sorted(f"sent {number}" for number in range(10))
