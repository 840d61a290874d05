# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what failed in test logs: `python tools/failures.py [--most N] LOG...` prints names of tests and the first lines of their errors.

Lines are not changed, so the output of one run of this tool can be read by another. For a log without such lines, its end is shown.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

#: Lines of one test's error.
LINES_OF_A_TEST = 3
#: Last lines of a log in which no failed test was found.
END = 15
WIDEST = 240
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: Lines of pytest's summary and of ansible-test.
_NAME = re.compile(r"(FAILED|ERROR) \S+(\.py|::)|(ERROR|FATAL): ")
#: The title of a failure. A line of single underscores between traceback entries is not one.
_TITLE = re.compile(r"_+ (?![_ ]+$).+ _+$")
_SAID = re.compile(r"E {3}")


def failures(text: str, most: int = 60) -> list[str]:
    """Names of failed tests in *text*, then their errors. At most *most* lines; if there are many of both, half of them are names."""
    lines = [_COLOUR.sub("", line).rstrip()[:WIDEST] for line in text.splitlines()]
    names = list(dict.fromkeys(line for line in lines if _NAME.match(line)))
    said: list[str] = []
    left = 0
    for line in lines:
        if _TITLE.match(line):
            said.append(line)
            left = LINES_OF_A_TEST
        elif left and _SAID.match(line):
            said.append(line)
            left -= 1
    if not names and not said:
        return [line for line in lines if line][-min(END, most) :]
    names = _cut(names, max(most // 2, most - len(said)))
    return names + _cut(said, most - len(names))


def _cut(lines: list[str], most: int) -> list[str]:
    """*lines*, cut to *most* lines with the number of omitted ones in the last."""
    return lines if len(lines) <= most else [*lines[: max(most - 1, 0)], f"... and {len(lines) - max(most - 1, 0)} further lines"]


def main() -> int:
    """Print what failed in each log. Returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=int, default=60, metavar="N", help="lines at most, of all logs together")
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOG")
    options = parser.parse_args()
    share = max(options.most // len(options.logs), 1)
    for log in options.logs:
        lines = failures(log.read_text(encoding="utf-8", errors="replace"), max(share - 1, 1)) if log.exists() else ["no log"]
        print(f"-- {log.stem}", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
