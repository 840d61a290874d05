# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback that writes each task result of a real run as a JSON line, so that tests compare data instead of output."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: capture
type: aggregate
short_description: write task results as JSON lines
description: Writes one JSON line per result to the file that the environment variable E(CAPTURE_FILE) names.
"""


def attribute(result: t.Any, name: str) -> t.Any:
    """Attribute *name* of a task result, which has an underscore before ansible-core 2.19."""
    return getattr(result, name) if hasattr(type(result), name) or name in vars(result) else getattr(result, "_" + name)


class CallbackModule(CallbackBase):
    """Writes lines like ``{"event": "ok", "host": "workspace-a", "task": "Rerun", "action": "...", "result": {...}}``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "capture"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, line: dict[str, t.Any]) -> None:
        with open(os.environ["CAPTURE_FILE"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")

    def _result(self, event: str, result: t.Any) -> None:
        task = attribute(result, "task")
        self._write(
            {
                "event": event,
                "host": attribute(result, "host").get_name(),
                "task": task.get_name(),
                "action": task.action,
                "result": attribute(result, "result"),
            }
        )

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """A task succeeded."""
        self._result("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """A task failed. With *ignore_errors*, the play goes on."""
        self._result("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        """A task's condition was false."""
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """The host could not be reached."""
        self._result("unreachable", result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """The recap: one line per host."""
        for host in sorted(stats.processed):
            self._write({"event": "recap", "host": host, "task": "", "action": "", "result": stats.summarize(host)})
