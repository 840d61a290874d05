# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login for all processes with the same folder and account: they share refusals, and with shared memory also credentials."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._http import login_gate
from ansible_collections.dataarts.factory.plugins.module_utils._http.lease import Lease, TokenAuth
from ansible_collections.dataarts.factory.plugins.module_utils._http.login_gate import REFUSAL_SECONDS, LoginGate, SharedMemory
from ansible_collections.dataarts.factory.plugins.module_utils._http.signing import AkSkAuth

SECRET = "token-of-nobody-0123456789"


class Login:
    """A login with the outcome *answer*, which counts its calls."""

    def __init__(self, answer: str | ApiError) -> None:
        self.answer = answer
        self.tries = 0

    def __call__(self) -> Lease:
        self.tries += 1
        if isinstance(self.answer, ApiError):
            raise self.answer
        return lease(f"{self.answer}{self.tries}")


def lease(token: str, seconds: float = 100.0) -> Lease:
    return Lease(TokenAuth(token), stopwatch() + seconds, "p1", 5.0, seconds)


def token_of(granted: Lease) -> str:
    return t.cast("list[str]", t.cast(t.Any, granted.apply).parts())[0]


def refusal(kind: Kind, status: int | None = 401) -> ApiError:
    return ApiError(
        kind, "the password is not accepted", status=status, code="1101", request_id="r1", method="POST", path="/v3/auth/tokens"
    )


def test_a_refusal_is_met_once(tmp_path: Path) -> None:
    login = Login(refusal(Kind.CREDENTIALS))
    met = []
    for project in ("p1", "p2", "p1"):
        with pytest.raises(ApiError) as raised:
            LoginGate(str(tmp_path)).pass_through(project, login, who="user with a wrong password")
        met.append(raised.value.to_result())
    assert login.tries == 1
    assert met == [refusal(Kind.CREDENTIALS).to_result()] * 3
    assert token_of(LoginGate(str(tmp_path)).pass_through("p1", Login("t"), who="the corrected password")) == "t1"


@pytest.mark.parametrize("left", [b"", b"{", b'{"accepted": true}}', b"\xff"])
def test_a_file_that_was_torn_by_a_process_that_was_killed_keeps_nobody_from_logging_in(tmp_path: Path, left: bytes) -> None:
    gate = LoginGate(str(tmp_path))
    gate.pass_through("p1", Login("t"))
    (file,) = tmp_path.iterdir()
    file.write_bytes(left)
    assert token_of(gate.pass_through("p1", Login("u"))) == "u1"
    assert json.loads(file.read_bytes()) == {"accepted": True}


def test_a_full_disk_keeps_nobody_from_logging_in(tmp_path: Path) -> None:
    gate, refused = LoginGate(str(tmp_path)), Login(refusal(Kind.CREDENTIALS))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        assert token_of(gate.pass_through("p1", Login("t"))) == "t1"
        with pytest.raises(ApiError, match="the password is not accepted"):
            gate.pass_through("p2", refused)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_refuses_a_project_refuses_no_other(tmp_path: Path) -> None:
    login, gate = Login(refusal(Kind.CREDENTIALS, 400)), LoginGate(str(tmp_path))
    for dummy in range(2):
        with pytest.raises(ApiError):
            gate.pass_through("p1", login, who="user")
    assert login.tries == 1
    assert token_of(gate.pass_through("p2", Login("t"), who="user")) == "t1"


@pytest.mark.parametrize("kind", [Kind.UNREACHABLE, Kind.SERVER, Kind.THROTTLED, Kind.CLOCK])
def test_what_says_nothing_about_the_password_is_tried_again(tmp_path: Path, kind: Kind) -> None:
    gate = LoginGate(str(tmp_path))
    with pytest.raises(ApiError):
        gate.pass_through("account", Login(refusal(kind, None)))
    assert token_of(gate.pass_through("account", Login("t"))) == "t1"


def test_what_ends_a_login_ends_it_for_those_who_waited(tmp_path: Path) -> None:
    """Otherwise the workspaces would find out one after the other that IAM cannot be reached."""
    ended: list[Kind] = []
    asked = threading.Barrier(5)

    class Announcing(LoginGate):
        def _locked(self, who: str) -> int | None:
            asked.wait(60)
            return super()._locked(who)

    def other() -> None:
        with pytest.raises(ApiError) as raised:
            Announcing(str(tmp_path)).pass_through("account", lambda: pytest.fail("tried again"))
        ended.append(raised.value.kind)

    others = [threading.Thread(target=other) for dummy in range(4)]

    def unreachable() -> Lease:
        for thread in others:
            thread.start()
        asked.wait(60)  # all threads have arrived and wait for the lock
        raise refusal(Kind.UNREACHABLE, None)

    with pytest.raises(ApiError):
        LoginGate(str(tmp_path)).pass_through("account", unreachable)
    for thread in others:
        thread.join(60)
    assert ended == [Kind.UNREACHABLE] * 4


def test_a_password_that_is_changed_while_it_is_used_is_refused_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, refused = LoginGate(str(tmp_path)), Login(refusal(Kind.CREDENTIALS))
    assert [token_of(gate.pass_through("account", Login("t"))) for dummy in range(2)] == ["t1"] * 2
    for dummy in range(2):
        with pytest.raises(ApiError):
            gate.pass_through("account", refused)
    assert refused.tries == 1
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    later = stopwatch() + REFUSAL_SECONDS + 1
    monkeypatch.setattr(login_gate, "stopwatch", lambda: later)
    assert token_of(gate.pass_through("account", Login("t"))) == "t1"


def test_without_a_folder_everybody_logs_in(tmp_path: Path) -> None:
    login = Login("t")
    for dummy in range(2):
        LoginGate(str(tmp_path / "gone")).pass_through("account", login)
    assert login.tries == 2


def test_what_is_granted_serves_all_that_share_memory(tmp_path: Path) -> None:
    shared, login = SharedMemory(), Login(SECRET)
    granted = [LoginGate(str(tmp_path), b"salt", shared).pass_through("p1", login, who="user") for dummy in range(3)]
    assert login.tries == 1
    assert {(token_of(own), own.good_until, own.project_id, own.issued, own.lifetime) for own in granted} == {
        (f"{SECRET}1", granted[0].good_until, "p1", 5.0, 100.0)
    }
    assert SECRET not in "".join(path.read_text() for path in tmp_path.iterdir())
    LoginGate(str(tmp_path), b"salt", shared).pass_through("p1", login, who="user", stale=granted[0])
    assert login.tries == 2, "the service refused the one that was kept"
    LoginGate(str(tmp_path), b"salt", shared).pass_through("p2", login, who="user")
    assert login.tries == 3, "another project"


def test_what_is_over_serves_nobody(tmp_path: Path) -> None:
    gate, tries = LoginGate(str(tmp_path), b"", SharedMemory()), []

    def log_in() -> Lease:
        tries.append(1)
        return lease("short", 0.0)

    for dummy in range(2):
        gate.pass_through("p1", log_in)
    assert len(tries) == 2


def test_keys_are_shared_as_tokens_are() -> None:
    kept = Lease(AkSkAuth("AK", "SK", "ST"), 7.0)
    again = Lease.of_text(kept.to_text())
    assert again.same_credentials(kept)
    assert not again.same_credentials(Lease(AkSkAuth("AK", "SK", "another"), 7.0))
    assert (again.good_until, repr(again)) == (7.0, repr(kept))


def _child(folder: str, shared: SharedMemory, number: int, answers: t.Any) -> None:
    granted = LoginGate(folder, b"salt", shared).pass_through("p1", lambda: lease(f"of child {number}"), who="user")
    answers.put(token_of(granted))


def test_forked_processes_log_in_once(tmp_path: Path) -> None:
    forked = multiprocessing.get_context("fork")
    shared, answers = SharedMemory(), forked.Queue()
    children = [forked.Process(target=_child, args=(str(tmp_path), shared, number, answers)) for number in range(8)]
    for child in children:
        child.start()
    tokens = {answers.get(timeout=60) for dummy in children}
    for child in children:
        child.join(60)
    assert len(tokens) == 1


def test_the_names_of_files_tell_nothing_without_the_salt(tmp_path: Path) -> None:
    for salt in (b"one", b"two"):
        LoginGate(str(tmp_path), salt).pass_through("key", Login("t"), who="digest-of-a-password")
    names = os.listdir(tmp_path)
    assert len(names) == 2
    assert not [name for name in names if "digest" in name]
    assert {json.loads((tmp_path / name).read_text())["accepted"] for name in names} == {True}


def test_memory_keeps_what_fits() -> None:
    shared = SharedMemory(4096)
    shared.keep("one", "1" * 1000)
    shared.keep("two", "2" * 1000)
    assert shared.read() == {"one": "1" * 1000, "two": "2" * 1000}
    shared.keep("three", "3" * 3000)
    assert shared.read() == {"three": "3" * 3000}
    shared.keep("four", "4" * 5000)
    assert shared.read() == {}
