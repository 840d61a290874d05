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
    """The dataclass *cls* with slots instead of a dictionary in each object: a third of the memory.

    It is what ``dataclass(slots=True)`` does since Python 3.10; modules run on 3.9 too.
    """
    names = tuple(field.name for field in dataclasses.fields(t.cast(t.Any, cls)))
    body = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    meta: t.Any = type(cls)
    return t.cast("type[_T]", meta(cls.__name__, cls.__bases__, {**body, "__slots__": names}))


def replace(original: _T, **changes: t.Any) -> _T:
    """What :func:`dataclasses.replace` returns, in a third of its time, for a dataclass of two or more fields that are all parameters."""
    places, read = _layout(t.cast(t.Any, type(original)))
    values = list(read(original))
    for name, value in changes.items():
        values[places[name]] = value
    return type(original)(*values)


@functools.lru_cache(maxsize=32)
def _layout(cls: t.Any) -> tuple[dict[str, int], t.Callable[[t.Any], tuple[t.Any, ...]]]:
    """The place of each field of the dataclass *cls*, and a function that reads all of an object."""
    names = [field.name for field in dataclasses.fields(cls)]
    return {name: place for place, name in enumerate(names)}, operator.attrgetter(*names)
