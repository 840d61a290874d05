# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reproducible build of the collection's artifact: `make build`. The same files and tools produce the same bytes.

`ansible-galaxy collection build` writes files in file system order with their checkout times, including fractions of a second, which need an extra
archive entry each. Here files are sorted, and all have the time of the commit.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: The artifact's metadata, which comes first, as in every artifact.
ABOUT = ("FILES.json", "MANIFEST.json")


def commit_time(root: Path) -> int:
    """Epoch seconds: SOURCE_DATE_EPOCH, else the time of the last commit of *root*, else (without git) the start of 1980."""
    command = ["git", "log", "-1", "--format=%ct"]
    try:
        return int(os.environ.get("SOURCE_DATE_EPOCH") or subprocess.check_output(command, cwd=root, stderr=subprocess.DEVNULL))
    except (OSError, subprocess.CalledProcessError):
        return 315_532_800


def reproducible(archive: bytes, time: int) -> bytes:
    """The artifact *archive* with files sorted by name and all times set to *time* (epoch seconds)."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        entries = {entry.name: entry for entry in source.getmembers()}
        streams = {name: source.extractfile(entry) for name, entry in entries.items() if entry.isreg()}
        contents = {name: stream.read() for name, stream in streams.items() if stream}
    files = json.loads(contents["FILES.json"])
    files["files"].sort(key=lambda file: str(file["name"]))
    contents["FILES.json"] = json.dumps(files, indent=True).encode()
    manifest = json.loads(contents["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents["FILES.json"]).hexdigest()
    contents["MANIFEST.json"] = json.dumps(manifest, indent=True).encode()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as target:
        # Folders last: it compresses better if similar files are next to each other.
        for name, entry in sorted(entries.items(), key=lambda entry: (entry[0] not in ABOUT, entry[1].isdir(), entry[0])):
            content = contents.get(name, b"")
            entry.mtime, entry.size, entry.pax_headers = time, len(content), {}
            target.addfile(entry, io.BytesIO(content))
    return gzip.compress(written.getvalue(), mtime=time)


def build(root: Path, output: Path) -> Path:
    """Build the artifact of the checkout *root*, including uncommitted changes. Returns its path in the folder *output*."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", folder, str(root)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        (built,) = Path(folder).glob("*.tar.gz")
        artifact = output / built.name
        artifact.write_bytes(reproducible(built.read_bytes(), commit_time(root)))
    return artifact


if __name__ == "__main__":
    build(ROOT, Path(sys.argv[1]))
