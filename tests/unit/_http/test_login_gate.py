# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refused login is shared by everybody with the same folder and account, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._http.login_gate import LoginGate


class Login:
    """A login that ends in *answer*, counted."""

    def __init__(self, answer: str | ApiError) -> None:
        self.answer = answer
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if isinstance(self.answer, ApiError):
            raise self.answer
        return self.answer


def refusal(kind: Kind) -> ApiError:
    return ApiError(kind, "the password is not accepted", status=401, code="1101", request_id="r1", method="POST", path="/v3/auth/tokens")


def test_a_refusal_is_met_once(tmp_path: Path) -> None:
    login = Login(refusal(Kind.CREDENTIALS))
    met = []
    for dummy in range(3):
        with pytest.raises(ApiError) as raised:
            LoginGate(str(tmp_path)).pass_through("account", login)
        met.append(raised.value.to_result())
    assert login.tries == 1
    assert met == [refusal(Kind.CREDENTIALS).to_result()] * 3
    other = Login("token")
    assert LoginGate(str(tmp_path)).pass_through("another", other) == "token"


@pytest.mark.parametrize("kind", [Kind.UNREACHABLE, Kind.SERVER, Kind.THROTTLED, Kind.CLOCK])
def test_what_says_nothing_about_the_password_is_not_shared(tmp_path: Path, kind: Kind) -> None:
    gate = LoginGate(str(tmp_path))
    with pytest.raises(ApiError):
        gate.pass_through("account", Login(refusal(kind)))
    assert gate.pass_through("account", Login("token")) == "token"


def test_a_password_that_is_changed_while_it_is_used_is_refused_from_then_on(tmp_path: Path) -> None:
    gate, refused = LoginGate(str(tmp_path)), Login(refusal(Kind.CREDENTIALS))
    assert [gate.pass_through("account", Login("token")) for dummy in range(2)] == ["token"] * 2
    for dummy in range(2):
        with pytest.raises(ApiError):
            gate.pass_through("account", refused)
    assert refused.tries == 1
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_without_a_folder_everybody_logs_in(tmp_path: Path) -> None:
    login = Login("token")
    assert [LoginGate(str(tmp_path / "gone")).pass_through("account", login) for dummy in range(2)] == ["token"] * 2
    assert login.tries == 2
