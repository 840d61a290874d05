# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interruption: the last known state of a play that is interrupted, and how to go on.

Before it sends anything, a task writes the state of its workspace to a small file in Ansible's temporary folder. When the main process is
interrupted, it prints these notes last, if there is anything to go on with. It cannot if it is killed with SIGKILL.

A note stays when its workspace has ended, because the ``since`` to go on with must be the earliest of all workspaces. With a later one, reruns of a
workspace that began earlier would count as somebody else's, and would be sent again.

Messages that are the same for many workspaces are noted there too, so that only the first workspace prints them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t
from pathlib import Path

from ansible import constants

from .._report.words import ENGLISH, say

_PREFIX = "dataarts-open-"
_SAID = "dataarts-said-"
#: Most workspaces that are shown; the rest is counted.
_SHOWN = 10


class Note:
    """The note of one workspace.

    :param host: its name in the inventory.
    """

    def __init__(self, host: str) -> None:
        self._path = Path(str(constants.DEFAULT_LOCAL_TMP), _PREFIX + hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:32])

    def write(self, since: int, standing: str, command: str, language: str = ENGLISH) -> None:
        """Write the note. An earlier ``since`` of the same host, from another workspace of the host, stays with its command.

        :param since: of the run, epoch ms.
        :param standing: line about the instances; "" if there is nothing to go on with.
        :param command: lines that say how to go on.
        :param language: of these lines.
        """
        first = _first([{"since": since, "command": command, "language": language}, *_read([self._path])])
        _put(self._path, {**first, "standing": standing})

    def close(self) -> None:
        """Mark that there is nothing to go on with; the ``since`` stays."""
        for before in _read([self._path]):
            _put(self._path, {**before, "standing": ""})


def close_all() -> None:
    """Close the notes of all workspaces, because the play has printed its summary and how to go on."""
    for path in _paths():
        for note in _read([path]):
            _put(path, {**note, "standing": ""})


def earliest(since: int) -> int:
    """The earliest ``since`` of this play, epoch ms: *since*, or that of a note.

    A workspace that notes an earlier one later has sent nothing yet, so what it sends is also sent after *since*.
    """
    return min([since, *(int(note["since"]) for note in _read(_paths()))])


def first_to_say(text: str) -> bool:
    """Whether no workspace of this play has printed *text* yet; the first call counts as printing it."""
    name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    try:
        Path(str(constants.DEFAULT_LOCAL_TMP), _SAID + name).touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def interrupted_text() -> str:
    """The text for people when the play is interrupted; "" if there is nothing to go on with."""
    notes = _read(_paths())
    standing = sorted(str(note["standing"]) for note in notes if note["standing"])
    if not standing:
        return ""
    first = _first(notes)
    language = str(first["language"])
    more = [say(language, "and {n} more workspaces", len(standing) - _SHOWN)] if len(standing) > _SHOWN else []
    lead = say(language, "Interrupted. What was sent goes on by itself. The last known state, with what was not sent yet:")
    return "\n".join([lead, *standing[:_SHOWN], *more, str(first["command"])])


def _first(notes: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any]:
    return min(notes, key=lambda note: int(note["since"]))


def _paths() -> list[Path]:
    # A file that is still being written has the number of its process as suffix.
    return [path for path in Path(str(constants.DEFAULT_LOCAL_TMP)).glob(f"{_PREFIX}*") if not path.suffix]


def _put(path: Path, note: dict[str, t.Any]) -> None:
    with contextlib.suppress(OSError):
        made = path.with_name(f"{path.name}.{os.getpid()}")
        made.write_text(json.dumps(note), encoding="utf-8")
        made.replace(path)


def _read(paths: t.Iterable[Path]) -> list[dict[str, t.Any]]:
    notes: list[dict[str, t.Any]] = []
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            notes.append(json.loads(path.read_text(encoding="utf-8")))
    return notes
