# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytecode cache shared by the tests' Ansible processes never returns the code of an older source."""

from __future__ import annotations

import types
import typing as t
from pathlib import Path

import pytest

from tests.support.start.sitecustomize import CHECKOUT, keep, kept


class Loader:
    """The part of Ansible's collection loader that ``keep`` patches and calls."""

    def __init__(self, source: str, filename: str) -> None:
        self.source, self.filename = source, filename
        self._compiled_code: types.CodeType | None = None

    def get_source(self, fullname: str) -> str:
        return self.source

    def get_filename(self, fullname: str) -> str:
        return self.filename

    def get_code(self, fullname: str) -> types.CodeType | None:
        self._compiled_code = self._compiled_code or compile(self.source, self.filename, "exec")
        return self._compiled_code


def value(code: types.CodeType | None) -> t.Any:
    names: dict[str, t.Any] = {}
    exec(t.cast(types.CodeType, code), names)
    return names["a"]


def test_a_text_is_compiled_once_and_again_when_it_is_another_or_what_was_kept_is_broken(tmp_path: Path) -> None:
    compiled: list[str] = []

    def read(text: str, name: str = "x.py") -> types.CodeType:
        def compile_it() -> types.CodeType:
            compiled.append(text)
            return compile(text, name, "exec")

        return kept(text, name, compile_it, tmp_path / "kept")

    assert [value(read("a = 1")), value(read("a = 1")), value(read("a = 2"))] == [1, 1, 2]
    assert compiled == ["a = 1", "a = 2"]
    assert read("a = 1", "y.py").co_filename == "y.py"
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:9])
    assert (value(read("a = 1")), value(read("a = 1"))) == (1, 1)
    assert compiled == ["a = 1", "a = 2", "a = 1", "a = 1"]


def test_files_of_the_checkout_are_kept_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(source: str, filename: str, compiled: t.Callable[[], types.CodeType]) -> types.CodeType:
        asked.append(filename)
        return compiled()

    monkeypatch.setattr("tests.support.start.sitecustomize.kept", noted)
    kind = type("Kept", (Loader,), {"get_code": Loader.get_code})
    keep(kind)
    own, other = str(CHECKOUT / "plugins" / "x.py"), str(tmp_path / "x.py")
    assert [value(kind("a = 3", name).get_code("x")) for name in (own, other)] == [3, 3]
    assert kind("", own).get_code("x") is not None
    assert asked == [own]
