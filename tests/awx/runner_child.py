# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one job with ansible-runner, as AWX does: in a process of its own, with the Python of the job's environment.

    python runner_child.py PRIVATE_DATA_DIR PLAYBOOK COMMAND_LINE

Each event is written to the file ``events`` in the folder when it arrives, as one line of JSON; status and return code are written to ``end``.
Create a file ``cancel`` to cancel the job.
"""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import ansible_runner


def main() -> None:
    """Run the job to its end."""
    folder, playbook, line = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with (folder / "events").open("a", encoding="utf-8", buffering=1) as events:

        def keep(event: dict[str, t.Any]) -> bool:
            events.write(json.dumps(event) + "\n")
            return True

        run = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=playbook,
            cmdline=line or None,
            event_handler=keep,
            cancel_callback=(folder / "cancel").exists,
            quiet=True,
        )
    (folder / "end").write_text(json.dumps({"status": run.status, "rc": run.rc}), encoding="utf-8")


if __name__ == "__main__":
    main()
