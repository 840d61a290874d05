# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dataarts_language in real plays: text for people is Chinese, data for programs is not."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.plugin_utils._common.tables import COLUMNS, width
from emulator.running import running
from tests.support.long import whole_plays_of
from tests.support.playbook import Ansible
from tests.support.scenarios import SUPPLY_ID, two_workspaces
from tests.support.workspace import inventory, variables

from .test_playbook_repair import Night

PLAYBOOK = "dataarts.factory.rerun"


def written(path: Path, data: t.Any) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_rerun_in_chinese(tmp_path: Path) -> None:
    ansible = Ansible(tmp_path)
    with running(two_workspaces()) as service:
        state = {"poll_interval": 1, "settle_time": 1, "journal": str(tmp_path / "state"), "validate_certs": False}
        hosts = inventory(sales=variables(service, **state), supply=variables(service, workspace_id=SUPPLY_ID, **state))
        folder = tmp_path / "report"
        options = {"dataarts_language": "zh", "dataarts_report_path": str(folder), "dataarts_since": service.now_ms()}
        rerun = ansible.playbook(PLAYBOOK, "-i", written(tmp_path / "hosts.yml", hosts), variables=options).ended(2)
    seen = rerun.stdout.splitlines()
    assert any(re.fullmatch(r"sales   8 个实例中待重跑 6 个，暂缓至 [\d:]{8}  daily_sales 3、另外 2 个作业", row) for row in seen)
    assert "暂缓发送：日志库晚于 since 建立，其他控制端发送的重跑可能尚未显示。" in seen
    warnings = re.findall(r"\[WARNING\]: .*", rerun.stdout + rerun.stderr)
    assert [text for text in warnings if "validate_certs" in text] == [
        "[WARNING]: 未校验证书（validate_certs 为 false）：链路中的任何人都能读取和篡改所发送的内容。"
    ]
    (verdict,) = [line for line in rerun.of("job_rerun") if line.event == "failed"]
    assert verdict.result["msg"] == "5 个成功、1 个再次失败。详见下文。"
    (closing,) = rerun.of("rerun_summary")
    lines = closing.result["lines"]
    assert "\n".join(lines) in rerun.stdout
    assert lines[0] == "8 个实例中还有 1 个未恢复。"
    assert re.fullmatch(r"工作空间  作业           情况          计划时间（\+00:00）", lines[1])
    assert "1 个工作空间：全部 2 个实例运行成功" in lines
    assert "排除故障后，再重跑一次：" in lines
    assert "-e dataarts_language=zh" in " ".join(lines), "the command goes on in the same language"
    assert [line for line in lines if width(line) > COLUMNS and "/" not in line] == []
    # data for programs
    assert rerun.of("job_rerun", "sales")[0].result["plan"][0].startswith("Workspace ")
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["headline"] == "1 of 8 instances is still broken"
    assert closing.result["ansible_stats"]["data"]["dataarts_summary"]["text"].startswith(lines[0])


@pytest.mark.long
@pytest.mark.parametrize(
    ("play", "options"),
    whole_plays_of(
        [
            ({"module_defaults": {"group/dataarts.factory.api": {"language": "zh"}}}, {}),
            ({}, {"language": "zh"}),
            ({"vars": {"dataarts_language": "zh"}}, {}),
        ]
    ),
)
def test_warnings_of_a_task_are_in_its_language_whoever_says_it(tmp_path: Path, play: dict[str, t.Any], options: dict[str, str]) -> None:
    tasks: list[dict[str, t.Any]] = [{"dataarts.factory.job_rerun": {"check_only": True, **options}}]
    tasks += [] if options else [{"dataarts.factory.job_info": {}}]  # a module without the option
    tasks += [{**task, "environment": {"A": "b"}} for task in tasks]  # in a separate process
    with running(two_workspaces()) as service:
        hosts = inventory(sales=variables(service, validate_certs=False, journal=str(tmp_path / "state")))
        inventory_file = written(tmp_path / "hosts.yml", hosts)
        outcome = Ansible(tmp_path).written_playbook(
            [{"hosts": "all", "gather_facts": False, **play, "tasks": tasks}], "-i", inventory_file
        )
    warnings = re.findall(r"\[WARNING\]: .*validate_certs.*", outcome.succeeded().output)
    # Ansible shows a repeated warning only once
    assert warnings == ["[WARNING]: 未校验证书（validate_certs 为 false）：链路中的任何人都能读取和篡改所发送的内容。"]


@pytest.mark.long
def test_what_a_playbook_fails_with_is_in_chinese(tmp_path: Path) -> None:
    ansible = Ansible(tmp_path)
    with running(two_workspaces()) as service:
        hosts = written(tmp_path / "hosts.yml", inventory(sales=variables(service, secret_key="wrong")))
        doctor = ansible.playbook("dataarts.factory.doctor", "-i", hosts, variables={"dataarts_language": "zh"}).ended(2)
    assert doctor.failures["sales"] == "sales 未就绪。首先该做什么，见其检查结果的最后一行。"


@pytest.mark.long
def test_a_language_that_is_unknown_is_refused_by_its_name(tmp_path: Path) -> None:
    ansible = Ansible(tmp_path)
    with running(two_workspaces()) as service:
        hosts = inventory(sales=variables(service))
        rerun = ansible.playbook(PLAYBOOK, "-i", written(tmp_path / "hosts.yml", hosts), variables={"dataarts_language": "fr"}).ended(2)
        assert not service.journal()
    assert "dataarts_language" in rerun.failures["sales"]


#: Text that is not ours: of the service, of Ansible, and the names of things.
NOT_OURS = re.compile(
    r"^(PLAY |TASK |skipping: no hosts|(ok|changed|fatal): \[|(sales|supply) +: ok=|  ansible-playbook |    -).*"
    r"|DLF\.\S+ [a-z ]+|the node ended with exit code 1"
)


@pytest.mark.long
def test_no_line_of_a_night_with_refusals_is_english(tmp_path: Path) -> None:
    ansible = Ansible(tmp_path)
    night = {"dataarts_language": "zh", "dataarts_planned_after": "-12h"}
    with running(Night().damaged()) as service:
        state = {"poll_interval": 1, "settle_time": 1, "journal": str(tmp_path / "state")}
        hosts = inventory(sales=variables(service, **state), supply=variables(service, workspace_id=SUPPLY_ID, **state))
        words = ("-i", written(tmp_path / "hosts.yml", hosts))
        refusal = {"kind": "status", "status": 400, "times": 1}
        service.inject({**refusal, "route": "v1_stop_job", "code": "DLF.30118", "message": "no"})
        paused = {**night, "dataarts_pause_schedules": True, "dataarts_jobs": ["orders"]}
        plays = [ansible.playbook(PLAYBOOK, *words, "--limit", "sales", variables=paused).ended(2)]
        service.inject({**refusal, "route": "retry", "code": "DLF.30137", "message": "job instance does not exist"})
        plays.append(ansible.playbook(PLAYBOOK, *words, "--limit", "sales", variables={**night, "dataarts_jobs": ["orders"]}).ended(2))
        service.inject({"route": "retry", "kind": "drop", "when": "after_effect", "times": 1})
        plays.append(ansible.playbook("dataarts.factory.repair", *words, variables=night).succeeded())
        plays.append(ansible.playbook("dataarts.factory.history", *words, variables=night).succeeded())
    (verdict,) = [line.result["msg"] for line in plays[1].of("job_rerun") if line.event == "failed"]
    lines = [verdict, *(line for play in plays for line in play.stdout.splitlines())]
    assert [line for line in lines if re.search("[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}", NOT_OURS.sub("", line))] == []
