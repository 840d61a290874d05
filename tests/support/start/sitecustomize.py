# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytecode cache for the collection in Ansible processes of the tests, which import this file at their start (``PYTHONPATH``).

Ansible's collection importer compiles every file again in every process, a tenth of the cost of a play. Cached code is stored under a
digest of its source, so changes are never missed. Nothing else changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
import types
import typing as t
from collections.abc import Callable, Sequence
from pathlib import Path

#: Ansible's collection importer.
IMPORTER = "ansible.utils.collection_loader._collection_finder"
#: Only files of the checkout are cached: others are at a different path each time.
CHECKOUT = Path(__file__).resolve().parents[3]
BELOW = f"{CHECKOUT}{os.sep}"
FOLDER = CHECKOUT / ".cache" / "bytecode" / f"{sys.implementation.cache_tag}-{importlib.util.MAGIC_NUMBER.hex()}"


def kept(source: str | bytes, filename: str, compiled: Callable[[], types.CodeType], folder: Path = FOLDER) -> types.CodeType:
    """Code of *source*, the text of *filename*: from the cache in *folder*, or by calling *compiled*."""
    text = source.encode() if isinstance(source, str) else source
    place = folder / hashlib.sha256(filename.encode() + b"\0" + text).hexdigest()
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        return t.cast(types.CodeType, marshal.loads(place.read_bytes()))
    code = compiled()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        written = place.with_suffix(f".{os.getpid()}")
        written.write_bytes(marshal.dumps(code))
        written.replace(place)
    return code


def keep(loader: t.Any) -> None:
    """Patch the class *loader* of Ansible's importer to use the cache."""
    compiled = loader.get_code

    def get_code(self: t.Any, fullname: str) -> types.CodeType | None:
        filename, source = self.get_filename(fullname), self.get_source(fullname)
        if self._compiled_code or not source or not filename or not filename.startswith(BELOW):
            return t.cast("types.CodeType | None", compiled(self, fullname))
        self._compiled_code = kept(source, filename, lambda: compiled(self, fullname))
        return t.cast(types.CodeType, self._compiled_code)

    loader.get_code = get_code


class _WhenImported:
    """Import hook that patches Ansible's importer when it is imported, and then removes itself."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != IMPORTER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: types.ModuleType) -> None:
                execute(module)
                keep(module._AnsibleCollectionPkgLoaderBase)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, _WhenImported())
