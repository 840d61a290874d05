# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are written completely or not at all, and shared files can be read whatever they contain."""

from __future__ import annotations

import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._common.files import read_json, write_all, write_json


def test_they_are_there_with_a_sensible_mode(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert write_all(folder, {"a": b"1", "b": b"2"}, 0o640) == [folder / "a", folder / "b"]
    write_all(folder, {"a": b"3", "b": b"4"}, 0o640)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"3", "b": b"4"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


def test_a_stricter_umask_counts(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_all(tmp_path, {"a": b"1"}, 0o640)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "a").symlink_to(tmp_path / "other")
    write_all(tmp_path, {"a": b"1"}, 0o640)
    assert ((tmp_path / "other").read_bytes(), (tmp_path / "a").is_symlink()) == (b"mine", False)


@pytest.mark.parametrize("broken_at", ["write", "rename", "folder"])
def test_none_is_touched_if_one_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_at: str) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def full(*dummy: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    if broken_at == "folder":
        (tmp_path / "b").mkdir()
    else:
        monkeypatch.setattr(os, "fsync" if broken_at == "write" else "replace", full)
    with pytest.raises(OSError):
        write_all(tmp_path, {"a": b"1", "b": b"2"}, 0o640)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"][: 2 if broken_at == "folder" else 1]


@pytest.mark.parametrize("name", ["a" * 255, "销" * 85])
def test_a_name_may_be_as_long_as_the_file_system_allows(name: str, tmp_path: Path) -> None:
    assert write_all(tmp_path, {name: b"1"}, 0o600) == [tmp_path / name]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("left", "read"),
    [(b'{"a": 1.5}', {"a": 1.5}), (b"", {}), (b'{"a": 1', {}), (b"\xff", {}), (b"[1]", {}), (b"null", {}), (b"[" * 100_000, {})],
)
def test_what_processes_share_is_read_whatever_is_in_it_and_replaced_as_a_whole(
    left: bytes, read: dict[str, float], tmp_path: Path
) -> None:
    path = tmp_path / "shared"
    path.write_bytes(left)
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert read_json(descriptor) == read
        write_json(descriptor, {"b": 2.5})
        assert read_json(descriptor) == {"b": 2.5}
    finally:
        os.close(descriptor)
    assert path.read_bytes() == b'{"b": 2.5}'


def test_what_cannot_be_read_or_written_is_each_process_s_own(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.write_bytes(b'{"a": 1.5}')
    reader, writer = os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY)
    write_json(reader, {"b": 2.5})
    assert (read_json(reader), read_json(writer)) == ({"a": 1.5}, {})
    os.close(reader)
    os.close(writer)
