# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's tables of credential sources, in both languages, have the places and names of the code in the same order."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.dataarts.factory.plugins.module_utils._config import (
    credentials,
    credentials_file,
    openstack,
    shared_config,
    sources,
)

ROOT = Path(__file__).resolve().parents[3]
GUIDES = [ROOT / "docs" / "docsite" / "rst" / "guide_inventory.rst", ROOT / "docs" / "site" / "zh" / "guide_inventory.rst"]
#: Reader of a usual place -> how the guide lists that place.
USUAL: dict[t.Any, str] = {
    openstack.of_variables: "OS_PASSWORD",
    credentials_file.credentials_file: "~/.huaweicloud/credentials",
    openstack.only_cloud: "clouds.yaml",
}
#: Variable that names a file -> the names in the file that the guide lists.
FIELDS = {
    shared_config.FILE_VARIABLE: list(shared_config._NAMES.values()),
    credentials_file.FILE_VARIABLE: list(credentials_file._NAMES.values()),
}


def tables(guide: Path) -> list[list[list[list[str]]]]:
    """The tables of *guide*: rows of cells, each with its literals."""
    text = guide.read_text(encoding="utf-8")
    bodies = re.findall(r"\.\. list-table::\n(?:   :.*\n)*\n((?:   .*\n|\n)+)", text)
    return [
        [
            [re.findall(r"``(.+?)``", cell) for cell in re.split(r"^     -", row, flags=re.MULTILINE)]
            for row in re.split(r"^   \* -", table, flags=re.MULTILINE)[1:]
        ]
        for table in bodies
    ]


def places(guide: Path) -> list[list[list[str]]]:
    """The rows of the table of places, without its heading."""
    (table,) = [table for table in tables(guide) if any(shared_config.FILE_VARIABLE in cell for row in table for cell in row)]
    return table[1:]


@pytest.mark.parametrize("guide", GUIDES, ids=["en", "zh"])
class TestTheGuide:
    def test_has_the_variables_of_each_option_in_their_order(self, guide: Path) -> None:
        (table,) = [table for table in tables(guide) if any(row[0] == ["region"] for row in table)]
        named = {row[0][0]: tuple(row[1]) for row in table[1:]}
        assert named == {
            option: tuple(name for name in names if not name.startswith(credentials.IN_FILE))
            for option, names in credentials.ENVIRONMENT.items()
        }

    def test_has_the_families_of_variables_in_their_order(self, guide: Path) -> None:
        assert places(guide)[1][1] == [
            next(iter(family.values()))
            for dummy, family in credentials._FAMILIES
            if not next(iter(family.values())).startswith(credentials.IN_FILE)
        ]

    def test_names_the_variables_that_name_a_place(self, guide: Path) -> None:
        rows = places(guide)
        assert rows[2][1] == list(sources._NAMED)
        assert [row[1][0] for row in rows[3 : 3 + len(sources._NAMED)]] == list(sources._NAMED)

    def test_has_the_usual_places_in_their_order(self, guide: Path) -> None:
        rows = places(guide)[3 + len(sources._NAMED) :]
        assert [row[1][0] for row in rows] == [USUAL[reader] for reader in sources._USUAL]

    def test_says_which_fields_of_a_file_are_used(self, guide: Path) -> None:
        rows = {row[1][0]: row[2] for row in places(guide)[3 : 3 + len(sources._NAMED)]}
        assert {variable: sorted(rows[variable]) for variable in FIELDS} == {variable: sorted(names) for variable, names in FIELDS.items()}
        of_cloud = {name for names in openstack._NAMES.values() for name in names}
        literals = set(rows[openstack.CLOUD_VARIABLE])
        assert literals <= of_cloud
