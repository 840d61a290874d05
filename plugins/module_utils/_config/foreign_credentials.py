# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials from files and variables of other tools, under the names of our options."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._common.errors import OptionError
from .._common.text import listed
from .credentials import IN_FILE, KINDS, ORIGIN, text_of

#: Options whose values belong to one region and are ignored for any other.
OF_REGION = ("project_id", "project_name", "iam_endpoint")


@dataclass(frozen=True)
class Source:
    """The credentials in one place.

    :param place: the place as people call it, such as "credentials file".
    :param values: option -> its value there, as text.
    :param names: option -> its name there.
    """

    place: str
    values: t.Mapping[str, str] = field(repr=False)
    names: t.Mapping[str, str]

    def without(self, names: t.Iterable[str]) -> Source:
        """A copy without the options *names*."""
        left_out = frozenset(names)
        return Source(self.place, {name: value for name, value in self.values.items() if name not in left_out}, self.names)

    def variables(self) -> dict[str, str]:
        """The values and their origins as entries to add to the environment variables, see ``credentials.py``."""
        values = {IN_FILE + name: value for name, value in self.values.items()}
        return {**values, **{ORIGIN + name: f"{self.place}: {self.names[name]}" for name in self.values}}


def source_of(place: str, where: str, given: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> Source:
    """The credentials in *given*, checked.

    :param where: the place with its path, for messages.
    :param given: name there -> value.
    :param names: option -> its name there.
    :raises OptionError: an incomplete kind, several kinds or none, or a value that is not text. The message names what is missing, never a value.
    """
    values = {}
    for option, name in names.items():
        try:
            text = text_of(given.get(name), option)
        except OptionError as error:
            raise OptionError(f"{name} of {where}: {error}") from None
        if text:
            values[option] = text
    kinds = {kind: [name for name in own if name in values and name != "domain_name"] for kind, own in KINDS.items()}
    kept = [kind for kind, own in kinds.items() if own]
    if len(kept) > 1:
        both = listed([names[name] for kind in kept for name in kinds[kind]])
        raise OptionError(f"{both} of {where} are credentials of different kinds, and only one kind can be used. Remove the others there.")
    needed = [name for name in KINDS[kept[0] if kept else "keys"] if name != "security_token"]
    missing = [names.get(name, name) for name in needed if name not in values]
    if missing:
        raise OptionError(
            f"{where[:1].upper()}{where[1:]} has no {listed(missing)}. Add what is missing, or set credentials in another way."
        )
    return Source(place, values, names)
