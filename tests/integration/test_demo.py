# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration, from the built and installed artifact to its last lines.

Its commands run in an empty directory, with the artifact as the only collection. Of that no more is left than what Ansible's rules for
collections let a playbook rely on.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.playbook import ROOT, Ansible

#: Folders of an installed collection that what it runs may need, whatever else is deleted.
RELIED_ON = ("meta", "playbooks", "plugins", "roles")


def test_the_demo_says_what_happened(tmp_path: Path) -> None:
    ansible = Ansible(tmp_path, collections=tmp_path / "collections")
    ansible.run("ansible-galaxy", "collection", "build", ROOT, "--output-path", tmp_path).succeeded()
    (artifact,) = tmp_path.glob("dataarts-factory-*.tar.gz")
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
    # The rerun was alive while it went on: what is sent in every workspace, and progress where it took its time.
    for workspace in ("sales", "supply", "finance_core"):
        assert re.search(rf"^{workspace} +\d+ of \d+ to rerun", done.stdout, re.MULTILINE)
    assert re.search(
        r"^(sales|supply|finance_core) +(\d+ (succeeded|running|waiting|to rerun), )+\d+s(, (about|not before) \d\d:\d\d)?$",
        done.stdout,
        re.MULTILINE,
    )
