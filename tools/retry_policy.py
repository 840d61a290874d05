# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.retry_policy``: write the retry policy into the guide on exactly-once reruns."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_exactly_once.rst"
BEGIN, END = ".. Retry policy, written by tools/retry_policy.py\n\n", "\n.. End of the retry policy\n"


def table(policy: t.Mapping[t.Any, t.Sequence[t.Any]]) -> str:
    """*policy* (``RETRY_POLICY``) as a reStructuredText table of three columns."""
    rows = [("How an attempt ended", "Next step of a read", "Next step of a write")]
    rows += [(outcome.value, *map(_words, next_steps)) for outcome, next_steps in policy.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rule = tuple("=" * width for width in widths)
    lines = [rule, rows[0], rule, *rows[1:], rule]
    return "".join("  ".join(cell.ljust(widths[column]) for column, cell in enumerate(line)).rstrip() + "\n" for line in lines)


def _words(next_step: t.Any) -> str:
    if next_step is None:
        return "by its status, see below"
    step = str(next_step.step.value)
    if not step.endswith((":", "then")):
        return step
    return f"{step} {next_step.kind.value if next_step.kind else 'by its code'}"


def written(guide: str, policy: t.Mapping[t.Any, t.Sequence[t.Any]]) -> str:
    """*guide* with the table of *policy* between the markers."""
    before, _begin, rest = guide.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}{table(policy)}{END}{after}"


def main() -> int:
    """Rewrite the guide. Returns the exit status."""
    sys.path.insert(0, str(ROOT / ".cache" / "tree"))
    from ansible_collections.dataarts.factory.plugins.module_utils._http.retry_policy import RETRY_POLICY

    GUIDE.write_text(written(GUIDE.read_text(encoding="utf-8"), RETRY_POLICY), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
