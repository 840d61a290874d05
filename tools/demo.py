# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: rerun the failures of a night on the emulator, with the real playbook of the installed collection.

The collection is installed below `ANSIBLE_COLLECTIONS_PATH`; only the example's inventory and the emulator are from the checkout. Commands
run and write in .cache/night, or in the directory after `--place`, which is emptied first. The last lines say what happened, counted in the
emulator's journal, and where the report is. The exit status is 0 only if the outcome is as expected.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import typing as t
import urllib.request
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PLACE = Path(sys.argv[sys.argv.index("--place") + 1]).absolute() if "--place" in sys.argv else ROOT / ".cache" / "night"
SCENARIO = ROOT / "emulator" / "scenarios" / "night.yml"
COLLECTION = Path(os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")).absolute() / "ansible_collections" / "dataarts" / "factory"
INVENTORY = ROOT / "examples" / "night_gone_wrong"
REPORT = PLACE / "report"
BIN = Path(sys.executable).parent
#: Prefixes of environment variables that the user may have set for real work. The demo must not see them.
FOREIGN = ("ANSIBLE_", "HW_", "HUAWEICLOUD_", "CLOUD_SDK_")

Journal = list[dict[str, t.Any]]
Instance = tuple[str, str, int, int]


@dataclasses.dataclass(frozen=True)
class Night:
    """State of the emulator at one moment.

    :param statuses: true status of every instance.
    :param journal: writes accepted so far.
    """

    statuses: dict[Instance, str]
    journal: Journal

    @property
    def reruns(self) -> Counter[Instance]:
        """Number of reruns of each instance."""
        return Counter(
            (entry["workspace_id"], entry["job_name"], instance["plan_time"], instance["submit_time"])
            for entry in self.journal
            for instance in entry["instances"]
        )

    def having(self, status: str) -> set[Instance]:
        """Instances with *status*."""
        return {key for key, current in self.statuses.items() if current == status}


def main() -> int:
    """Run the demo. Returns the exit status."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    environment = variables()
    print(f"$ cd {PLACE}", flush=True)
    with emulator() as addresses:
        write_inventory(addresses, environment)
        since = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
        nights = [night(addresses["control"])]
        outputs = []
        for title, options in (
            ("1. The plan: check mode sends nothing", ["--check"]),
            ("2. The rerun", ["-e", f"dataarts_since={since}", "-e", f"dataarts_report_path={REPORT.name}"]),
            ("3. The same again, with the same since", ["-e", f"dataarts_since={since}"]),
        ):
            say(title)
            outputs.append(playbook(environment, options))
            nights.append(night(addresses["control"]))
    return conclude(nights, outputs)


def variables() -> dict[str, str]:
    """Environment of all commands: the user's, without settings and credentials for real work."""
    if not (COLLECTION / "MANIFEST.json").exists():
        raise SystemExit("The collection is not installed below ANSIBLE_COLLECTIONS_PATH; `make demo` does that.")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    settings = PLACE / "ansible.cfg"
    write(settings, "[defaults]\n")
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(PLACE / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]),
        "ANSIBLE_LOCAL_TEMP": str(PLACE / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(PLACE / "tmp"),
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_FORCE_COLOR": "1" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "0",
    }


@contextlib.contextmanager
def emulator() -> t.Iterator[dict[str, str]]:
    """Run the emulator with the night's scenario while the block runs. Yields its addresses."""
    command = [sys.executable, "-m", "emulator", "--scenario", str(SCENARIO)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("{"):
            raise SystemExit(f"The emulator did not start: {shlex.join(command)}")
        yield json.loads(line)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def write_inventory(addresses: dict[str, str], environment: dict[str, str]) -> None:
    """Write the example's inventory with the emulator's addresses, and the secret keys encrypted with a throwaway password."""
    shutil.copytree(INVENTORY, PLACE / "inventory")
    password = PLACE / "vault-password"
    write(password, "throwaway\n")
    settings: dict[str, t.Any] = {f"dataarts_{name}": addresses[name] for name in ("endpoint", "endpoint_v1", "iam_endpoint")}
    # Runs take seconds: poll often, and do not wait a minute for reruns that other machines may have sent.
    settings |= {"dataarts_poll_interval": 1, "dataarts_settle_time": 2, "dataarts_journal": str(PLACE / "state")}
    write(PLACE / "inventory" / "group_vars" / "all" / "demo.yml", yaml.safe_dump(settings))
    secrets = {
        account["project_id"]: account["users"][0]["secret_key"]
        for account in yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))["accounts"]
    }
    for group in ("retail", "finance"):
        directory = PLACE / "inventory" / "group_vars" / group
        project = yaml.safe_load((directory / "main.yml").read_text(encoding="utf-8"))["dataarts_project_id"]
        command = ["ansible-vault", "encrypt_string", "--vault-password-file", str(password), "--stdin-name", "dataarts_secret_key"]
        write(directory / "vault.yml", quietly(command, environment, secrets[project]))


def playbook(environment: dict[str, str], options: list[str]) -> str:
    """Run the collection's playbook and print its output at once. Returns the output without colours."""
    command = [
        "ansible-playbook",
        "dataarts.factory.rerun",
        "-i",
        "inventory/hosts.yml",
        "--vault-password-file",
        "vault-password",
        *options,
    ]
    print(f"$ {shlex.join(command)}", flush=True)
    process = subprocess.Popen(
        command,
        cwd=PLACE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    lines = []
    try:
        for line in process.stdout or ():
            lines.append(line)
            print(line, end="", flush=True)
    finally:
        if process.wait() not in (0, 2):
            raise SystemExit(f"ansible-playbook ended with {process.returncode}")
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(lines))


def night(control: str) -> Night:
    """Read the state of the emulator from its control address."""
    state, journal = read(f"{control}/state"), read(f"{control}/journal")
    statuses = {
        (workspace, job, instance["plan_time"], instance["submit_time"]): str(instance["status"])
        for workspace, jobs in state["workspaces"].items()
        for job, instances in jobs.items()
        for instance in instances
    }
    return Night(statuses, journal)


def conclude(nights: list[Night], outputs: list[str]) -> int:
    """Print what happened and where the report is. Returns 0 if the outcome is as expected."""
    before, planned, rerun, again = nights
    failed, rerun_keys = before.having("fail"), set(rerun.reruns)
    broken, succeeded = rerun.having("fail") & rerun_keys, rerun.having("success") & rerun_keys
    most = max(again.reruns.values(), default=0)
    changed = [int(number) for number in re.findall(r"^\S+ +: ok=\d+ +changed=(\d+)", outputs[-1], re.MULTILINE)]
    again_writes = len(again.journal) - len(rerun.journal)
    jobs, workspaces = {key[:2] for key in failed}, {key[0] for key in failed}
    named = ", ".join(sorted({key[1] for key in broken})) or "none"
    say("What happened, by the emulator's own journal")
    print(
        f"Plan:  {len(failed)} failed instances of {len(jobs)} jobs in {len(workspaces)} workspaces; check mode sent {len(planned.journal)} of them."
    )
    print(
        f"Rerun: {len(rerun_keys)} instances sent in {len(rerun.journal)} requests; {len(succeeded)} succeeded, {len(broken)} failed again ({named})."
    )
    often = "once" if most <= 1 else f"{most} times"
    print(f"Again: {again_writes} requests, changed={sum(changed)} in {len(changed)} workspaces; no instance was sent more than {often}.")
    page = REPORT / "report.html"
    print(page, flush=True)
    as_expected = (
        len(failed) > 0
        and not planned.journal
        and rerun_keys == failed
        and most == 1
        and len(broken) == 1
        and len(succeeded) == len(failed) - 1
        and again_writes == 0
        and len(changed) == len(workspaces)
        and sum(changed) == 0
        and page.is_file()
    )
    return 0 if as_expected else 1


def say(title: str) -> None:
    """Print a heading."""
    print(f"\n=== {title}", flush=True)


def quietly(command: list[str], environment: dict[str, str], stdin: str = "") -> str:
    """Run a command without showing it. Returns its standard output.

    :raises SystemExit: it failed; with its output.
    """
    done = subprocess.run(command, cwd=PLACE, env=environment, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def read(url: str) -> t.Any:
    """Read JSON from a loopback address, bypassing any proxy."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        return json.load(answer)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
