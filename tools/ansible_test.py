# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test` on a copy of the checkout: `python tools/ansible_test.py sanity|units|integration [2.16 2.19 ...]`.

ansible-test needs the collection at `ansible_collections/dataarts/factory`, and installs its tools with pip in an environment that keeps
only HOME and PATH. So it gets its own home below `.cache`, with this machine's pip settings and a pip bootstrap that downloads nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environments import CACHE, CONTROLLERS, ROOT, controller, environment, interpreters

WORK = CACHE / "ansible-test"
HOME = WORK / "home"
COPY = WORK / "ansible_collections" / "dataarts" / "factory"
#: Default series of ansible-core for each command. `make matrix` runs units and integration on all of them.
DEFAULT = {"sanity": ("2.16", "2.18", "2.19", "2.20", "2.21"), "units": ("2.16", "2.21"), "integration": ("2.16", "2.21")}

BOOTSTRAP = '''"""Stands in for get-pip.py: installs the pip that comes with Python, and with it what was asked for."""
import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=True)
'''


def copy_checkout() -> None:
    """Copy tracked files, and untracked ones that are not ignored, to where ansible-test needs the collection."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, COPY / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # Its own repository: otherwise ansible-test would use the checkout's, which ignores .cache.
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)
    subprocess.run(["git", "add", "--all"], cwd=COPY, check=True)


def pip_settings() -> str:
    """This machine's pip settings, from its files and the environment, as one pip.conf."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        match = re.fullmatch(r"(?:global|install|:env:)\.([a-z-]+)='(.*)'", line)
        if match and match[1] not in ("cache-dir", "config-file"):
            settings[match[1]] = match[2].replace("\\n", " ")
    settings["require-virtualenv"] = "true"  # ansible-test must never install into an interpreter of this machine
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def prepare_home(python: Path) -> None:
    """Write pip's settings, and the bootstrap under the file name that the ansible-test of *python* looks for."""
    settings = HOME / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(pip_settings(), encoding="utf-8")
    where = subprocess.run(
        [python, "-c", "import ansible_test; print(ansible_test.__path__[0])"], capture_output=True, text=True, check=True
    )
    source = (Path(where.stdout.strip()) / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in set(re.findall(r"pip='([0-9.]+)'", source)):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")


def link_interpreters() -> Path:
    """Create a folder with a link `python<version>` to each Python of this machine."""
    folder = WORK / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in interpreters().items():
        (folder / f"python{version}").symlink_to(path)
    return folder


def supported(python: Path) -> list[str]:
    """The Pythons of this machine that the ansible-test of *python* supports."""
    question = (
        "from ansible_test._util.target.common import constants as c; print(*c.REMOTE_ONLY_PYTHON_VERSIONS, *c.CONTROLLER_PYTHON_VERSIONS)"
    )
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True)
    return [version for version in answer.stdout.split() if version in interpreters()]


def run(command: str, core: str, targets: list[str]) -> int:
    """Run `ansible-test <command>` of one ansible-core. Returns its exit code.

    :param targets: limits units and integration to these; empty for all.
    """
    version = controller(core)
    python = environment(core, version)
    prepare_home(python)
    print(f"== ansible-test {command}, ansible-core {core}, Python {version}", flush=True)
    path = os.pathsep.join([str(python.parent), str(link_interpreters()), os.environ.get("PATH", os.defpath)])
    line = [str(python.parent / "ansible-test"), command, "--controller", f"origin:python={version}", "--color", "no"]
    # Sanity compiles and imports on every Python, in its own environments. The others install their requirements into ours.
    if command == "sanity":
        line += [part for target in supported(python) for part in ("--target-python", target)]
    elif command == "units":
        line += ["--target-python", version, "--requirements", *(f"tests/unit/{name}/" for name in targets)]
    else:
        line += ["--requirements", *targets]
    env = {"HOME": str(HOME), "PATH": path, "LC_ALL": "C.UTF-8", "ANSIBLE_TEST_PREFER_PODMAN": "0"}
    return subprocess.run(line, cwd=COPY, env=env, stdin=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    """Run the command on each ansible-core. Returns 0 if all pass."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=sorted(DEFAULT))
    parser.add_argument("cores", nargs="*", metavar="CORE", help=f"series of ansible-core: {', '.join(CONTROLLERS)}")
    parser.add_argument(
        "--targets", nargs="*", default=[], help="names below tests/unit, or tests/integration/targets; all of them by default"
    )
    chosen = parser.parse_args()
    copy_checkout()
    codes = {core: run(chosen.command, core, chosen.targets) for core in chosen.cores or DEFAULT[chosen.command]}
    if chosen.command == "units" and chosen.targets:
        print(f"left out: all of tests/unit but {' '.join(chosen.targets)}; make test runs all")
    for core, code in codes.items():
        print(f"ansible-test {chosen.command}, ansible-core {core}: {'passed' if code == 0 else 'FAILED'}")
    return int(any(codes.values()))


if __name__ == "__main__":
    sys.exit(main())
