# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a document as a reader would, from its top, in an empty directory, with the emulator as the service.

Everything runs as written, with three differences: passwords are known instead of asked for, times are shifted so that the document's
present is now, and the poll interval and the settle time are one second.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.support.pages import Block
from tests.support.playbook import ROOT, Ansible

#: The present of the documents, by the year of the times in them.
PRESENT = {"2026": datetime(2026, 11, 24, 0, 18, 26, tzinfo=timezone.utc), "2024": datetime(2024, 11, 26, 10, 0, tzinfo=timezone.utc)}
#: Variables added to every play, so that tests need not wait.
QUICK = {"dataarts_poll_interval": 1, "dataarts_settle_time": 1}
_ISO = re.compile(r"(?P<year>2024|2026)-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d)")
_EPOCH_MS = re.compile(r"\b17(?P<head>32|95)\d{9}\b")
_MARK = "@@ block"


def shifted(text: str, now: datetime | None = None) -> str:
    """*text* with times shifted so that the document's present is *now*. Times far from its present stay."""
    now = now or datetime.now(timezone.utc)

    def iso(match: re.Match[str]) -> str:
        when = datetime.fromisoformat(match[0].replace("Z", "+00:00"))
        there = when + (now - PRESENT[match["year"]])
        return (
            there.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            if abs(when - PRESENT[match["year"]]) < timedelta(days=60)
            else match[0]
        )

    def epoch(match: re.Match[str]) -> str:
        present = PRESENT["2024" if match["head"] == "32" else "2026"]
        when = datetime.fromtimestamp(int(match[0]) / 1000, timezone.utc)
        return str(int((when + (now - present)).timestamp() * 1000)) if abs(when - present) < timedelta(days=2) else match[0]

    return _EPOCH_MS.sub(epoch, _ISO.sub(iso, text))


@dataclasses.dataclass(frozen=True)
class Printed:
    """Output of a shell block, and the exit status of its last command."""

    block: Block
    text: str
    rc: int


class Reader:
    """The reader.

    :param directory: an empty directory; the reader works in its folder ``here``.
    :param environment: variables that are already set, see :func:`tests.support.cloud.cloud`.
    :param typed: input for ``ansible-vault encrypt_string --output FILE --stdin-name NAME``, by name.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str], typed: Mapping[str, str] | None = None) -> None:
        self.directory, self.here = directory, directory / "here"
        self._programs = directory / "programs"
        for folder in (self.here, self._programs, directory / "typed", directory / "person", directory / "files"):
            folder.mkdir(parents=True)
        for name, value in (typed or {}).items():
            (directory / "typed" / name).write_text(value, encoding="utf-8")
        password = directory / "vault-password"
        password.write_text("the password of the reader", encoding="utf-8")
        (directory / "quick.json").write_text(json.dumps(QUICK), encoding="utf-8")
        (directory / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
        ansible = Ansible(directory / "person", environment={**environment, "ANSIBLE_VAULT_PASSWORD_FILE": str(password)})
        self._tools = ansible.bin_directory
        self.ansible = dataclasses.replace(
            ansible,
            environment={**ansible.environment, "PATH": f"{self._programs}{os.pathsep}{self._tools}{os.pathsep}{os.environ['PATH']}"},
            bin_directory=Path("/bin"),
        )
        self._stand_in("ansible-playbook", f'exec {self._tools}/ansible-playbook -e @{directory}/quick.json "${{kept[@]}}"')
        self._stand_in("ansible-vault", f'name=${{kept[-1]}}; exec {self._tools}/ansible-vault "${{kept[@]}}" < {directory}/typed/"$name"')
        # only checked: tests/integration/test_artifact.py builds and installs
        self._stand_in("make", f'MAKEFLAGS= exec {shutil.which("make")} -C {ROOT} --dry-run "${{kept[@]}}" > /dev/null')
        self._stand_in("ansible-galaxy", '[[ "${kept[*]}" == "collection install --force .cache/dist/dataarts-factory-"*.tar.gz ]]')
        # likewise: the environment of the tests is used instead
        self._stand_in("python3", '[[ "${kept[*]::2}" == "-m venv" ]] && mkdir -p "${kept[2]}/bin" && touch "${kept[2]}/bin/activate"')
        self._stand_in("pip", '[[ "${kept[*]}" == "install ansible-core requests" ]]')
        self._stand_in("python", f'exec {sys.executable} "${{kept[@]}}"')

    def _stand_in(self, name: str, line: str) -> None:
        """Write a program *name* that the reader's shell finds first. It runs *line*, with the arguments except --ask-vault-pass in ``kept``."""
        path = self._programs / name
        drop = 'kept=(); for one in "$@"; do [[ $one == --ask-vault-pass ]] || kept+=("$one"); done'
        path.write_text(f"#!/usr/bin/env bash\n{drop}\n{line}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def follow(self, page: Sequence[Block], timeout: float = 240) -> list[Printed]:
        """Write files and run shell blocks, in order, in one shell. Returns the output of each shell block."""
        now = datetime.now(timezone.utc)
        script = ["exec 2>&1"]
        for number, block in enumerate(page):
            if block.role == "write":
                source = self.directory / "files" / str(number)
                source.write_text(shifted(block.text, now), encoding="utf-8")
                script.append(f'mkdir -p "$(dirname {block.file})" && cp {source} {block.file}')
            elif block.role == "run":
                script += [f"printf '\\n{_MARK} {number}\\n'", shifted(block.text, now).rstrip(), f'printf "\\n{_MARK} end $?\\n"']
        (self.directory / "script").write_text("\n".join(script), encoding="utf-8")
        outcome = self.ansible.run("bash", self.directory / "script", cwd=self.here, timeout=timeout)
        printed_blocks = re.findall(rf"^{_MARK} (\d+)\n(.*?)^{_MARK} end (\d+)$", outcome.stdout, re.MULTILINE | re.DOTALL)
        ran = [Printed(page[int(number)], text.strip("\n"), int(rc)) for number, text, rc in printed_blocks]
        assert [run_block.block for run_block in ran] == [block for block in page if block.role == "run"], outcome.output
        return ran


def differences(page: Sequence[Block], ran: Sequence[Printed]) -> list[str]:
    """Differences between the document and what happened, one sentence each.

    Each line of a text block must be in the output of the shell block before it, apart from times, durations and ids; ``...`` stands for any lines.
    """
    printed = {id(run_block.block): run_block for run_block in ran}
    last: Printed | None = None
    problems = []
    for block in page:
        if block.role == "run":
            last = printed[id(block)]
            if (last.rc != 0) != block.fails:
                problems.append(f"{block.where} ended with {last.rc}:\n{last.text}")
        elif block.role == "compare":
            there = {without_times(line) for line in last.text.splitlines()} if last else set()
            missing = [line for line in block.text.splitlines() if line.strip() not in ("", "...") and without_times(line) not in there]
            if missing:
                lines = "\n".join(missing)
                problems.append(f"{block.where} shows what was not printed:\n{lines}\n--- printed was\n{last.text if last else ''}")
        elif block.role == "unknown":
            problems.append(f"{block.where} is neither run, written nor compared, and does not say why")
    return problems


def without_times(line: str) -> str:
    """*line* with placeholders for what differs between runs: times, durations, ids of plans and requests, ports."""
    for pattern, word in (
        (r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| ?[+-]\d\d:\d\d)?", "TIME"),
        (r"\b\d\d:\d\d:\d\d\b", "TIME"),
        (r"\b17\d{11}\b", "TIME"),
        (r"\b\d+-[0-9a-f]{11,12}-[0-9a-f]{8}(-[0-9a-z]+)?\b", "PLAN"),
        (r"request id [0-9a-f]{32}", "request id ID"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\b(\d+h )?(\d+m )?\d\d?s\b", "DURATION"),
        (r"\*{3,}$", "***"),
    ):
        line = re.sub(pattern, word, line)
    return line.strip()
