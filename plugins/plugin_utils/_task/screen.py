# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen: print lines, in colours if the terminal has them, and control what Ansible shows of results.

Lines go to the play's output if people read it. If a program reads it, they go to standard error, so that the program finds only the callback's
output.
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

# At import, because the main process imports the actions, and with them this module, before it forks.
prepare_main_process()
SCREEN.fit(shutil.get_terminal_size().columns)

_COLOURS = {"bad": constants.COLOR_ERROR, "busy": constants.COLOR_CHANGED, "good": constants.COLOR_OK}
#: Callbacks that print for people, who can read further lines between theirs. The output of any other may be read by a program.
_FOR_PEOPLE = frozenset({"default", "debug", "skippy", "yaml", "dense", "unixy", "awx_display"})
#: Longest result that is shown in one line, characters.
_SHORT = 1000
#: Verbosity from which results of any length are shown (``-vvv``).
_EVERYTHING = 3
#: Whether ansible-core shows the source lines of a failed task; those of the collection's own playbooks do not explain the cause.
_SHOWS_ORIGIN = tuple(map(int, ansible_version.split(".")[:2])) >= (2, 19)


class QuietFailure(AnsibleActionFail):
    """A failure for which Ansible shows only the message, not the task's source lines."""

    omit_exception_key = True


def show(display: t.Any, lines: t.Iterable[Line]) -> None:
    """Print *lines*.

    :param display: Ansible's display, which uses colours only on a terminal.
    """
    for_program = _for_program()
    for line in lines:
        display.display(line.text, color=_COLOURS.get(line.tone), stderr=for_program)
        note_said()


def _for_program() -> bool:
    return str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] not in _FOR_PEOPLE


def read_by_program(task: t.Any) -> bool:
    """Whether a program reads the failure message of *task*: a rescue block around it, or a program behind the callback.

    It needs the whole message. People find it in the closing lines, so that a few words are enough for them.

    :param task: of ansible-core.
    """
    return _for_program() or any(getattr(parent, "rescue", None) for parent in around(task))


def failed_with(text: str, **further: t.Any) -> dict[str, t.Any]:
    """A result that fails and shows only *text*.

    :param further: further keys of the result.
    :raises QuietFailure: instead of returning, if ansible-core would show source lines of the role with it.
    """
    if _SHOWS_ORIGIN:
        raise QuietFailure(text, result=further)
    return {"changed": False, "failed": True, "msg": text, **further}


def brief(result: dict[str, t.Any], display: t.Any) -> dict[str, t.Any]:
    """*result*, marked so that ``-v`` does not print it if it is long; the registered result stays whole.

    Ansible shows a failed result in any case.
    """
    if display.verbosity >= _EVERYTHING or not _is_long(result):
        return result
    return {**result, "_ansible_verbose_override": True}


def _is_long(result: t.Mapping[str, t.Any]) -> bool:
    """Whether *result* is longer than :data:`_SHORT` as JSON; encoding stops there, because a result may hold thousands of instances."""
    length = 0
    for part in json.JSONEncoder(default=str).iterencode(result):
        length += len(part)
        if length > _SHORT:
            return True
    return False
