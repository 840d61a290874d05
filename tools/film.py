# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make film``: record `make demo` on a terminal as an animated SVG of one minute, which both READMEs show.

The SVG is a column of text that scrolls up by whole rows, so it contains each row once. Text, order and colours are those of the run; pauses are
scaled so that the whole takes a minute.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
FILM = ROOT / "docs" / "docsite" / "rst" / "images" / "film.svg"
COLUMNS, ROWS = 120, 30
#: Width and height of a character in the picture, and the space around the text.
WIDE, HIGH, MARGIN = 7.25, 17, 12
#: Seconds: length of the film, how long the last rows stay at its end, and the maximum of a pause before scaling.
LENGTH, REST, PAUSE = 60.0, 8.0, 2.0
COLOURS = {
    "30": "#6e7681",
    "31": "#ff7b72",
    "32": "#3fb950",
    "33": "#d29922",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#56d4dd",
    "37": "#e6edf3",
}
_STYLE = re.compile(r"\x1b\[([0-9;]*)m")

Run = tuple[str, str]
Row = tuple[float, list[Run]]


def recorded(command: Sequence[str]) -> list[tuple[float, str]]:
    """Run *command* in a pseudo-terminal. Returns its output as (seconds since the start, text).

    :raises SystemExit: it failed.
    """
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    parts: list[tuple[float, bytes]] = []
    start = time.monotonic()
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # on Linux: the other side is closed
            part = b""
        if not part:
            break
        parts.append((time.monotonic() - start, part))
    os.close(main)
    if process.wait():
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return [(at, part.decode("utf-8", "replace")) for at, part in parts]


def rows(parts: Sequence[tuple[float, str]]) -> Iterator[Row]:
    """Rows of the screen: (time at which it was complete, runs of (colour, text))."""
    waiting, colour = "", ""
    for at, part in parts:
        *lines, waiting = (waiting + part.replace("\r\n", "\n")).split("\n")
        for line in lines:
            runs: list[Run] = []
            pieces = _STYLE.split(line.rsplit("\r", 1)[-1])
            for number, piece in enumerate(pieces):
                if number % 2:
                    codes = [code for code in piece.split(";") if code in COLOURS]
                    colour = COLOURS[codes[-1]] if codes else "" if piece in ("", "0") else colour
                elif piece:
                    runs.append((colour, piece))
            for row in wrapped(runs):
                yield at, row


def wrapped(runs: list[Run]) -> Iterator[list[Run]]:
    """Wrap a line into rows of the terminal's width, at least one."""
    row: list[Run] = []
    used = 0
    for colour, text in runs:
        while used + len(text) > COLUMNS:
            row.append((colour, text[: COLUMNS - used]))
            text = text[COLUMNS - used :]
            yield row
            row, used = [], 0
        if text:
            row.append((colour, text))
            used += len(text)
    yield row


def timed(shown: list[Row]) -> list[float]:
    """Time at which each row appears, in seconds of the film."""
    pauses = [min(at - before, PAUSE) for (before, _row), (at, _next) in zip([(0.0, []), *shown[:-1]], shown, strict=True)]
    factor = (LENGTH - REST) / (sum(pauses) or 1)
    moments: list[float] = []
    for pause in pauses:
        moments.append((moments[-1] if moments else 0.0) + pause * factor)
    return moments


def picture(shown: list[Row]) -> str:
    """The rows as an animated SVG."""
    width, height = round(COLUMNS * WIDE + 2 * MARGIN), ROWS * HIGH + 2 * MARGIN
    steps: dict[str, int] = {"0.00": 0}
    for number, moment in enumerate(timed(shown), 1):
        steps[f"{moment / LENGTH * 100:.2f}"] = number
    frames = "".join(f"{at}%{{transform:translateY({-number * HIGH}px)}}" for at, number in steps.items())
    text = []
    for number, (_at, runs) in enumerate(shown):
        spans = "".join(f'<tspan fill="{colour}">{escape(part)}</tspan>' if colour else escape(part) for colour, part in runs)
        if spans:
            text.append(f'<text y="{(number + 1) * HIGH}">{spans}</text>')
    style = (
        f"text{{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}}"
        f".rows{{animation:rows {LENGTH:g}s step-end infinite}}@keyframes rows{{{frames}100%{{transform:translateY({-len(shown) * HIGH}px)}}}}"
        f"@media (prefers-reduced-motion:reduce){{.rows{{animation:none;transform:translateY({-len(shown) * HIGH}px)}}}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        "<!-- SPDX-FileCopyrightText: 2026 dataarts.factory contributors, SPDX-License-Identifier: GPL-3.0-or-later -->"
        f"<title>make demo: a night gone wrong is planned, rerun, and asked for again</title><style>{style}</style>"
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/><clipPath id="screen"><rect x="0" y="{MARGIN}" width="{width}" '
        f'height="{ROWS * HIGH}"/></clipPath><g clip-path="url(#screen)"><g transform="translate({MARGIN} {MARGIN + ROWS * HIGH - 4})">'
        f'<g class="rows">{"".join(text)}</g></g></g></svg>\n'
    )


def main() -> int:
    """Record the demo and write the SVG. Returns the exit status."""
    shown = [
        (at, [(colour, part.replace(f"{ROOT}/", "")) for colour, part in runs])
        for at, runs in rows(recorded([sys.executable, "tools/demo.py"]))
    ]
    FILM.write_text(picture(shown), encoding="utf-8")
    print(f"{FILM.relative_to(ROOT)}: {len(shown)} rows, {FILM.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
