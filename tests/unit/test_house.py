# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout's own order: whoever runs the tests in another way runs the same tests."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
#: Folders of which `make test` runs nothing: all their tests have a marker that it leaves out, and a target of their own.
LEFT_OUT = ("ecosystem",)


def test_every_test_is_a_unit_or_in_one_integration_target() -> None:
    """`ansible-test units` runs tests/unit, `ansible-test integration` what the scripts of its targets name, `make test` everything."""
    named: Counter[Path] = Counter()
    for script in (TESTS / "integration" / "targets").glob("*/runme.sh"):
        for pattern in re.findall(r"\stests/(\S+)", script.read_text(encoding="utf-8")):
            found = [path for match in TESTS.glob(pattern) for path in ([match] if match.is_file() else match.rglob("test_*.py"))]
            assert found, f"{script}: no test is named tests/{pattern}"
            named.update(found)
    others = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    assert {
        str(path): named[TESTS / path] for path in others if path.parts[0] not in ("unit", *LEFT_OUT) and named[TESTS / path] != 1
    } == {}
