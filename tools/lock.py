# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pin `requirements/*.in`: write the versions installed for the running Python, including dependencies, to `requirements/*.txt`.

`python tools/lock.py` pins the requirements of tests and linters, `python tools/lock.py docs` those of an environment of their own. `make
lock` upgrades the environments first.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).resolve().parents[1] / "requirements"
HEADER = """\
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by `make lock` from {source}.
"""


def canonical(name: str) -> str:
    """Normalize the name of a distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(path: Path) -> Iterator[Requirement]:
    """The requirements in a file of plain requirement lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].strip()
        if text:
            yield Requirement(text)


def closure(requirements: Iterator[Requirement]) -> dict[str, str]:
    """Canonical name to installed version, for *requirements* and all their dependencies on this interpreter."""
    stated = list(requirements)
    locked: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(stated)
    while waiting:
        requirement = waiting.pop()
        key = (canonical(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        locked[key[0]] = distribution.version
        for text in distribution.requires or []:
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
                waiting.append(needed)
    # keep the markers of requirements for some platforms only
    for entry in stated:
        if entry.marker:
            locked[canonical(entry.name)] += "; " + str(entry.marker).replace('"', "'")
    return locked


def write(name: str, pins: dict[str, str]) -> None:
    """Write *pins* as `requirements/<name>.txt`."""
    lines = [f"{package}=={version}\n" for package, version in sorted(pins.items())]
    (FOLDER / f"{name}.txt").write_text(HEADER.format(source=f"{name}.in") + "".join(lines), encoding="utf-8")


def main() -> None:
    """Pin the files of the command line; by default those of the tests, and of the linters what they need in addition."""
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            write(name, closure(wanted(FOLDER / f"{name}.in")))
        return
    tests = closure(wanted(FOLDER / "test.in"))
    write("test", tests)
    linters = closure(wanted(FOLDER / "lint.in"))
    write("lint", {name: version for name, version in linters.items() if name not in tests})


if __name__ == "__main__":
    main()
