# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stdout callback for programs, like ansible.posix.json: the whole standard output is one JSON document."""

from __future__ import annotations

import json
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: one_document
type: stdout
short_description: print the recap as JSON
description: Prints one JSON object at the end, host to its counts, and nothing else.
"""


class CallbackModule(CallbackBase):
    """Prints ``{"sales": {"ok": 3, ...}}``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "one_document"

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """The end of the play."""
        self._display.display(json.dumps({host: stats.summarize(host) for host in stats.processed}))
