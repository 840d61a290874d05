# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses with slots, for objects of which there may be a hundred thousand."""

from __future__ import annotations

import dataclasses
import functools
import operator
import typing as t

_T = t.TypeVar("_T")


def slotted(cls: type[_T]) -> type[_T]:
    """Rebuild the dataclass *cls* with slots instead of a ``__dict__``, which takes a third of the memory.

    ``dataclass(slots=True)`` needs Python 3.10; modules also run on 3.9.
    """
    names = tuple(field.name for field in dataclasses.fields(t.cast(t.Any, cls)))
    body = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    meta: t.Any = type(cls)
    return t.cast("type[_T]", meta(cls.__name__, cls.__bases__, {**body, "__slots__": names}))


def replace(original: _T, **changes: t.Any) -> _T:
    """Like :func:`dataclasses.replace` in a third of the time, for dataclasses with at least two fields, all of them parameters."""
    places, read = _layout(t.cast(t.Any, type(original)))
    values = list(read(original))
    for name, value in changes.items():
        values[places[name]] = value
    return type(original)(*values)


@functools.lru_cache(maxsize=32)
def _layout(cls: t.Any) -> tuple[dict[str, int], t.Callable[[t.Any], tuple[t.Any, ...]]]:
    """The index of each field of the dataclass *cls*, and a function that reads all fields of an object."""
    names = [field.name for field in dataclasses.fields(cls)]
    return {name: place for place, name in enumerate(names)}, operator.attrgetter(*names)
