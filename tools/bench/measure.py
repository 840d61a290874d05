# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a command: wall time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """Cost of a command.

    :param began_ms: its start, epoch ms.
    :param wall: seconds from start to end.
    :param cpu: seconds of processor time of the command and of all processes that it waited for.
    :param peak: peak memory of the largest of these processes, MiB.
    """

    began_ms: float
    wall: float
    cpu: float
    peak: float


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, stdin: bytes = b"") -> Cost:
    """Run *command* with its output in *log*.

    :raises SystemExit: it failed; with the end of its output.
    """
    log.with_suffix(".in").write_bytes(stdin)
    with log.open("wb") as output, log.with_suffix(".in").open("rb") as source:
        began_ms, began = time.time() * 1000, time.monotonic()
        process = subprocess.Popen(command, env=dict(environment), stdin=source, stdout=output, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{log.read_text(errors='replace')[-3000:]}")
    return Cost(began_ms, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def environment(place: Path, checkout: Path = ROOT) -> dict[str, str]:
    """Environment variables for Ansible and the SDK: they use the collection in *checkout* and write below *place*."""
    for name in ("home", "tmp", "tree/ansible_collections/dataarts"):
        (place / name).mkdir(parents=True, exist_ok=True)
    (place / "tree/ansible_collections/dataarts/factory").symlink_to(checkout)
    settings = place / "ansible.cfg"
    settings.write_text("[defaults]\n", encoding="utf-8")
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(checkout),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(place / "home" / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(place / "tree"),
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_NOCOWS": "true",
    }


def inventory(hosts: Mapping[str, Mapping[str, t.Any]], variables: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An inventory as a dict, to be written as JSON, which YAML readers accept."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"all": {"vars": {**local, **variables}, "hosts": {name: dict(values) for name, values in hosts.items()}}}


def journal_option(checkout: Path) -> str:
    """The option for the journal's path. Checkouts from before the journal have another name for it."""
    return "journal" if (checkout / "plugins" / "module_utils" / "_journal").is_dir() else "state_path"
