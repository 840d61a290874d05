# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifetime, renewal and sharing of fetched credentials. The requests themselves are tested with the emulator."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._common.stopwatch import stopwatch
from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import Account
from ansible_collections.dataarts.factory.plugins.module_utils._http.iam import FetchedAuth, cache_key, good_until
from ansible_collections.dataarts.factory.plugins.module_utils._http.lease import Lease, TokenAuth

NOW = 1_795_402_800.0  # 2026-11-23T03:00:00Z


class Request:
    """The part of a request that authentication changes."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}


class Source:
    """Issues token 1, token 2, ... and counts them; each is valid for 100 seconds of its own clock."""

    def __init__(self) -> None:
        self.fetched = 0
        self.now = 0.0
        self.failure: ApiError | None = None

    def fetch(self) -> Lease:
        if self.failure is not None:
            raise self.failure
        self.fetched += 1
        return Lease(TokenAuth(f"token {self.fetched}"), self.now + 100)

    def auth(self, key: str = "one") -> FetchedAuth:
        return FetchedAuth(self.fetch, key, clock=lambda: self.now)


def used(auth: FetchedAuth) -> str:
    """The token that *auth* adds to a request."""
    return str(auth(Request()).headers["X-Auth-Token"])


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setattr(FetchedAuth, "gate", None)  # a test of the action in the same process may have set it
    FetchedAuth._leases.clear()
    yield Source()
    FetchedAuth._leases.clear()


def test_fetched_once_for_the_process_and_by_key(source: Source) -> None:
    assert source.fetched == 0
    assert [used(source.auth()), used(source.auth()), used(source.auth("two")), used(source.auth())] == [
        "token 1",
        "token 1",
        "token 2",
        "token 1",
    ]


def test_fetched_anew_at_its_end(source: Source) -> None:
    auth = source.auth()
    assert used(auth) == "token 1"
    source.now = 99.9
    assert used(auth) == "token 1"
    source.now = 100
    assert used(auth) == "token 2"


def test_renewed_when_the_service_refuses_it(source: Source) -> None:
    auth = source.auth()
    used(auth)
    assert auth.renew()
    assert used(auth) == "token 2"


def test_renewed_by_another_in_the_meantime(source: Source) -> None:
    """Two users of token 1 are refused: only the first one fetches a new token, and the second one uses it."""
    first, second = source.auth(), source.auth()
    assert [used(first), used(second)] == ["token 1", "token 1"]
    assert first.renew()
    assert second.renew()
    assert [used(first), used(second), source.fetched] == ["token 2", "token 2", 2]


def test_threads_share_one_fetch(source: Source) -> None:
    auth = source.auth()
    barrier = threading.Barrier(8)
    seen: list[str] = []

    def work() -> None:
        used(auth)
        barrier.wait(60)
        assert auth.renew()
        seen.append(used(auth))

    threads = [threading.Thread(target=work) for dummy in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (seen, source.fetched) == (["token 2"] * 8, 2)


def test_a_refusal_of_iam_passes_through_and_nothing_is_kept(source: Source) -> None:
    source.failure = ApiError(Kind.CREDENTIALS, "no")
    auth = source.auth()
    with pytest.raises(ApiError, match="no"):
        auth(Request())
    source.failure = None
    assert used(auth) == "token 1"
    source.failure = ApiError(Kind.UNREACHABLE, "gone")
    with pytest.raises(ApiError, match="gone"):
        auth.renew()


def test_nothing_shows_a_secret(source: Source) -> None:
    auth = source.auth()
    used(auth)
    assert [repr(auth), repr(TokenAuth("token 1")), repr(Lease(TokenAuth("token 1"), 1.0))] == [
        "FetchedAuth(...)",
        "TokenAuth(...)",
        "Lease(good_until=1.0, project_id=None, issued=None)",
    ]


def test_what_credentials_are_kept_under() -> None:
    """Every change of the credentials, including secrets, changes the key, which shows no secret."""
    user = Account("user", user_name="ops", user_password="secret of ops", domain_name="acme")
    scope = {"project": {"id": "p1"}}
    keys = {
        cache_key(user, "https://iam.one", scope),
        cache_key(user, "https://iam.two", scope),
        cache_key(user, "https://iam.one", {"project": {"id": "p2"}}),
        cache_key(user, "https://iam.one", {"project": {"name": "p1"}}),
        cache_key(Account("user", user_name="ops", user_password="another", domain_name="acme"), "https://iam.one", scope),
        cache_key(Account("user", user_name="ops", user_password="\udcff", domain_name="acme"), "https://iam.one", scope),
        cache_key(Account("keys", access_key="a", secret_key="b", agency_name="x", agency_domain_name="y"), "https://iam.one", scope),
    }
    assert len(keys) == 7
    assert not [key for key in keys if "secret" in key]
    assert cache_key(user, "https://iam.one", dict(scope)) in keys


@pytest.mark.parametrize(
    ("expires_at", "now", "seconds"),
    [
        ("2026-11-24T03:00:00.000000Z", NOW, 86_100),  # 24 h, five minutes before its end
        ("2026-11-24T03:00:00Z", NOW, 86_100),
        ("2026-11-23T03:15:00.123456Z", NOW, 810),  # 15 min, a tenth before
        ("2026-11-23T02:00:00Z", NOW, 0),  # already expired
        ("soon", NOW, 3300),
        (None, 0.0, 3300),
        (1_795_402_800, NOW, 3300),
    ],
)
def test_how_long_credentials_are_used(expires_at: t.Any, now: float, seconds: float) -> None:
    """By the service's clock; in this test, this machine's clock is off by years."""
    before = stopwatch()
    until = good_until(expires_at, now, 3600)
    assert before + seconds <= until <= stopwatch() + seconds


def test_the_issuing_time_goes_on_by_the_stopwatch() -> None:
    elapsed = [500.0]
    lease = Lease(TokenAuth("token 1"), 10_000.0, None, NOW - 500.0)
    auth = FetchedAuth(lambda: lease, "issuing time", lambda: elapsed[0])
    assert auth.issuing_time() is None
    auth.lease()
    assert auth.issuing_time() is None
    auth(type("Request", (), {"headers": {}})())
    assert auth.issuing_time() == NOW
    elapsed[0] += 7200
    assert auth.issuing_time() == NOW + 7200
