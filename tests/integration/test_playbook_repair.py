# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook repair in real plays: a night with all kinds of damage needs one plan and one approval, is whole afterwards, and is repaired once."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
import typing as t
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emulator.running import Running, running
from tests.support.long import whole_plays_of
from tests.support.playbook import TIMEOUT, Ansible, Outcome
from tests.support.scenarios import FREE, SUPPLY_ID, V1, V2, WORKSPACE_ID, small_night
from tests.support.workspace import inventory, variables

from .test_missing import whole_hour

PLAYBOOK = "dataarts.factory.repair"
Json = dict[str, t.Any]
#: A limit, with modules in separate processes because of another path of the interpreter.
ELSEWHERE: Json = {"dataarts_max_instances": 5, "ansible_python_interpreter": f"{sys.prefix}/bin/python3"}


class Night:
    """A damaged night. Plan times are whole hours before the test started, so that they are fixed."""

    def __init__(self) -> None:
        self._now = whole_hour(0)

    def hour(self, ago: int) -> int:
        """Plan time *ago* hours ago, epoch ms."""
        return self._now - ago * 3_600_000

    def cycle(self, ago: int, status: str, **more: t.Any) -> Json:
        return {"plan_time": self.hour(ago), "status": status, **more}

    def cycles(self, *missing: int) -> list[Json]:
        """Instances of an hourly job in the last seven hours, without those *missing* hours ago."""
        return [self.cycle(ago, "success") for ago in range(7) if ago not in missing]

    def damaged(self, **switches: t.Any) -> Json:
        """Two workspaces with damage.

        In sales: orders failed once, board was cancelled because of that, mart succeeded on old data, hung hangs, two instances of loads and one of
        digest, which depends on orders, are missing. feed, and mirror in supply, ran without the missing loads, and paper without digest. In supply:
        stock failed twice, and one instance of parts is missing.
        """
        orders = [*self.cycles(3), self.cycle(3, "fail")]
        board = [*self.cycles(3), self.cycle(3, "manual-stop", cancelled=True)]
        sales = [
            {"name": "orders", "instances": orders},
            {"name": "board", "depends_on": ["orders"], "instances": board},
            {"name": "mart", "depends_on": ["orders"], "instances": self.cycles()},
            {"name": "hung", "instances": [*self.cycles(2), self.cycle(2, "running-exception")]},
            {"name": "loads", "instances": self.cycles(4, 5)},
            {"name": "digest", "depends_on": ["orders"], "instances": self.cycles(2)},
            {"name": "feed", "depends_on": ["loads"], "instances": self.cycles()},
            {"name": "paper", "depends_on": ["digest"], "instances": self.cycles()},
            {"name": "closed", "status": "STOPPED", "instances": self.cycles(1, 2)},
        ]
        supply = [
            {"name": "stock", "instances": [*self.cycles(1, 2), *(self.cycle(hours, "fail") for hours in (1, 2))]},
            {"name": "parts", "instances": self.cycles(5)},
            {"name": "mirror", "depends_on": [{"workspace": WORKSPACE_ID, "job": "loads"}], "instances": self.cycles()},
        ]
        workspaces = [{"id": WORKSPACE_ID, "name": "sales", "jobs": sales}, {"id": SUPPLY_ID, "name": "supply", "jobs": supply}]
        return small_night(workspaces=workspaces, speed=600, switches={**FREE, **V1, **V2, **switches})

    def everything(self) -> dict[tuple[str, str, int], int]:
        """Writes that repair everything: (kind, job, plan time), each once."""
        asked = (
            ("patch_data", "loads", self.hour(5)),
            ("patch_data", "loads", self.hour(4)),
            ("patch_data", "digest", self.hour(2)),
            ("patch_data", "parts", self.hour(5)),
            ("stop", "hung", self.hour(2)),
            ("retry", "hung", self.hour(2)),
            ("retry", "orders", self.hour(3)),
            ("retry", "board", self.hour(3)),
            ("retry", "mart", self.hour(3)),
            ("retry", "digest", self.hour(3)),
            ("retry", "feed", self.hour(5)),
            ("retry", "feed", self.hour(4)),
            ("retry", "mirror", self.hour(5)),
            ("retry", "mirror", self.hour(4)),
            ("retry", "paper", self.hour(3)),
            ("retry", "paper", self.hour(2)),
            ("retry", "stock", self.hour(1)),
            ("retry", "stock", self.hour(2)),
        )
        return dict.fromkeys(asked, 1)


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running(Night().damaged()) as handle:
        yield handle


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path)


def hosts_file(service: Running, path: Path, night: Night, **more: t.Any) -> Path:
    """Write the inventory of both workspaces. The journal is in the same folder."""
    shared = {"poll_interval": 1, "settle_time": 1, "journal": str(path / "state"), "planned_after": str(night.hour(6)), **more}
    hosts = inventory(sales=variables(service, **shared), supply=variables(service, workspace_id=SUPPLY_ID, **shared))
    (path / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
    return path / "hosts.yml"


def writes(service: Running) -> Counter[tuple[str, str, int]]:
    """Number of accepted writes by (kind, job, plan time)."""
    return Counter(
        (entry["kind"], entry["job_name"], instance["plan_time"]) for entry in service.journal() for instance in entry["instances"]
    )


def closing(outcome: Outcome) -> list[str]:
    """Closing lines. Checks that they are on the terminal unchanged, and fit in 80 columns except for commands."""
    (line,) = outcome.of("rerun_summary")
    lines: list[str] = line.result["lines"]
    assert "\n".join(lines) in outcome.stdout
    assert max(len(text) for text in lines if not text.startswith("    -")) <= 80
    return lines


def headline_of(outcome: Outcome) -> str:
    """First sentence of the closing lines."""
    return " ".join(" ".join(closing(outcome)).split()).partition(".")[0] + "."


def command(outcome: Outcome) -> list[str]:
    """Words of the command at the end of the play, without program and playbook."""
    text = outcome.stdout[outcome.stdout.index("To repair exactly this") :].split("\n\n")[0].split("\nok: ")[0]
    program, playbook, *words = shlex.split(text.partition(":\n")[2].replace("\\\n", " "))
    assert (program, playbook) == ("ansible-playbook", PLAYBOOK)
    return words


def test_a_whole_night_is_one_plan_and_one_approval(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    service.reset(night.damaged())
    hosts = hosts_file(service, tmp_path, night)
    checked = ansible.playbook(PLAYBOOK, "-i", hosts, "--check").succeeded()
    assert not service.journal()
    lines = closing(checked)
    assert [line.split() for line in lines if line.startswith(("sales ", "supply "))][:2] == [
        ["sales", "1", "1", "9", "3"],
        ["supply", "2", "1"],
    ]
    text = " ".join(" ".join(lines).split())
    assert "4 missing instances will be made by PatchData" in text
    assert "5 of the dependants may have run on old data. Only those that did are rerun." in text
    assert "after the reruns, as the job depends on what failed" in text
    assert "Left alone: 2 missing instances of closed (sales)" in text

    repaired = ansible.playbook(PLAYBOOK, *command(checked)).succeeded()
    assert writes(service) == night.everything()
    kinds = [entry["kind"] for entry in service.journal() if entry["workspace_id"] == WORKSPACE_ID]
    assert (kinds[0], kinds[-2:]) == ("patch_data", ["patch_data", "retry"])
    assert headline_of(repaired) == "All 13 instances succeeded, 1 after a stop, 9 as dependants; 4 missing instances made by PatchData."

    before = service.journal()
    for again, said in (
        (ansible.playbook(PLAYBOOK, *command(checked)), "made by PatchData; nothing was sent this time."),
        (ansible.playbook(PLAYBOOK, "-i", hosts), "Nothing to repair."),
    ):
        assert headline_of(again.succeeded()).endswith(said)
        assert [again.recap(host)["changed"] for host in ("sales", "supply")] == [0, 0]
        assert service.journal() == before


@pytest.mark.long
def test_one_pause_holds_for_all_steps_of_a_repair(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    """A job is paused before its first instance is created or rerun, and resumed once, when everything is done in all workspaces."""
    night = Night()
    service.reset(night.damaged())
    before = service.state()["schedules"]
    hosts = hosts_file(service, tmp_path, night, pause_schedules=True)
    text = " ".join(" ".join(closing(ansible.playbook(PLAYBOOK, "-i", hosts, "--check").succeeded())).split())
    assert "sales: the schedules of digest, loads, board, feed" in text
    assert "supply: the schedules of parts" in text
    assert not service.journal()

    repaired = ansible.playbook(PLAYBOOK, "-i", hosts).succeeded()
    assert "the schedules of digest and loads are stopped first, and started again at the end" in " ".join(repaired.stdout.split())
    assert "still paused" not in repaired.stdout
    asked = Counter({key: number for key, number in writes(service).items() if not key[0].endswith("_schedule")})
    assert asked == night.everything()
    entries = [(entry["kind"], entry["workspace_id"], entry["job_name"]) for entry in service.journal()]
    kinds = [kind for kind, _where, _name in entries]
    assert set(kinds[kinds.index("start_schedule") :]) == {"start_schedule"}, kinds
    paused = Counter((where, name) for kind, where, name in entries if kind == "stop_schedule")
    assert paused == Counter((where, name) for kind, where, name in entries if kind == "start_schedule")
    assert paused == dict.fromkeys({(where, name) for kind, where, name in entries if not kind.endswith("_schedule")}, 1)
    for job in paused:
        assert next(kind for kind, *of in entries if tuple(of) == job) == "stop_schedule", job
    assert service.state()["schedules"] == before


@pytest.mark.long
@pytest.mark.parametrize("before", ["Rerun", "Start the paused jobs again"])
def test_a_repair_whose_journal_is_lost_between_its_steps_leaves_nothing_paused(
    service: Running, ansible: Ansible, tmp_path: Path, before: str
) -> None:
    """The real playbook, with an additional play that overwrites the journal."""
    night = Night()
    service.reset(night.damaged())
    schedules = service.state()["schedules"]
    hosts = hosts_file(service, tmp_path, night, pause_schedules=True, journal=str(tmp_path / "journal.db"))
    path = Path(__file__).parents[2] / "playbooks" / "repair.yml"
    plays: list[Json] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for play in plays:
        if "ansible.builtin.import_playbook" in play:
            play["ansible.builtin.import_playbook"] = str(path.parent / play["ansible.builtin.import_playbook"])
    overwrite = {
        "ansible.builtin.copy": {"dest": str(tmp_path / "journal.db"), "content": "not a database any more\n" * 100, "mode": "0600"}
    }
    place = [play["name"] for play in plays].index(before)
    plays.insert(place, {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [overwrite]})
    outcome = ansible.written_playbook(plays, "-i", hosts)
    entries = [(entry["kind"], entry["workspace_id"], entry["job_name"]) for entry in service.journal()]
    paused = {(where, name) for kind, where, name in entries if kind == "stop_schedule"}
    assert {where for where, _name in paused} == {WORKSPACE_ID, SUPPLY_ID}, outcome.output
    assert paused == {(where, name) for kind, where, name in entries if kind == "start_schedule"}, outcome.output
    assert service.state()["schedules"] == schedules
    assert list(tmp_path.glob("journal.db.unreadable-*"))


@pytest.mark.long
def test_what_was_not_approved_is_not_made_and_nothing_is_rerun_there(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    service.reset(night.damaged())
    checked = ansible.playbook(
        PLAYBOOK, "-i", hosts_file(service, tmp_path, night), "--check", variables={"dataarts_jobs": ["*"]}
    ).succeeded()
    (stats,) = [line.result["ansible_stats"]["data"] for line in checked.of("rerun_summary")]
    plans = json.loads(json.dumps(stats["dataarts_plans"]))
    whole = ansible.playbook("dataarts.factory.rerun", "-i", tmp_path / "hosts.yml", variables={"dataarts_plans": plans}).ended(2)
    assert {"is one of playbook dataarts.factory.repair" in text for text in whole.failures.values()} == {True}, whole.failures
    assert not service.journal()
    plans["sales"]["gaps"].pop()
    refused = ansible.playbook(PLAYBOOK, "-i", tmp_path / "hosts.yml", variables={"dataarts_plans": plans}).ended(2)
    assert {entry["workspace_id"] for entry in service.journal()} == {SUPPLY_ID}
    assert "what is missing differs from what was approved" in " ".join(" ".join(closing(refused)).split())
    assert "To see the plan as it is now, and approve that:" in closing(refused)


@pytest.mark.parametrize(("approved", "extra"), whole_plays_of([(True, {}), (False, {"dataarts_max_instances": 5}), (False, ELSEWHERE)]))
def test_where_the_reruns_are_refused_nothing_is_made_before(
    service: Running, ansible: Ansible, tmp_path: Path, approved: bool, extra: Json
) -> None:
    """They differ from the approved ones, or are too many; with modules in-process and in separate processes."""
    night = Night()
    service.reset(night.damaged())
    words: list[t.Any] = ["-i", hosts_file(service, tmp_path, night)]
    if approved:
        words = command(ansible.playbook(PLAYBOOK, *words, "--check").succeeded())
        service.add("mart", night.cycle(6, "fail", plan_time=night.hour(6) + 1_800_000), workspace_id=WORKSPACE_ID)
    refused = ansible.playbook(PLAYBOOK, *words, variables=extra).ended(2)
    assert {entry["workspace_id"] for entry in service.journal()} == {SUPPLY_ID}
    text = " ".join(" ".join(closing(refused)).split())
    assert ("1 instance added (mart planned" if approved else "max_instances is 5; nothing is sent") in text
    assert ("To see the plan as it is now, and approve that:" in text) is approved


@pytest.mark.long
@pytest.mark.parametrize(
    ("jobs", "otherwise", "words"),
    [
        ("parts", {"dataarts_parallel": 3}, "parallel was 1 and is 3"),
        ("parts", {"dataarts_pause_schedules": True}, "pause_schedules was False and is True"),
        ("parts", {"dataarts_not_between": ["00:00-00:01 +00:00"]}, "not_between was not set and is"),
        ("loads", {"dataarts_max_parallel_per_job": 1}, "the options are not those of the approved plan"),
    ],
)
def test_an_approved_repair_without_failures_is_made_as_it_was_approved(
    service: Running, ansible: Ansible, tmp_path: Path, jobs: str, otherwise: Json, words: str
) -> None:
    """Whether nothing is rerun, or only instances downstream of created ones."""
    night = Night()
    service.reset(night.damaged())
    hosts = hosts_file(service, tmp_path, night)
    plan = command(ansible.playbook(PLAYBOOK, "-i", hosts, "--check", variables={"dataarts_jobs": [jobs]}).succeeded())
    refused = ansible.playbook(PLAYBOOK, *plan, variables=otherwise).ended(2)
    assert words in " ".join(" ".join(closing(refused)).split())
    assert not service.journal()
    ansible.playbook(PLAYBOOK, *plan).succeeded()
    concerned = {"loads", "feed", "mirror"} if jobs == "loads" else {jobs}
    assert writes(service) == {place: number for place, number in night.everything().items() if place[1] in concerned}


@pytest.mark.long
def test_what_depends_on_it_is_foreseen_also_where_it_is_not_selected(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    service.reset(night.damaged())
    chosen = {"dataarts_jobs": ["load*"]}
    checked = ansible.playbook(PLAYBOOK, "-i", hosts_file(service, tmp_path, night), "--check", variables=chosen).succeeded()
    ansible.playbook(PLAYBOOK, *command(checked)).succeeded()
    jobs = {"loads", "feed", "mirror"}
    assert writes(service) == {place: number for place, number in night.everything().items() if place[1] in jobs}
    before = service.journal()
    ansible.playbook(PLAYBOOK, *command(checked)).succeeded()
    assert service.journal() == before


@pytest.mark.long
def test_what_ran_without_what_a_refused_repair_has_made_is_rerun_by_the_next_one(
    service: Running, ansible: Ansible, tmp_path: Path
) -> None:
    """An instance in a workspace that was left out depends on a created one, which no plan included."""
    night = Night()
    service.reset(night.damaged())
    hosts = hosts_file(service, tmp_path, night)
    alone = command(ansible.playbook(PLAYBOOK, "-i", hosts, "--limit", "sales", "--check").succeeded())
    refused = ansible.playbook(PLAYBOOK, *alone).ended(2)
    lines = " ".join(" ".join(closing(refused)).split())
    assert "mirror" in lines
    assert "dataarts_downstream" not in lines
    ansible.playbook(PLAYBOOK, *command(ansible.playbook(PLAYBOOK, "-i", hosts, "--check").succeeded())).succeeded()
    assert writes(service) == night.everything()
    before = service.journal()
    assert headline_of(ansible.playbook(PLAYBOOK, "-i", hosts).succeeded()) == "Nothing to repair."
    assert service.journal() == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("after", "approved", "paused"),
    [
        *((number, True, False) for number in (1, 2, 4, 6)),
        *((number, False, False) for number in (2, 5, 8, 10)),
        *((number, False, True) for number in (1, 4, 12, 20, 30)),
    ],
)
def test_a_repair_that_was_killed_is_finished_by_the_next_one(
    service: Running, ansible: Ansible, tmp_path: Path, after: int, approved: bool, paused: bool
) -> None:
    night = Night()
    service.reset(night.damaged())
    schedules = service.state()["schedules"]
    words: list[t.Any] = ["-i", hosts_file(service, tmp_path, night, **({"pause_schedules": True} if paused else {}))]
    if approved:
        words = command(ansible.playbook(PLAYBOOK, *words, "--check").succeeded())
    running_play = ansible.start("ansible-playbook", PLAYBOOK, *words)
    deadline = time.monotonic() + TIMEOUT
    while len(service.journal()) < after and running_play.process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running_play.send(signal.SIGKILL)
    running_play.wait()
    ansible.playbook(PLAYBOOK, *words).succeeded()
    assert Counter({key: number for key, number in writes(service).items() if not key[0].endswith("_schedule")}) == night.everything()
    assert service.state()["schedules"] == schedules


@pytest.mark.long
def test_what_patch_data_did_not_bring_to_success_is_told_and_can_be_rerun(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    scenario = night.damaged()
    jobs = scenario["accounts"][0]["workspaces"][0]["jobs"]
    for job in jobs:
        job.update({"patch_fails": [night.hour(5)]} if job["name"] == "loads" else {})
    service.reset(scenario)
    hosts = hosts_file(service, tmp_path, night)
    broken = ansible.playbook(PLAYBOOK, "-i", hosts).ended(2)
    # instances that ran without loads are not rerun, because the data is still missing
    made = {place: 1 for place in night.everything() if place[1:] not in {(name, night.hour(5)) for name in ("feed", "mirror")}}
    assert writes(service) == made
    text = " ".join(" ".join(closing(broken)).split())
    assert "2 missing instances are not repaired" in text
    assert "loads" in text
    again = ansible.playbook(PLAYBOOK, "-i", hosts, variables={"dataarts_downstream": "ignore"}).ended(2)
    assert "1 failed again" in " ".join(closing(again))  # its cause still exists
    assert writes(service) == {**made, ("retry", "loads", night.hour(5)): 1}


@pytest.mark.long
def test_a_typo_is_found_before_anything_is_made(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    service.reset(night.damaged())
    hosts = hosts_file(service, tmp_path, night)
    for extra in (
        {"dataarts_job": ["orders"]},
        {"dataarts_max_parallel": "many"},
        {"dataarts_plans": ""},
        {"dataarts_plan_id": "1-2-3-mx2orqxx"},
    ):
        refused = ansible.playbook(PLAYBOOK, "-i", hosts, variables=extra).ended(2)
        assert next(iter(extra)) in refused.output
        assert not service.journal()


@pytest.mark.long
def test_a_survey_that_asks_for_the_plan_alone_sends_nothing(service: Running, ansible: Ansible, tmp_path: Path) -> None:
    night = Night()
    service.reset(night.damaged())
    hosts = hosts_file(service, tmp_path, night)
    shown = ansible.playbook(PLAYBOOK, "-i", hosts, variables={"dataarts_check_only": "yes"}).succeeded()
    assert not service.journal()
    assert "4 missing instances will be made by PatchData:" in closing(shown)
    ansible.playbook(PLAYBOOK, "-i", hosts, variables={"dataarts_check_only": "no"}).succeeded()
    assert writes(service) == night.everything()
