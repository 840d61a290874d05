# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkout's own order: whoever runs the tests in another way runs the same tests."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
#: Folders whose tests all have a marker that `make test` leaves out, and a target of their own.
NOT_IN_MAKE_TEST = ("ecosystem",)


def test_every_test_is_a_unit_or_in_one_integration_target() -> None:
    """`ansible-test units` runs tests/unit, `ansible-test integration` what the scripts of its targets name, `make test` everything."""
    named: Counter[Path] = Counter()
    for script in (TESTS / "integration" / "targets").glob("*/runme.sh"):
        for pattern in re.findall(r"\stests/(\S+)", script.read_text(encoding="utf-8")):
            found = [path for match in TESTS.glob(pattern) for path in ([match] if match.is_file() else match.rglob("test_*.py"))]
            assert found, f"{script}: no test is named tests/{pattern}"
            named.update(found)
    apart = [TESTS / folder for folder in ("unit", *NOT_IN_MAKE_TEST)]
    others = [path for path in TESTS.rglob("test_*.py") if not any(path.is_relative_to(folder) for folder in apart)]
    assert {str(path.relative_to(TESTS)): named[path] for path in others if named[path] != 1} == {}
