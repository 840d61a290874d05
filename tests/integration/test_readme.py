# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the README's first screen shows is run as it stands there, against the emulator; only passwords and addresses are added."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emulator.running import Running, running
from tests.support.playbook import ROOT, Ansible, Outcome

README = (ROOT / "README.md").read_text(encoding="utf-8")
NIGHT = ROOT / "emulator" / "scenarios" / "night.yml"
KEYS = {"access_key": "DEMOAKNORTHWIND00001", "secret_key": "demo-secret-key-northwind-0123456789abcd"}


def blocks(language: str) -> list[str]:
    """The code blocks of *language*, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Every command of the shell blocks, in order, without comments."""
    lines = [line for block in blocks("shell") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if shlex.split(line, comments=True)]


class Reader:
    """A person who follows the README in an empty directory."""

    def __init__(self, directory: Path, service: Running) -> None:
        self.directory = directory
        self.service = service
        self.ansible = Ansible(directory / "person")
        (directory / "person").mkdir()
        (directory / "vault-password").write_text("reader", encoding="utf-8")

    def write_files(self) -> None:
        """The YAML blocks that name their file in a comment."""
        for block in blocks("yaml"):
            name = block.splitlines()[0].removeprefix("# ")
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")

    def encrypt(self, command: list[str]) -> None:
        """``ansible-vault encrypt_string --stdin-name NAME > FILE``, with the value given instead of typed."""
        assert command[:3] == ["ansible-vault", "encrypt_string", "--stdin-name"]
        name, arrow, target = command[3:]
        assert arrow == ">"
        value = KEYS[name.removeprefix("dataarts_")]
        outcome = self.ansible.run(
            "ansible-vault", "encrypt_string", "--vault-password-file", self.directory / "vault-password", "--name", name, value
        )
        path = self.directory / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(outcome.succeeded().stdout, encoding="utf-8")

    def play(self, command: list[str]) -> Outcome:
        """An ``ansible-playbook`` of the README; the password comes from a file, the service is the emulator, and the time is now."""
        given = {f"dataarts_{name}": getattr(self.service, name) for name in ("endpoint", "endpoint_v1", "iam_endpoint")}
        quick = {"dataarts_poll_interval": 1, "dataarts_settle_time": 1, "dataarts_state_path": str(self.directory / "state")}
        words = [
            re.sub(r"^dataarts_since=.*", f"dataarts_since={self.service.now_ms()}", word)
            for word in command[1:]
            if word != "--ask-vault-pass"
        ]
        return self.ansible.playbook(
            *words, "--vault-password-file", self.directory / "vault-password", variables={**given, **quick}, cwd=self.directory
        )


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    scenario = yaml.safe_load(NIGHT.read_text(encoding="utf-8"))
    with running({**scenario, "speed": 60}) as handle:
        yield handle


def test_the_first_screen_works_as_it_is_written(service: Running, tmp_path: Path) -> None:
    reader = Reader(tmp_path, service)
    reader.write_files()
    for command in commands():
        if command[0] == "ansible-vault":
            reader.encrypt(command)
    check, rerun = [command for command in commands() if command[0] == "ansible-playbook"][:2]
    assert "--check" in check

    planned = reader.play(check).succeeded()
    assert not service.journal()
    assert without_times(shown_plan()) == without_times(plan_of(planned))

    reader.play(rerun).succeeded()
    sent = Counter((entry["job_name"], one["plan_time"]) for entry in service.journal() for one in entry["instances"])
    assert set(sent.values()) == {1}
    assert Counter(name for name, _time in sent) == {"daily_sales": 5, "hourly_orders": 6, "stock_levels": 5}


def test_the_commands_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {word for command in commands() if command[0] == "make" for word in command[1:]}
    assert {"demo", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_it_points_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def shown_plan() -> list[str]:
    """The output of check mode that the README shows."""
    (block,) = re.findall(r"<!-- check mode: begin.*?```text\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return sorted(block.splitlines())


def plan_of(outcome: Outcome) -> list[str]:
    """The lines about workspaces that the play printed; the order of the workspaces is left to chance."""
    return sorted(line for line in outcome.stdout.splitlines() if re.match(r"(sales|supply): ", line))


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line) for line in lines]
