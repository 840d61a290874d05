# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments below `.cache/environments`, each with one Python and, for controllers, one ansible-core.

The interpreters are those on PATH and those that pyenv installed.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
ATTEMPTS = 3

#: Series of ansible-core to the Pythons that it supports on the controller.
CONTROLLERS: dict[str, tuple[str, ...]] = {
    "2.16": ("3.10", "3.11", "3.12"),
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}
#: Pythons on which modules must run.
TARGETS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def candidates() -> Iterator[Path]:
    """Programs that may be a Python: on PATH, then in pyenv."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield from sorted(Path(folder or ".").glob("python3*"))
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"))


@functools.cache
def interpreters() -> dict[str, Path]:
    """Version ("3.12") to interpreter, for each of :data:`TARGETS` on this machine that can create virtual environments."""
    interpreters: dict[str, Path] = {}
    for path in candidates():
        if not re.fullmatch(r"python3(\.\d+)?", path.name) or "shims" in path.parts or path.is_relative_to(ROOT):
            continue
        question = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        answer = subprocess.run([path, "-c", question], capture_output=True, text=True, check=False)
        version = answer.stdout.strip()
        if answer.returncode == 0 and version in TARGETS:
            interpreters.setdefault(version, path)
    return interpreters


def controller(core: str) -> str:
    """Version of the newest Python on this machine that ansible-core *core* ("2.19") supports on the controller.

    :raises SystemExit: there is none.
    """
    fitting = [version for version in CONTROLLERS[core] if version in interpreters()]
    if not fitting:
        raise SystemExit(f"ansible-core {core} needs Python {' or '.join(CONTROLLERS[core])}, found {', '.join(interpreters()) or 'none'}")
    return fitting[-1]


def pip(python: Path, command: str, *arguments: str) -> None:
    """Run a pip command, up to three times.

    :raises SystemExit: it failed each time.
    """
    line = [str(python), "-m", "pip", command, "-qq", "--no-input", "--retries", "10", *arguments]
    for attempt in range(1, ATTEMPTS + 1):
        if subprocess.run(line, check=False).returncode == 0:
            return
        if attempt < ATTEMPTS:
            time.sleep(5 * attempt)
    raise SystemExit(f"could not {command} {' '.join(arguments)}")


def environment(core: str, version: str, *requirements: str, name: str = "core") -> Path:
    """Python of a virtual environment with the newest ansible-core of series *core* and *requirements*, created at first use.

    :param name: prefix of its folder; use a different one for each set of *requirements*.
    """
    return made(f"{name}-{core}-python-{version}", version, f"ansible-core~={core}.0", *requirements)


def target(version: str) -> Path:
    """Python of a virtual environment with the requirements of modules, without Ansible."""
    return made(f"target-python-{version}", version, *listed(ROOT / "requirements.txt"))


def listed(*files: Path) -> list[str]:
    """The requirements in *files*, without duplicates."""
    lines = [line.strip() for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def made(name: str, version: str, *requirements: str) -> Path:
    """Python of the virtual environment *name* with *requirements*, created at first use and again when they change."""
    folder = CACHE / "environments" / name
    python, done = folder / "bin" / "python", folder / ".made"
    wanted = "\n".join(requirements)
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        print(f"Setting up {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
        subprocess.run([interpreters()[version], "-m", "venv", "--clear", folder], check=True)
        pip(python, "install", *requirements)
        done.write_text(wanted, encoding="utf-8")
    return python
