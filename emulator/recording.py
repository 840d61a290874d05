# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read recordings of accounts, which module account_doctor writes, as settings of switches."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from emulator.switches import SWITCHES, Switches, Value

FORMAT = "dataarts.factory recording"
#: The supported version of the format.
VERSION = 1
_MADE = "Let module account_doctor write one, with report_path."


def switches_like(path: Path) -> dict[str, Value]:
    """Switches that make the emulator answer like the recorded account. Switches that the recording does not decide are omitted.

    :raises ValueError: the file is not a recording, damaged, or of a later version. The text names the file, the cause and what to do.
    """
    try:
        recording = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refusal(path, error.strerror or type(error).__name__, "Check the path.") from None
    except (ValueError, RecursionError) as error:
        raise _refusal(path, f"it is not JSON ({error})", f"It is damaged, or not a recording. {_MADE}") from None
    if not isinstance(recording, dict) or recording.get("format") != FORMAT:
        raise _refusal(path, "it is not a recording", _MADE)
    version = recording.get("version")
    if isinstance(version, int) and version > VERSION:
        raise _refusal(path, f"it is of version {version}, and this checkout knows {VERSION}", "Update the checkout.")
    points = recording.get("assumptions")
    if version != VERSION or not isinstance(points, list):
        raise _refusal(path, "version or assumptions are missing", "It is damaged, or was made with measure=false: make it again.")
    return _settings(path, points)


def _settings(path: Path, points: list[t.Any]) -> dict[str, Value]:
    settings: dict[str, Value] = {}
    for point in points:
        if not isinstance(point, dict) or not isinstance(point.get("name"), str) or not isinstance(point.get("decided"), bool):
            raise _refusal(
                path, "an entry of assumptions has no name, or does not say whether it is decided", "It is damaged: make it again."
            )
        name = point["name"]
        if not point["decided"] or point.get("switch") is False:
            continue
        if name in settings:
            raise _refusal(path, f"{name} is in it twice", "It is damaged: make it again.")
        if name not in SWITCHES:
            raise _refusal(path, f"there is no switch {name}", "If a later version of the collection made it, update the checkout.")
        try:
            Switches({name: point.get("setting")})
        except ValueError as error:
            raise _refusal(path, str(error), "It is damaged, or a later version of the collection made it: update the checkout.") from None
        settings[name] = point.get("setting")
    return settings


def _refusal(path: Path, cause: str, remedy: str) -> ValueError:
    return ValueError(f"Failed to read the recording {path}: {cause}. {remedy}")
