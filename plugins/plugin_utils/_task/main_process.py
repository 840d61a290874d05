# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the main process of Ansible needs while tasks say something. The action of job_rerun is imported there before any worker is forked.

ansible-core ends the thread that takes what workers return as soon as one of their lines cannot be printed, because the reader of a pipe
is gone or a disk is full, and then waits for their results for ever.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import typing as t

from ansible.utils.display import Display


def keep_taking_results() -> None:
    """From here on a line of a worker that cannot be printed is lost, and nothing else is."""
    display = Display()
    if "display" not in vars(display):
        display.display = _losing(display.display)


def _losing(print_line: t.Callable[..., None]) -> t.Callable[..., None]:
    @functools.wraps(print_line)
    def losing(*args: t.Any, **more: t.Any) -> None:
        # In the main thread Ansible itself knows what to do about it.
        in_main = threading.current_thread() is threading.main_thread()
        with contextlib.nullcontext() if in_main else contextlib.suppress(OSError):
            print_line(*args, **more)

    return losing
