# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a recording (option ``report_path`` of module account_doctor): mode 0600, written completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from .._common.errors import OptionError
from .._common.files import write_all
from .._common.text import printable

_REMEDY = "Set report_path to a file in a folder that this user can write"


class RecordingFile:
    """The file *where*, checked before any request is sent.

    :param where: path, relative to the current directory.
    :raises OptionError: it cannot be written there.
    """

    def __init__(self, where: str) -> None:
        self.path = os.path.abspath(os.path.expanduser(where))
        place = os.path.dirname(self.path)
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        if where.endswith(os.sep) or os.path.isdir(self.path):
            raise self._refusal("it is a folder")
        if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
            raise self._refusal(f"{printable(place, 300)} cannot be written by this user")

    def write(self, content: bytes) -> None:
        """Write *content*, replacing the file; a symbolic link is replaced, not followed.

        :raises OptionError: it cannot be written.
        """
        folder, name = os.path.split(self.path)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            write_all(Path(folder), {name: content}, 0o600)
        except OSError as error:
            raise self._refusal(printable(error.strerror or type(error).__name__, 200)) from None

    def _refusal(self, cause: str) -> OptionError:
        return OptionError(f"Failed to write the recording {printable(self.path, 300)}: {cause}. {_REMEDY}.")
