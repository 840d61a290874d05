# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two Python samples on the rerun's page run with the emulator, with only the endpoint changed [H-RET].

Their placeholders stay: in this scenario, the project is called ``{project_id}`` and the job ``{job_name}``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from emulator.running import Running
from tests.support.scenarios import ACCESS_KEY, SECRET_KEY, WORKSPACE_ID, small_night

SAMPLES = Path(__file__).parent / "samples"
SELECTED, RELATED = "retry_selected_instances.py.txt", "retry_related_jobs.py.txt"
#: The samples' region, the only text that is replaced.
REGION = '.with_region(DataArtsStudioRegion.value_of("<YOUR REGION>"))'
#: The bodies under "sample requests" on the page.
BODIES: dict[str, dict[str, t.Any]] = {
    SELECTED: {
        "retry_location": "errorNode",
        "retry_task_version": "original_version",
        "ignore_obs_monitor": True,
        "task_retrys": [{"job_id": 917567, "plan_time": 1732601580000, "submit_time": 1732239754684}],
    },
    RELATED: {
        "retry_location": "errorNode",
        "retry_task_version": "current_version",
        "ignore_obs_monitor": True,
        "begin_time": 1732608520000,
        "end_time": 1732612120000,
        "jobs": [{"job_name": "job_test_smn2", "workspace_id": "62fbba734e634c5087656fc3ff7adf34"}],
        "concurrent": 2,
    },
}
#: Reruns of each sample: (job, plan time).
RERUN = {
    SELECTED: [("{job_name}", 1732601580000)],
    RELATED: [("{job_name}", 1732609000000), ("job_test_smn2", 1732612120000)],
}


@pytest.fixture
def service(emulated: Running) -> Running:
    """Emulator with the project and jobs of the samples, in the account's default workspace, because they name none."""
    jobs: list[dict[str, t.Any]] = [
        {
            "name": "{job_name}",
            "id": 917567,
            "submit_time": 1732239754684,
            "instances": [{"plan_time": 1732601580000, "status": "fail"}, {"plan_time": 1732609000000, "status": "fail"}],
        },
        {
            "name": "job_test_smn2",
            "instances": [{"plan_time": 1732612120000, "status": "fail"}, {"plan_time": 1732612120001, "status": "fail"}],
        },
    ]
    workspaces = [{"id": WORKSPACE_ID, "name": "sales", "kind": 1, "jobs": jobs, "project_id": "{project_id}"}]
    projects = [{"id": "{project_id}", "name": "cn-north-4"}]
    emulated.reset(small_night(workspaces=workspaces, projects=projects, switches={"v2_workspace": "default"}))
    return emulated


def run(name: str, endpoint: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a sample in a process, with the emulator's endpoint."""
    original = (SAMPLES / name).read_text(encoding="utf-8")
    assert original.count(REGION) == 1
    script = folder / name.removesuffix(".txt")
    script.write_text(original.replace(REGION, f'.with_endpoint("{endpoint}")'), encoding="utf-8")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "PYTHONUTF8": "1"}
    environment |= {"CLOUD_SDK_AK": ACCESS_KEY, "CLOUD_SDK_SK": SECRET_KEY}
    command = [sys.executable, str(script)]
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("name", [SELECTED, RELATED])
def test_a_sample_reruns_what_the_page_says(service: Running, tmp_path: Path, name: str) -> None:
    ended = run(name, service.endpoint, tmp_path)
    assert (ended.returncode, ended.stdout.strip()) == (0, "{}"), ended.stderr
    (entry,) = service.journal()
    assert (entry["api"], entry["job_name"], entry["body"]) == ("v2", "{job_name}", BODIES[name])
    assert entry["kind"] == ("retry" if name == SELECTED else "retry_related")
    assert [(instance["job_name"], instance["plan_time"]) for instance in entry["instances"]] == RERUN[name]


def test_a_sample_shows_the_service_s_error(service: Running, tmp_path: Path) -> None:
    """If v2 requires the workspace header, as was observed ([KES]), the page's samples are refused."""
    service.set(v2_workspace="required")
    ended = run(SELECTED, service.endpoint, tmp_path)
    (request,) = service.requests()
    assert ended.returncode == 0, ended.stderr
    status, request_id, code, message = ended.stdout.splitlines()
    assert (status, request_id, code) == ("400", request["request_id"], "APIGW.0106")
    assert "workspace" in message
    assert service.journal() == []
