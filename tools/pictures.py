# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tools.pictures``: write the terminal output of a plan and of a rerun into the guide, from a real terminal of 80 columns.

The real playbook plans and reruns the demo's night on the emulator. Times and other varying parts are those of this run.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from emulator.running import Running, running
from tests.support.playbook import ROOT, Ansible
from tests.support.terminal import COLUMNS, Shown, shown

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_first_rerun.rst"
SCENARIO = ROOT / "emulator" / "scenarios" / "night.yml"
#: Replaces the directory of the run in the pictures. It has the same length, so that lines wrap at the same places.
PLACE = "/home/jane/dataarts"
BEGIN, END = (
    ".. {}, taken by tools/pictures.py\n.. docs: not run, tests/integration/test_screen.py compares it\n.. code-block:: text\n\n",
    "\n.. End of the picture\n",
)
PICTURES = {"plan": "Picture of a plan", "rerun": "Picture of a rerun"}
#: Lines of Ansible, which differ between versions, and lines of progress, which differ between runs.
_NOT_OURS = re.compile(
    r"$|PLAY |TASK |(ok|changed|skipping|fatal|failed|\.\.\.ignoring)\b.*[:=]|\[(ERROR|WARNING)|Origin: |\d+ {2,}|\S+ +: ok=|kipped=|.*\d+s(  .*)?$|[sf] *ailed"
)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """Temporary directory with a path as long as :data:`PLACE`."""
    place = Path(tempfile.mkdtemp(prefix="night-", dir="/tmp"))
    assert len(str(place)) == len(PLACE), place
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def inventory(scenario: Mapping[str, t.Any], service: Running, place: Path) -> dict[str, t.Any]:
    """An inventory of all workspaces of *scenario*."""
    hosts: dict[str, t.Any] = {}
    for account in scenario["accounts"]:
        user = account["users"][0]
        keys: dict[str, t.Any] = {"region": account["region"], "project_id": account["project_id"]} | {
            name: user[name] for name in ("access_key", "secret_key")
        }
        for workspace in account["workspaces"]:
            hosts[workspace["name"]] = {f"dataarts_{name}": value for name, value in {**keys, "workspace_id": workspace["id"]}.items()}
    shared: dict[str, t.Any] = {"endpoint": service.endpoint, "endpoint_v1": service.endpoint_v1, "iam_endpoint": service.iam_endpoint}
    shared |= {"poll_interval": 1, "settle_time": 1, "journal": str(place / "journal.db")}
    python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"all": {"vars": {**python, **{f"dataarts_{name}": value for name, value in shared.items()}}, "hosts": hosts}}


def on_terminal(
    scenario: Mapping[str, t.Any], place: Path, *runs: tuple[str, ...], columns: int = COLUMNS, env: Mapping[str, str] | None = None
) -> list[Shown]:
    """Run playbooks one after the other on one emulator, and return what each shows on a terminal.

    :param runs: for each, further words of the command line, preceded by the name of the playbook unless it is rerun.
    """
    ansible = Ansible(place)
    environment = ansible.variables({"TERM": "xterm", "TZ": "Asia/Shanghai"})
    for name in ("COLUMNS", "ANSIBLE_CALLBACKS_ENABLED"):
        del environment[name]
    with running(dict(scenario)) as service:
        (place / "hosts.yml").write_text(json.dumps(inventory(scenario, service, place)), encoding="utf-8")
        command = [str(ansible.bin_directory / "ansible-playbook"), "-i", "hosts.yml"]
        plays = [words if words[:1] and not words[0].startswith("-") else ("rerun", *words) for words in runs]
        return [
            shown([*command, f"dataarts.factory.{name}", *words], {**environment, **(env or {})}, place, columns=columns)
            for name, *words in plays
        ]


def night(place: Path) -> dict[str, Shown]:
    """Plan and rerun the demo's night. Returns the screens by the names of :data:`PICTURES`."""
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    return dict(zip(PICTURES, on_terminal(scenario, place, ("--check",), ()), strict=True))


def picture(screen: Shown, place: Path) -> list[str]:
    """Rows of *screen* as the guide shows them."""
    return "\n".join(row.replace(str(place), PLACE).rstrip() for row in screen.rows).strip("\n").split("\n")


def ours(rows: list[str]) -> list[str]:
    """The rows that the collection prints and that are the same in every run, except for times."""
    return [row for row in rows if not _NOT_OURS.match(row)]


def written(guide: str, name: str) -> list[str]:
    """Rows of the picture *name* in *guide*."""
    _before, _begin, rest = guide.partition(BEGIN.format(PICTURES[name]))
    return [line.removeprefix("   ") for line in rest.partition(END)[0].rstrip("\n").split("\n")]


def replaced(guide: str, name: str, rows: list[str]) -> str:
    """*guide* with *rows* as its picture *name*."""
    begin = BEGIN.format(PICTURES[name])
    before, _begin, rest = guide.partition(begin)
    _old, _end, after = rest.partition(END)
    return f"{before}{begin}{''.join(f'   {row}'.rstrip() + chr(10) for row in rows)}{END}{after}"


def main() -> int:
    """Take the pictures and write them into the guide. Returns the exit status."""
    os.environ.pop("NO_COLOR", None)
    with directory() as place:
        guide = GUIDE.read_text(encoding="utf-8")
        for name, screen in night(place).items():
            guide = replaced(guide, name, picture(screen, place))
    GUIDE.write_text(guide, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
