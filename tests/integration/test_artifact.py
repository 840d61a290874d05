# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact is complete, has no development files, and works as the only installed collection."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path, PurePosixPath

import pytest
import yaml

from tests.support.long import whole_plays, whole_plays_of
from tests.support.playbook import ROOT, Ansible
from tools import build, role_options

PREFIX = "dataarts.factory"
#: Top-level names that the artifact may contain. Add new ones here if they belong in it.
SHIPPED = {
    "CHANGELOG.rst",
    "COPYING",
    "FILES.json",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "bindep.txt",
    "changelogs",
    "docs",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("[a-z]*.py"))
#: Modules that send requests to the service, with credentials.
ASKING = [
    name
    for name in MODULES
    if "dataarts.factory.account"
    in role_options.documentation(ROOT / "plugins" / "modules" / f"{name}.py").get("extends_documentation_fragment", [])
]
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("[a-z]*.py"))
INVENTORIES = sorted(path.stem for path in (ROOT / "plugins" / "inventory").glob("[a-z]*.py"))
ROLES = sorted(path.parents[1].name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact, built from the checkout as `make build` does, including uncommitted changes."""
    return build.build(ROOT, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def installed(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    """Ansible with the artifact as its only collection, installed without a network."""
    directory = tmp_path_factory.mktemp("installed")
    ansible = Ansible(directory, collections=directory / "collections")
    ansible.run("ansible-galaxy", "collection", "install", "--offline", "-p", ansible.collections, artifact).succeeded()
    return ansible


@pytest.fixture(scope="module")
def names(artifact: Path) -> list[PurePosixPath]:
    """Paths of all files in the artifact."""
    with tarfile.open(artifact) as archive:
        return [PurePosixPath(member.name) for member in archive.getmembers() if member.isfile()]


def test_the_artifact_is_named_after_galaxy_yml(artifact: Path) -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert artifact.name == f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz"


def test_the_same_files_are_the_same_artifact(artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from another checkout with other file times and another order."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(build.commit_time(ROOT)))
    assert build.build(unpacked(artifact, tmp_path / "checkout"), tmp_path).read_bytes() == artifact.read_bytes()


def test_it_carries_nothing_but_what_users_run_and_read(names: list[PurePosixPath]) -> None:
    assert {path.parts[0] for path in names} - SHIPPED == set()
    assert [str(path) for path in names if path.suffix in (".pyc", ".gz") or "__pycache__" in path.parts] == []


#: Maximum size in bytes of the artifact, and of each file in it that is not code.
PACKED, PAGE = 820_000, 80_000


def commented(path: Path) -> list[dict[str, t.Any]]:
    """Alternative requirements in the comments of *path*."""
    offers = [line.removeprefix("#   ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#   ")]
    return [yaml.safe_load(f"collections:{offer}") for offer in "\n".join(offers).split("collections:")[1:]]


@pytest.mark.long
@pytest.mark.parametrize("way", whole_plays(["none", "file", "git"]))
def test_a_copy_of_the_project_for_awx_finds_the_collection(way: str, artifact: Path, tmp_path: Path) -> None:
    """Unchanged, with the collection in the execution environment; with the artifact next to its requirements; from a repository."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "awx", project)
    requirements = project / "collections" / "requirements.yml"
    ansible = Ansible(tmp_path, collections=tmp_path / "installed")
    if way == "none":  # it is in the image
        ansible.run("ansible-galaxy", "collection", "install", "--offline", "-p", ansible.collections, artifact).succeeded()
    else:
        (chosen,) = (offer for offer in commented(requirements) if offer["collections"][0]["type"] == way)
        if way == "file":
            shutil.copy(artifact, project / chosen["collections"][0]["name"])
        else:
            chosen["collections"][0].update(name=f"git+file://{unpacked(artifact, tmp_path / 'repository')}", version="HEAD")
        requirements.write_text(yaml.safe_dump(chosen), encoding="utf-8")
    # like AWX's project update: into a separate folder without the image's collections, and offline
    own = tmp_path / "of the project"
    install = ("ansible-galaxy", "collection", "install", "--offline", "-r", "collections/requirements.yml", "-p", own)
    ansible.run(*install, cwd=project, env={"ANSIBLE_COLLECTIONS_PATH": str(own)}).succeeded()
    ansible = dataclasses.replace(ansible, collections=Path(f"{own}:{ansible.collections}"))
    playbooks = sorted(playbook.name for playbook in project.glob("*.yml") if playbook.name != "awx.yml")
    outcome = ansible.run("ansible-playbook", "--syntax-check", "-i", "inventory/retail.yml", *playbooks, cwd=project).succeeded()
    assert re.findall(r"^playbook: (.+)$", outcome.stdout, re.MULTILINE) == playbooks != []


def unpacked(artifact: Path, folder: Path) -> Path:
    """A git repository with the content of the artifact and galaxy.yml."""
    with tarfile.open(artifact) as archive:
        archive.extractall(folder, filter="data")
    for name in ("MANIFEST.json", "FILES.json"):
        (folder / name).unlink()
    shutil.copy(ROOT / "galaxy.yml", folder)
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def test_it_carries_what_its_pages_point_to(names: list[PurePosixPath]) -> None:
    shipped = {str(part) for path in names for part in (path, *path.parents)}
    missing = {
        os.path.normpath(path.parent / link)
        for path in names
        if path.suffix == ".md"
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / path).read_text(encoding="utf-8"))
    } - shipped
    assert missing == set(), "what is in the repository only is linked absolutely"


def test_it_is_small(artifact: Path) -> None:
    """One copy of the licence, no pictures, and no large files except code."""
    assert artifact.stat().st_size < PACKED
    with tarfile.open(artifact) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        sizes = {member.name: member.size for member in files}
        licences = [name for name in sizes if b"GNU GENERAL PUBLIC LICENSE\n" in t.cast("t.IO[bytes]", archive.extractfile(name)).read(400)]
    assert licences == ["COPYING"]
    assert [name for name in sizes if PurePosixPath(name).suffix in (".png", ".svg", ".gif", ".webp")] == []
    assert {name: size for name, size in sizes.items() if size > PAGE and not name.startswith("plugins/")}.keys() <= {"FILES.json"}


def test_its_guides_are_whole_without_the_pages_that_only_the_site_has(names: list[PurePosixPath]) -> None:
    """The table of contents has all its guides, which link to other pages of the repository only by addresses of existing files."""
    guides = {path.stem: (ROOT / path).read_text(encoding="utf-8") for path in names if path.suffix == ".rst" and path.parts[0] == "docs"}
    extra = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    assert sorted(name for section in extra["sections"] for name in section["toctree"]) == sorted(guides) != []
    assert [path.name for path in (ROOT / "docs" / "project").iterdir() if path.stem in guides] == []
    referred = {name for text in guides.values() for name in re.findall(rf"ansible_collections\.{re.escape(PREFIX)}\.docsite\.(\w+)", text)}
    assert referred - guides.keys() == set()
    links = {link for text in guides.values() for link in re.findall(rf"{re.escape(REPOSITORY)}/\w+/main/([^\s>#]+)", text)}
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_a_page_about_what_it_does_not_carry_says_where_to_get_it() -> None:
    guide = ROOT / "docs" / "project" / "guide_emulator.rst"
    assert f"{REPOSITORY}/tree/main/emulator" in guide.read_text(encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst")}
    of_emulator = {path.name: text for path, text in pages.items() if "python -m emulator" in text}
    assert len(of_emulator) > 1
    link = f"{REPOSITORY}/blob/main/{guide.relative_to(ROOT)}"
    assert [name for name, text in of_emulator.items() if link not in text.partition("python -m emulator")[0]] == []


def test_it_carries_every_plugin_role_and_playbook(names: list[PurePosixPath]) -> None:
    shipped = {str(path) for path in names}
    wanted = [
        path.relative_to(ROOT).as_posix()
        for folder in ("meta", "playbooks", "plugins", "roles")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert [name for name in ["README.md", "COPYING", "requirements.txt", *wanted] if name not in shipped] == []


def test_every_module_takes_its_credentials_from_the_action_group() -> None:
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert groups["api"] == ASKING


def documentation(ansible: Ansible, kind: str, names: list[str]) -> dict[str, t.Any]:
    """Output of `ansible-doc` for the installed plugins *names*."""
    full = [f"{PREFIX}.{name}" for name in names]
    outcome = ansible.run("ansible-doc", "--json", "-t", kind, *full).succeeded()
    return t.cast("dict[str, t.Any]", json.loads(outcome.stdout))


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "names", "option"),
    # an option from a fragment, and one of the module
    whole_plays_of([("module", MODULES, "access_key"), ("inventory", INVENTORIES, "accounts"), ("filter", FILTERS, "_input")]),
)
def test_the_installed_documentation_is_complete(installed: Ansible, kind: str, names: list[str], option: str) -> None:
    read = documentation(installed, kind, names)
    assert sorted(read) == [f"{PREFIX}.{name}" for name in names] != []
    for name, parts in read.items():
        assert parts["doc"]["collection"] == PREFIX, name
        assert parts["doc"]["short_description"], name
        assert parts["doc"]["version_added"] == "1.0.0", name
        assert parts["doc"]["author"], name
        assert parts["doc"]["seealso"], name
        assert option in parts["doc"]["options"] or name.split(".")[-1] in set(MODULES) - set(ASKING), name
        assert parts["examples"], name


def test_the_installed_roles_are_documented(installed: Ansible) -> None:
    read = documentation(installed, "role", ROLES)
    assert sorted(read) == [f"{PREFIX}.{name}" for name in ROLES] != []
    for name, parts in read.items():
        # workspace and its parts have main's options, and ask has related's; without an argument spec of theirs, the module reports errors
        # in one line
        assert set(parts["entry_points"]) == {"main", *entry_points(name)} - {"workspace", "send", "wait_for_end", "verdict", "ask"}
        for entry_point, doc in parts["entry_points"].items():
            assert {"short_description", "description", "version_added", "author", "seealso", "options"} <= set(doc), (name, entry_point)


def entry_points(role: str) -> set[str]:
    """Task files of *role*, in addition to main, that playbooks and users' pages use."""
    pages = [*PLAYBOOKS, *(ROOT / "docs" / "docsite" / "rst").glob("*.rst"), *(ROOT / "roles").glob("*/README.md")]
    pages += (ROOT / "roles").glob("*/meta/argument_specs.yml")  # its examples
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return set(re.findall(rf"name: {re.escape(role)}\n +tasks_from: (\w+)", text))


def test_the_installed_playbooks_are_found_by_their_full_names(installed: Ansible) -> None:
    names = [f"{PREFIX}.{path.stem}" for path in PLAYBOOKS]
    outcome = installed.run("ansible-playbook", "--syntax-check", *names).succeeded()
    checked = [Path(path).name for path in re.findall(r"^playbook: (.+)$", outcome.stdout, re.MULTILINE)]
    assert checked == [path.name for path in PLAYBOOKS] != []


#: Folders that an installed collection needs at run time.
RELIED_ON = ("meta", "playbooks", "plugins", "roles")


@pytest.mark.long
def test_the_demo_says_what_happened(artifact: Path, tmp_path: Path) -> None:
    """In an empty folder, with the artifact as the only collection, reduced to the folders that it needs at run time."""
    ansible = Ansible(tmp_path, collections=tmp_path / "collections")
    ansible.run("ansible-galaxy", "collection", "install", "--offline", "-p", tmp_path / "collections", artifact).succeeded()
    for path in (tmp_path / "collections" / "ansible_collections" / "dataarts" / "factory").iterdir():
        if path.name not in (*RELIED_ON, "MANIFEST.json"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "demo.py", "--place", tmp_path / "night"],
        env=ansible.variables(),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    plan, rerun, again, page = done.stdout.splitlines()[-4:]
    assert plan == "Plan:  40 failed instances of 10 jobs in 3 workspaces; check mode sent 0 of them."
    assert re.fullmatch(r"Rerun: 40 instances sent in \d+ requests; 39 succeeded, 1 failed again \(settlement_report\)\.", rerun)
    assert again == "Again: 0 requests, changed=0 in 3 workspaces; no instance was sent more than once."
    report = json.loads(Path(page).with_suffix(".json").read_text(encoding="utf-8"))
    assert (Path(page), report["headline"]) == (tmp_path / "night" / "report" / "report.html", "1 of 40 instances is still broken")
    assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")
    # live output during the rerun: the plan of each workspace, and progress lines
    for workspace in ("sales", "supply", "finance_core"):
        assert re.search(rf"^{workspace} +\d+ of \d+ to rerun", done.stdout, re.MULTILINE)
    assert re.search(
        r"^(sales|supply|finance_core) +(\d+ (succeeded|running|waiting|to rerun), )+\d+s(, (about|not before) \d\d:\d\d)?$",
        done.stdout,
        re.MULTILINE,
    )
