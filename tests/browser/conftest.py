# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that open report pages in a real Chromium. A test fails if a page writes to the console or sends a request."""

from __future__ import annotations

import os
import shutil
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._report import data
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.command import Command
from ansible_collections.dataarts.factory.plugins.plugin_utils._report.page import page as html
from tests.support.reports import SINCE

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: No sandbox, because it does not work for root; no GPU, no QUIC, no background requests.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
COMMAND = Command(inventories=("/home/operator/inventory",), vault=("--ask-vault-pass",))
RUN = {"user": "night-operator", "controller": "ops-01", "playbook": COMMAND.playbook, "ansible_version": "2.19.0", "awx_job_id": None}

#: The function that a fixture returns. Its ``troubles`` list what its pages have logged, requested or thrown so far.
Open = t.Any


def report_of(hosts: t.Mapping[str, t.Any], *, check_mode: bool = False) -> dict[str, t.Any]:
    """Build the report of a run from the results of its hosts."""
    return data.build_report(hosts, {}, data.ReportContext(COMMAND, SINCE + 200_000, check_mode=check_mode, run=RUN))


@pytest.fixture(scope="session")
def browser() -> Iterator[t.Any]:
    """A headless Chromium for all tests of the session. $CHROMIUM names the program."""
    from playwright.sync_api import sync_playwright

    named = os.environ.get("CHROMIUM")
    program = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if program is None:
        pytest.exit("Chromium was not found. Install it (Debian: apt-get install chromium), or name it: make report CHROMIUM=/path", 1)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_file(browser: t.Any) -> Iterator[Open]:
    """A function that opens a file in a new page. Its keywords are those of ``browser.new_context``."""
    troubles: list[str] = []
    contexts = []

    def note(trouble: str) -> bool:
        troubles.append(trouble)
        return False

    def opened(path: Path, fragment: str = "", **settings: t.Any) -> t.Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(f"console: {message.text}"))
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or note(f"request: {request.url}"))
        page.goto(path.as_uri() + fragment)
        return page

    opened.troubles = troubles  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def open_page(open_file: Open, tmp_path: Path) -> Open:
    """A function that writes a report's page to a file and opens it. It takes the same fragment and keywords as ``open_file``."""

    def opened(report: t.Mapping[str, t.Any], fragment: str = "", **settings: t.Any) -> t.Any:
        path = tmp_path / "report.html"
        path.write_text(html(report), encoding="utf-8")
        return open_file(path, fragment, **settings)

    return opened
