# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen: where lines of ours are written, in colours where the terminal has them, and what Ansible shows of our results.

Lines go where the output of the play goes if people read it, and to the standard error otherwise: a program that reads what a callback
prints finds nothing else there.
"""

from __future__ import annotations

import json
import shutil
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as ansible_version

from .._common.tables import SCREEN, Line
from .heartbeat import note_said
from .loops import around
from .main_process import prepare_main_process

# Every action that shows lines imports this, which the main process does too.
prepare_main_process()
SCREEN.fit(shutil.get_terminal_size().columns)

_COLOURS = {"bad": constants.COLOR_ERROR, "busy": constants.COLOR_CHANGED, "good": constants.COLOR_OK}
#: Callbacks that print for people, so that a line more between theirs disturbs nothing. Any other may be read by a program.
_FOR_PEOPLE = frozenset({"default", "debug", "skippy", "yaml", "dense", "unixy", "awx_display"})
#: Characters of a result that may be shown in one line.
_SHORT = 1000
#: From this verbosity on, results are shown whatever their length (``-vvv``).
_EVERYTHING = 3
#: Whether ansible-core shows the lines of the file in which a failed task stands; those of our own playbooks say nothing about the cause.
_SHOWS_ORIGIN = tuple(map(int, ansible_version.split(".")[:2])) >= (2, 19)


class QuietFailure(AnsibleActionFail):
    """A failure of which Ansible shows the message alone, without lines of the file that the task stands in."""

    omit_exception_key = True


def show(display: t.Any, lines: t.Iterable[Line]) -> None:
    """Write *lines*.

    :param display: Ansible's display, which colours only what goes to a terminal.
    """
    for_program = _for_program()
    for line in lines:
        display.display(line.text, color=_COLOURS.get(line.tone), stderr=for_program)
        note_said()


def _for_program() -> bool:
    return str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] not in _FOR_PEOPLE


def read_by_program(task: t.Any) -> bool:
    """Whether a program reads what *task* fails with, which then is the whole message: a rescue around it, or whatever the callback prints for.
    On the screen the closing lines say it, so that there a few words are enough.

    :param task: of ansible-core.
    """
    return _for_program() or any(getattr(parent, "rescue", None) for parent in around(task))


def failed_with(text: str, **further: t.Any) -> dict[str, t.Any]:
    """A result that fails with *text* and shows nothing else.

    :param further: what else is in the result.
    :raises QuietFailure: in its place, where ansible-core would show lines of the role's file with it.
    """
    if _SHOWS_ORIGIN:
        raise QuietFailure(text, result=further)
    return {"changed": False, "failed": True, "msg": text, **further}


def brief(result: dict[str, t.Any], display: t.Any) -> dict[str, t.Any]:
    """*result*, marked so that ``-v`` does not print thousands of characters of it in one line; what is registered stays whole.

    A result that failed is shown by Ansible in any case.
    """
    if display.verbosity >= _EVERYTHING or not _is_long(result):
        return result
    return {**result, "_ansible_verbose_override": True}


def _is_long(result: t.Mapping[str, t.Any]) -> bool:
    """Written no further than it takes to tell: a result may hold thousands of instances."""
    length = 0
    for part in json.JSONEncoder(default=str).iterencode(result):
        length += len(part)
        if length > _SHORT:
            return True
    return False
