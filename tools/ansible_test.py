# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `ansible-test` on a copy of the checkout: `python tools/ansible_test.py sanity|units|integration [2.16 2.19 ...]`.

ansible-test wants the collection at `ansible_collections/dataarts/factory` and installs its tools with pip in an environment
where only HOME and PATH are left. So it gets a home of its own below `.cache`, with the settings that pip has on this machine
and a bootstrap of pip that downloads nothing.
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
#: Series of ansible-core that each command takes unless it is told: units and integration run in every cell of `make matrix` too.
DEFAULT = {"sanity": ("2.16", "2.18", "2.19", "2.20", "2.21"), "units": ("2.16", "2.21"), "integration": ("2.16", "2.21")}

BOOTSTRAP = '''"""Stands in for get-pip.py: installs the pip that comes with Python, and with it what was asked for."""
import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=True)
'''


def copy_checkout() -> None:
    """Copy the files that git knows or would add, and nothing else, to where ansible-test wants the collection."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, COPY / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # A repository of its own: otherwise ansible-test asks git of the checkout, which ignores .cache.
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)
    subprocess.run(["git", "add", "--all"], cwd=COPY, check=True)


def pip_settings() -> str:
    """The settings that pip has on this machine, from its files and from the environment, as one pip.conf for virtual environments."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        match = re.fullmatch(r"(?:global|install|:env:)\.([a-z-]+)='(.*)'", line)
        if match and match[1] not in ("cache-dir", "config-file"):
            settings[match[1]] = match[2].replace("\\n", " ")
    settings["require-virtualenv"] = "true"  # whatever ansible-test comes to, no interpreter of the machine is changed
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def prepare_home(python: Path) -> None:
    """Write pip's settings, and the bootstrap under the name that this ansible-test looks for."""
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
    """A folder in which ansible-test finds every Python of the machine by its name."""
    folder = WORK / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in interpreters().items():
        (folder / f"python{version}").symlink_to(path)
    return folder


def supported(python: Path) -> list[str]:
    """The Pythons of this machine that this ansible-test knows: modules are compiled for and imported on each of them."""
    question = (
        "from ansible_test._util.target.common import constants as c; print(*c.REMOTE_ONLY_PYTHON_VERSIONS, *c.CONTROLLER_PYTHON_VERSIONS)"
    )
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True)
    return [version for version in answer.stdout.split() if version in interpreters()]


def run(command: str, core: str, targets: list[str]) -> int:
    """Run `ansible-test <command>` of one ansible-core, of units and integration only *targets* if there are any; its exit code."""
    version = controller(core)
    python = environment(core, version)
    prepare_home(python)
    print(f"== ansible-test {command}, ansible-core {core}, Python {version}", flush=True)
    path = os.pathsep.join([str(python.parent), str(link_interpreters()), os.environ.get("PATH", os.defpath)])
    line = [str(python.parent / "ansible-test"), command, "--controller", f"origin:python={version}", "--color", "no"]
    # Sanity compiles and imports on every Python, in environments of its own. The others install what they need: into ours, nowhere else.
    if command == "sanity":
        line += [part for target in supported(python) for part in ("--target-python", target)]
    elif command == "units":
        line += ["--target-python", version, "--requirements", *(f"tests/unit/{name}/" for name in targets)]
    else:
        line += ["--requirements", *targets]
    env = {"HOME": str(HOME), "PATH": path, "LC_ALL": "C.UTF-8", "ANSIBLE_TEST_PREFER_PODMAN": "0"}
    return subprocess.run(line, cwd=COPY, env=env, stdin=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    """Run what the command line asks for; 0 if every version of ansible-core is content."""
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
