# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of the forge run only commands that are tested: targets of the Makefile, or commands that a test below runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import ROOT, Ansible
from tools import docs_publish, environments, release

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE))
#: Targets that .ci/run does not call -> what runs their commands instead. `ee` is missing because it needs a container runtime and an image registry;
#: `make ecosystem` tests as much of it as is possible without them.
ELSEWHERE = {
    "build": "tests/integration/test_artifact.py",
    "integration": "by hand: each target's script runs in make test",
    "release": "test_a_tag_that_is_not_the_version_is_refused",
    "publish": "test_the_artifact_reaches_a_galaxy",
    "docs-publish": "test_every_version_of_the_site_stays",
}
#: Commands other than make -> the test that runs them; None if the command needs the forge.
COMMANDS = {
    'echo "chosen=${ASKED:-$SERIES}" >> "$GITHUB_OUTPUT"': "test_the_series_that_were_asked_for_are_chosen",
    'test "$RESULTS" = "success success success"': "test_one_result_stands_for_all",
    'gh release create "$TAG" .cache/dist/*.tar.gz --verify-tag --notes-file .cache/release/notes.md': None,
}


class Step(t.NamedTuple):
    """A step of a workflow that runs a command. *place* is WORKFLOW/JOB."""

    place: str
    command: str

    @property
    def target(self) -> str | None:
        """The target of the Makefile that the command runs, or None."""
        match = re.match(r"make ([a-z-]+)(?= |$)", self.command)
        return match[1] if match else None


def workflow(path: Path) -> dict[str, t.Any]:
    """Load the workflow in file *path*."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def steps() -> list[Step]:
    """Every step of every workflow that runs a command."""
    return [
        Step(f"{path.stem}/{job}", step["run"].strip())
        for path in WORKFLOWS
        for job, content in workflow(path)["jobs"].items()
        for step in content.get("steps", [])
        if "run" in step
    ]


def in_ci() -> set[str]:
    """The targets that .ci/run calls."""
    return set(re.findall(r"\bstep [a-z-]+ \S+ make ([a-z-]+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8")))


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.place)
def test_a_step_runs_a_target_or_what_a_test_runs(step: Step) -> None:
    if step.target is None:
        assert step.command in COMMANDS
        return
    assert step.target in TARGETS
    assert step.target in in_ci() | set(ELSEWHERE) | {"ee"}
    rest = re.sub(r"\$\{\{.*?\}\}", "X", step.command).split(" ", 2)[2:]
    variables = re.findall(r"\b([A-Z_]+)=", " ".join(rest))
    assert [name for name in variables if f"$({name})" not in MAKEFILE and f"{name} ?=" not in MAKEFILE and name != "CHROMIUM"] == []


def test_the_workflows_call_every_target_that_ci_calls() -> None:
    called = {step.target for step in steps()}
    assert in_ci() - called == set()
    (sample,) = re.findall(r"^sample=\(([^)]*)\)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    (chaos,) = [step.command for step in steps() if step.place == "make/chaos"]
    assert chaos.split()[2:] == sample.split()
    by_make = {step.target for step in steps() if step.place.startswith("make/")}
    assert by_make == in_ci()


def test_all_but_two_kinds_of_steps_are_run_without_the_forge() -> None:
    """The exceptions are the release on the forge and the execution environment."""
    commands = steps()
    run = [step for step in commands if step.target in in_ci() | set(ELSEWHERE) or COMMANDS.get(step.command)]
    assert [step.place for step in commands if step not in run] == ["ee/ee", "release/publish"]
    assert len(commands) - len(run) == 2
    names = [name for name in (*ELSEWHERE.values(), *COMMANDS.values()) if name and name.startswith("test_")]
    assert [name for name in names if name not in globals()] == []


def test_every_series_of_the_support_table_is_tested_on_the_forge() -> None:
    described = workflow(ROOT / ".github" / "workflows" / "ansible-test.yml")
    assert yaml.safe_load(described["env"]["SERIES"]) == [f"stable-{core}" for core in environments.CONTROLLERS]
    nightly = workflow(ROOT / ".github" / "workflows" / "nightly.yml")["jobs"]
    assert nightly["matrix"]["strategy"]["matrix"]["core"] == list(environments.CONTROLLERS)
    assert yaml.safe_load(nightly["devel"]["with"]["series"]) == ["devel"]
    kinds = {
        step["with"]["testing-type"] for job in described["jobs"].values() for step in job["steps"] if "ansible-test-gh-action" in str(step)
    }
    assert kinds == {"sanity", "units", "integration"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    described = workflow(path)
    assert described["permissions"] == {"contents": "read"}
    allowed = {job: content["permissions"] for job, content in described["jobs"].items() if "permissions" in content}
    assert set(allowed) <= ({"publish", "docs"} if path.stem == "release" else set())


@pytest.mark.parametrize(("asked", "chosen"), [("", '["stable-2.16"]'), ('["devel"]', '["devel"]')])
def test_the_series_that_were_asked_for_are_chosen(asked: str, chosen: str, tmp_path: Path) -> None:
    (command,) = (command for command in COMMANDS if "chosen=" in command)
    output = tmp_path / "output"
    variables = {"ASKED": asked, "SERIES": '["stable-2.16"]', "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", "-euc", command], env=variables, check=True)
    assert output.read_text(encoding="utf-8") == f"chosen={chosen}\n"


@pytest.mark.parametrize("last", ["success", "failure", "cancelled", "skipped"])
def test_one_result_stands_for_all(last: str) -> None:
    (command,) = (command for command in COMMANDS if "RESULTS" in command)
    ended = subprocess.run(["bash", "-euc", command], env={"RESULTS": f"success success {last}"}, check=False)
    assert (ended.returncode == 0) == (last == "success")


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A checkout that is ready for a release: it has no changelog fragments."""
    checkout = tmp_path / "checkout"
    for name in ("galaxy.yml", "changelogs/changelog.yaml", "plugins/module_utils/_common/version.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    (checkout / "changelogs" / "fragments").mkdir()
    return checkout


def test_a_tag_that_is_not_the_version_is_refused(released: Path) -> None:
    version = yaml.safe_load((released / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert release.problems(released, f"v{version}") == []
    assert release.problems(released, "v9.9.9") == [f"The tag is v9.9.9, but galaxy.yml says {version}: the tag must be v{version}."]
    assert "The tag is not set" in release.problems(released, "")[0]
    assert release.notes(released, version).startswith("The first release")
    (released / "changelogs" / "fragments" / "late.yml").touch()
    (waiting,) = release.problems(released, f"v{version}")
    assert "late.yml" in waiting
    module = released / "plugins" / "module_utils" / "_common" / "version.py"
    module.write_text('VERSION = "0.9.0"\n', encoding="utf-8")
    (released / "changelogs" / "changelog.yaml").write_text("releases: {}\n", encoding="utf-8")
    assert len(release.problems(released, f"v{version}")) == 3


class Galaxy(BaseHTTPRequestHandler):
    """A test double of the part of Galaxy's API that a publication uses."""

    received: t.ClassVar[list[tuple[str, str, int]]] = []

    def answer(self, body: str) -> None:
        """Send *body* as JSON."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        self.answer('{"available_versions": {"v3": "v3/"}, "state": "completed", "finished_at": "now", "messages": [], "error": null}')

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        self.received.append((self.path, self.headers["Authorization"], body.count(b"\x1f\x8b")))
        self.answer('{"task": "/api/v3/imports/collections/1/"}')

    def log_message(self, *dummy: t.Any) -> None:
        """Log nothing."""


@pytest.mark.long
def test_the_artifact_reaches_a_galaxy(tmp_path: Path) -> None:
    """It is published with the variables that `make publish` sets, so that address and token are not in a command line."""
    recipe = MAKEFILE.partition("publish: $(CACHE)")[2].partition("\n\n")[0]
    assert "ansible-galaxy collection publish $(CACHE)/dist/*.tar.gz" in recipe
    named = dict(re.findall(r"^publish: export (\w+) :?= (.*)$", MAKEFILE, re.MULTILINE))
    assert set(named) == {"ANSIBLE_GALAXY_SERVER_LIST", "ANSIBLE_GALAXY_SERVER_PUBLISH_URL", "ANSIBLE_GALAXY_SERVER_PUBLISH_TOKEN"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Galaxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}/api/"
        values = (named["ANSIBLE_GALAXY_SERVER_LIST"], address, "the-token-of-the-release")
        ansible = Ansible(tmp_path, environment=dict(zip(named, values, strict=True)))
        ansible.run("ansible-galaxy", "collection", "build", "--output-path", tmp_path, cwd=ROOT).succeeded()
        (artifact,) = tmp_path.glob("*.tar.gz")
        ansible.run("ansible-galaxy", "collection", "publish", artifact).succeeded()
    finally:
        server.shutdown()
        server.server_close()
    assert [(path, authorization) for path, authorization, _archives in Galaxy.received] == [
        ("/api/v3/artifacts/collections/", "Token the-token-of-the-release")
    ]


def test_every_version_of_the_site_stays(tmp_path: Path) -> None:
    """Of three versions, the last one published is a fix of an earlier series, so `latest` stays on the second one."""
    remote, checkout, site = tmp_path / "remote.git", tmp_path / "checkout", tmp_path / "site"
    for folder in (checkout, site):
        folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    subprocess.run(["git", "init", "--quiet"], cwd=checkout, check=True)
    for version in ("1.9.0", "1.10.0", "1.9.1"):
        (checkout / "galaxy.yml").write_text(f"version: {version}\n", encoding="utf-8")
        (site / "index.html").write_text(f"the site of {version}", encoding="utf-8")
        assert docs_publish.publish(checkout, site, str(remote)) == 0

    def at(path: str) -> str:
        shown = subprocess.run(["git", "show", f"gh-pages:{path}"], cwd=remote, capture_output=True, text=True, check=True)
        return shown.stdout

    for version in ("1.9.0", "1.10.0", "1.9.1"):
        assert at(f"{version}/index.html") == f"the site of {version}"
    assert at("latest/index.html") == "the site of 1.10.0"
    assert re.findall(r'href="([\d.]+)/', at("versions.html")) == ["1.10.0", "1.9.1", "1.9.0"]
    assert "url=latest/index.html" in at("index.html")
    log = subprocess.run(["git", "log", "--format=%s", "gh-pages"], cwd=remote, capture_output=True, text=True, check=True)
    assert log.stdout.split("\n")[:3] == ["Documentation of 1.9.1", "Documentation of 1.10.0", "Documentation of 1.9.0"]
    assert docs_publish.ordered(["1.0.0", "1.0.0-rc1", "latest"]) == ["1.0.0", "1.0.0-rc1"]
