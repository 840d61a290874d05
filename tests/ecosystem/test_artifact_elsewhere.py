# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others do with the artifact: Galaxy imports it, ansible-builder puts it into an execution environment. `make ecosystem` runs this."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import ROOT, Ansible

pytestmark = pytest.mark.ecosystem

#: What Galaxy and Automation Hub both ask for; the importer reads settings from such variables.
STRICT = {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true", "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true"}
TOOLS = ROOT / ".cache" / "environments" / "ecosystem" / "bin"
DEFINITION = ROOT / "examples" / "execution_environment" / "execution-environment.yml"


@pytest.fixture(scope="module")
def artifact() -> Path:
    """The artifact that `make build` left; only one."""
    (built,) = (ROOT / ".cache" / "dist").glob("*.tar.gz")
    return built


def test_galaxy_imports_it_without_a_warning(artifact: Path, tmp_path: Path) -> None:
    ansible = Ansible(tmp_path, collections=tmp_path, environment=STRICT, bin_directory=TOOLS)
    outcome = ansible.run("python", "-m", "galaxy_importer.main", artifact).succeeded()
    assert "Importer processing completed successfully" in outcome.stdout
    assert "ansible-lint run complete" in outcome.stdout
    assert re.findall(r"^(?:WARNING|ERROR).*", outcome.stdout, re.MULTILINE) == []
    imported = json.loads((tmp_path / "importer_result.json").read_text(encoding="utf-8"))
    assert {entry["content_type"] for entry in imported["contents"]} >= {"module", "inventory", "module_utils", "role", "playbook"}
    assert imported["requires_ansible"] == ">=2.16.0"


def test_builder_finds_what_the_installed_collection_needs(artifact: Path, tmp_path: Path) -> None:
    collections = tmp_path / "collections"
    ansible = Ansible(tmp_path, collections=collections, bin_directory=TOOLS)
    ansible.run("ansible-galaxy", "collection", "install", "--offline", "-p", collections, artifact).succeeded()
    ansible.run(
        "ansible-builder", "introspect", "--write-pip", tmp_path / "pip.txt", "--write-bindep", tmp_path / "bindep.txt", collections
    ).succeeded()
    wanted = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()]
    installed = (tmp_path / "pip.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split("#")[0].strip() for line in installed if line] == [line for line in wanted if line] == ["requests>=2.25"]
    assert not (tmp_path / "bindep.txt").exists(), "no system packages"


def test_builder_creates_the_context_of_the_example(artifact: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    Ansible(tmp_path, bin_directory=TOOLS).run("ansible-builder", "create", "-f", DEFINITION, "-c", context).succeeded()
    (wanted,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert (context / "_build" / wanted["name"]).read_bytes() == artifact.read_bytes()
    assert " ansible-galaxy collection install " in (context / "Dockerfile").read_text(encoding="utf-8")
