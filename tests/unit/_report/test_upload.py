# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upload of the report's page: the request, the URL that is shown, and messages about failures."""

from __future__ import annotations

import socket
import typing as t

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._report import publication
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.upload import ReportPlace, put
from tests.support.storage import Storage

SECRETS = ("s3cret", "pw-of-url", "t0ken")


@pytest.fixture
def storage() -> t.Iterator[Storage]:
    with Storage() as running:
        yield running


@pytest.mark.parametrize(
    ("url", "target", "shown"),
    [
        ("https://h/r/", "https://h/r/n.html", "https://h/r/n.html"),
        ("https://h/r/?sig=s3cret", "https://h/r/n.html?sig=s3cret", "https://h/r/n.html"),
        ("https://h/r/{name}.html?sig=s3cret#x", "https://h/r/n.html?sig=s3cret#x", "https://h/r/n.html"),
        ("https://lin:pw-of-url@h:8443/r/", "https://lin:pw-of-url@h:8443/r/n.html", "https://h:8443/r/n.html"),
        ("https://[::1]:1/last.html", "https://[::1]:1/last.html", "https://[::1]:1/last.html"),
    ],
)
def test_where_it_goes_and_what_people_read(url: str, target: str, shown: str) -> None:
    place = ReportPlace(url)
    assert (place.problem(), place.target("n"), place.shown("n")) == ("", target, shown)
    assert ReportPlace(url, link="https://read/{name}").shown("n") == "https://read/n"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (ReportPlace("ftp://h/t0ken"), "report_url is not an address"),
        (ReportPlace("h/t0ken"), "report_url is not an address"),
        (ReportPlace("https:///t0ken"), "report_url is not an address"),
        (ReportPlace("https://h:99999/t0ken"), "report_url is not an address"),
        (ReportPlace("https://[h/t0ken"), "report_url is not an address"),
        (ReportPlace("https://h/", link="javascript:t0ken"), "report_link is not an address"),
        (ReportPlace("https://h/", "t0ken\r\nX: y"), "report_token has a character"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_it(place: ReportPlace, words: str) -> None:
    said = put(place, "n", b"x")
    assert words in said
    assert "t0ken" not in said


def test_the_page_arrives_with_its_token(storage: Storage) -> None:
    assert put(ReportPlace(f"{storage.url}/r/?sig=s3cret", "t0ken"), "night-1", b"<html>") == ""
    (request,) = storage.requests
    assert (request.method, request.path, request.body) == ("PUT", "/r/night-1.html?sig=s3cret", b"<html>")
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("answers", "requests", "words"),
    [
        ([403], 1, "HTTP 403. Set an address or a token that may write there, and that has not expired"),
        ([404], 1, "HTTP 404"),
        ([307], 1, "HTTP 307. The redirect was not followed"),
        ([503, 503], 2, "HTTP 503"),
        ([503, 201], 2, ""),
    ],
)
def test_what_does_not_arrive_is_told_without_a_secret(storage: Storage, answers: list[int], requests: int, words: str) -> None:
    storage.answers = list(answers)
    said = put(ReportPlace(f"{storage.url.replace('://', '://lin:pw-of-url@')}/r/?sig=s3cret", "t0ken"), "n", b"x")
    assert len(storage.requests) == requests
    if not words:
        assert said == ""
        return
    assert said.startswith(f"The report could not be sent to {storage.url}/r/n.html: {words}")
    assert "Nothing of the rerun is lost" in said
    assert not [secret for secret in SECRETS if secret in said]


def test_nobody_who_answers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        said = put(ReportPlace(f"http://127.0.0.1:{taken.getsockname()[1]}/{{name}}?sig=s3cret"), "n", b"x")
    assert "Connection refused. Check that this host can reach it" in said
    assert "s3cret" not in said


def test_a_token_goes_to_no_address_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAARTS_REPORT_URL", "https://of-environment/")
    monkeypatch.setenv("DATAARTS_REPORT_TOKEN", "t0ken")
    assert publication.place_of({"report_url": "https://of-task/"}) == ReportPlace("https://of-task/")
    assert publication.place_of({"report_url": None}) == ReportPlace("https://of-environment/", "t0ken")
    monkeypatch.setenv("DATAARTS_REPORT_URL", "")
    assert publication.place_of({}) is None
