# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines for a terminal, and how they are meant. Pure."""

from __future__ import annotations

import typing as t

#: What a line is about: something that needs a person, that is in progress or would be done, or that is as it should be.
Tone = t.Literal["", "bad", "busy", "good"]


class Line(t.NamedTuple):
    """One line, or several that belong together and are written at once; the tone chooses its colour, where the terminal has colours."""

    text: str
    tone: Tone = ""
