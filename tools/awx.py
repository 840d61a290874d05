# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares what the tests of `make awx` need below `.cache`: collection awx.awx, and ansible-runner with three series of ansible-core.

Collection awx.awx is taken out of the package `ansible` of the package index, which carries it.
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

#: The package that carries awx.awx 24.6.1, and the version of the collection in it.
CARRIER = "ansible==12.3.0"
COLLECTION = CACHE / "awx"
REQUIREMENTS = ("ansible-runner==2.4.3", "requests==2.32.5", "psycopg[binary]==3.2.10")


@functools.cache
def cores() -> dict[str, str]:
    """``oldest``: the oldest series of ansible-core that is supported; ``newest``: the newest that this machine has a Python for; ``middle``:
    2.19, the first that reads variables in its new way, or the newest before it.
    """
    fitting = [core for core, versions in CONTROLLERS.items() if set(versions) & set(interpreters())]
    return {"oldest": fitting[0], "middle": [core for core in fitting if core <= "2.19"][-1], "newest": fitting[-1]}


def python(core: str) -> Path:
    """The Python of an environment with ansible-core *core* and ansible-runner; made at first use."""
    return environment(core, controller(core), *REQUIREMENTS, name="awx")


def collection() -> Path:
    """A collections path with awx.awx in it; unpacked at first use."""
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
    """Prepare everything, and say where it is."""
    print(f"awx.awx: {collection()}")
    for core in sorted(set(cores().values())):
        print(f"ansible-core {core}: {python(core)}")


if __name__ == "__main__":
    main()
