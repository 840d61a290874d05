# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interruption: what stands when somebody ends the play, and what to type.

A task notes where its workspace stands in a small file of Ansible's own temporary folder, before it sends anything. The main process shows
them as the last thing when it is interrupted, if there is something to go on with. Where it is killed at once, nobody can.

A note stays when its workspace has ended: the ``since`` to go on with is the earliest of all workspaces, or what the play had rerun in one that
began before the others would count as rerun by somebody else, and be sent again.

What is the same for many workspaces is noted in the same place, so that only the first of them says it.
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
#: Workspaces that are shown; the rest is counted.
_SHOWN = 10


class Note:
    """What one workspace stands at.

    :param host: its name in the inventory.
    """

    def __init__(self, host: str) -> None:
        self._path = Path(str(constants.DEFAULT_LOCAL_TMP), _PREFIX + hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:32])

    def write(self, since: int, standing: str, command: str, language: str = ENGLISH) -> None:
        """Note it. An earlier ``since`` of the same host, as that of another workspace behind it, stays with its command.

        :param since: of the run, epoch ms.
        :param standing: a line that says where the instances stand; "" where there is nothing to go on with.
        :param command: lines that say what to type.
        :param language: of these lines.
        """
        first = _first([{"since": since, "command": command, "language": language}, *_read([self._path])])
        _put(self._path, {**first, "standing": standing})

    def close(self) -> None:
        """There is nothing to go on with; its ``since`` stays."""
        for before in _read([self._path]):
            _put(self._path, {**before, "standing": ""})


def close_all() -> None:
    """The play has summed up what stands, and said how to go on."""
    for path in _paths():
        for note in _read([path]):
            _put(path, {**note, "standing": ""})


def earliest(since: int) -> int:
    """The earliest ``since`` (epoch ms) of this play: *since*, or what another workspace has noted. One that notes an earlier one from now on
    has sent nothing yet, so that what it sends counts as sent after *since*, too."""
    return min([since, *(int(note["since"]) for note in _read(_paths()))])


def first_to_say(text: str) -> bool:
    """Whether no workspace of this play has said *text* yet."""
    name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    try:
        Path(str(constants.DEFAULT_LOCAL_TMP), _SAID + name).touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def interrupted_text() -> str:
    """What people read when the play is interrupted; "" where nothing is to be gone on with."""
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
    # What is only being written has the number of its process behind its name.
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
