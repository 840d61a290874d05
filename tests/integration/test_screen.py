# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output on a terminal of 80 columns: number of rows, their width, and the suggested commands, which never rerun anything twice."""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import width
from emulator.running import Running, running
from tests.support.playbook import Ansible
from tests.support.reader import without_times
from tests.support.scenarios import FREE, small_night, two_workspaces
from tests.support.terminal import Shown
from tests.support.workspace import inventory, variables
from tools import pictures

#: Maximum rows of a run, in total and by the collection.
BUDGETS = {"plan of 2": (30, 20), "plan of 3": (36, 20), "plan of 50": (280, 75), "rerun of 3": (50, 35)}
#: Screens. Those that the guides show are always tested; the one of fifty workspaces takes as long as all others together.
LARGE_LAST = [pytest.param(name, marks=pytest.mark.long if name in ("plan of 2", "plan of 50") else ()) for name in BUDGETS]


def fleet(workspaces: int) -> dict[str, t.Any]:
    """Workspaces with two jobs and five failed instances each. The clock is right: a warning would take two rows."""
    return small_night(
        workspaces=[
            {
                "id": f"{number:032x}",
                "name": f"workspace{number:02}",
                "jobs": [
                    {"name": "daily_sales", "id": 2 * number, "failed": 3, "succeeded": 2, "every": "1h"},
                    {"name": "hourly_orders", "id": 2 * number + 1, "failed": 2, "succeeded": 2, "every": "1h"},
                ],
            }
            for number in range(1, workspaces + 1)
        ],
        switches={**FREE, "clock_skew_seconds": 0},
    )


class Screens(dict[str, Shown]):
    """Screens by name, taken at first use: plans of two and of fifty workspaces (250 failures), plan and rerun of three (40 failures)."""

    def __missing__(self, name: str) -> Shown:
        with pictures.directory() as place:
            if name in ("plan of 3", "rerun of 3"):
                of_night = pictures.night(place)
                self.update({"plan of 3": of_night["plan"], "rerun of 3": of_night["rerun"]})
            else:
                (self[name],) = pictures.on_terminal(fleet(int(name.rpartition(" ")[2])), place, ("--check",))
        return self[name]


@pytest.fixture(scope="module")
def screens() -> Screens:
    return Screens()


@pytest.mark.parametrize("name", LARGE_LAST)
def test_a_run_takes_so_many_rows_at_most(screens: Screens, name: str) -> None:
    most, most_of_ours = BUDGETS[name]
    rows, own = screens[name].rows, pictures.ours(screens[name].rows)
    text = "\n".join(rows)
    assert screens[name].rc == (2 if name == "rerun of 3" else 0), text
    assert len(rows) <= most, f"{len(rows)} rows\n{text}"
    assert len(own) <= most_of_ours, f"{len(own)} rows\n{text}"


@pytest.mark.parametrize("name", LARGE_LAST)
def test_no_line_of_ours_is_wider_than_the_terminal(screens: Screens, name: str) -> None:
    """Except single words, which could not be pasted if they were broken."""
    lines = pictures.ours(screens[name].lines)
    assert len(lines) > 7
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


@pytest.mark.long
@pytest.mark.parametrize(("columns", "env"), [(60, {}), (100, {}), (80, {"COLUMNS": "0"}), (0, {})])
def test_every_line_fits_a_terminal_of_another_width(columns: int, env: dict[str, str]) -> None:
    """For all playbooks with output for people. Without a known width, the default is used."""
    names = ("每日销售汇总" * 3, "sales" * 9)
    jobs = [{"name": name, "id": number, "failed": 2, "runs": ["fail"]} for number, name in enumerate(names, 1)]
    scenario = two_workspaces(jobs=jobs, switches={**FREE, "clock_skew_seconds": 0})
    runs = (("--check",), (), ("failed",), ("history",), ("doctor",), ("repair", "--check"))
    with pictures.directory() as place:
        for screen in pictures.on_terminal(scenario, place, *runs, columns=columns, env=env):
            lines = pictures.ours(screen.lines)
            assert len(lines) > 4, screen.text
            wide = [line.strip() for line in lines if width(line) > (columns or 80)]
            # paths, ids and words of commands are never broken
            wide = [line for line in wide if " " in line and not re.search(r"/\S+$", line) and not line.startswith("-e '{")]
            assert wide == [], screen.text


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_the_guides_pictures_are_what_is_shown(screens: Screens, name: str) -> None:
    """``python -m tools.pictures`` updates them."""
    seen = {without_times(re.sub(r"/tmp/night-\w+", pictures.PLACE, row)) for row in screens[f"{name} of 3"].rows}
    rows = pictures.ours(pictures.written(pictures.GUIDE.read_text(encoding="utf-8"), name))
    assert len(rows) > 5
    assert [row for row in rows if without_times(row) not in seen] == []


# Suggested commands


@pytest.fixture
def service() -> Iterator[Running]:
    with running(small_night(switches={"flow_control": False, "clock_skew_seconds": 0})) as handle:
        yield handle


def last_command(text: str) -> list[str]:
    """Words of the last command in *text*."""
    lines = text.splitlines()
    at = max(index for index, line in enumerate(lines) if re.match(r"  (env|ansible-playbook) ", line))
    command = []
    for line in lines[at:]:
        command.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            break
    return shlex.split(" ".join(command))


def reruns(service: Running) -> Counter[tuple[str, int]]:
    return Counter((entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"])


@pytest.mark.long
def test_the_command_after_a_run_that_lost_the_service_reruns_nothing_twice(service: Running, tmp_path: Path) -> None:
    """Without option since, and with keys that are refused after everything was sent. Each suggested command is run three times."""
    ansible = Ansible(tmp_path)
    quick = variables(service, poll_interval=1, settle_time=1, journal=str(tmp_path / "journal.db"))
    (tmp_path / "hosts.yml").write_text(json.dumps(inventory(sales=quick)), encoding="utf-8")
    service.inject({"route": "list", "kind": "status", "status": 401, "code": "APIGW.0301", "skip": 1, "times": 999})
    words = ("dataarts.factory.rerun_failed", "-i", "hosts.yml", "-e", "dataarts_report_path=night")
    lost = ansible.playbook(*words).ended(2)
    before = reruns(service)
    assert sum(before.values()) == 6, lost.output
    report = json.loads((tmp_path / "night" / "report.json").read_text(encoding="utf-8"))
    (workspace,) = report["workspaces"]
    assert workspace["since"] is not None
    service.clear_faults()
    offered = [last_command(lost.stdout), *(shlex.split(step["command"]) for step in workspace["next_steps"])]
    for program, *arguments in offered:
        assert any("dataarts_since" in word for word in arguments), arguments
        for _time in range(3):
            ansible.run(program, *arguments)
    assert reruns(service) == before


@pytest.mark.long
def test_the_command_works_from_any_directory(service: Running, tmp_path: Path) -> None:
    """Playbook, inventory, settings, variable files and paths in them were relative. Exactly the plan is rerun."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    ansible = Ansible(tmp_path)
    (here / "hosts.yml").write_text(json.dumps(inventory(sales=variables(service, poll_interval=1, settle_time=1))), encoding="utf-8")
    play = [{"hosts": "all", "gather_facts": False, "roles": ["dataarts.factory.rerun"]}]
    (here / "night.yml").write_text(json.dumps(play), encoding="utf-8")
    (here / "vars.yml").write_text(json.dumps({"dataarts_jobs": ["daily_*"]}), encoding="utf-8")
    (here / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    words = ("night.yml", "-i", "hosts.yml", "-e", "@vars.yml", "-e", "dataarts_journal=journal.db", "-e", "dataarts_report_path=plan")
    settings = {"ANSIBLE_CONFIG": ""}
    checked = ansible.playbook(*words, "--check", cwd=here, env=settings).succeeded()
    assert not service.journal()
    command = last_command(checked.stdout)
    assert f"@{here}/plan/plans.json" in command
    assert not any("{" in word for word in command), "nothing to read past"
    assert command[:3] == ["env", f"ANSIBLE_CONFIG={here}/ansible.cfg", "ansible-playbook"]
    for dummy in range(2):  # the command may be run again at any time
        ansible.run("/usr/bin/env", *command[1:], cwd=elsewhere, env=settings).succeeded()
        assert Counter(name for name, _time in reruns(service)) == {"daily_sales": 3}
    assert (here / "journal.db").is_file()
    assert list(elsewhere.iterdir()) == []
