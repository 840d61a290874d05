# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides say is what the code does."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.dataarts.factory.plugins.module_utils._config.credentials import ENVIRONMENT
from ansible_collections.dataarts.factory.plugins.module_utils._http.retry_policy import table_text

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"


def test_the_guide_holds_the_table_of_how_a_call_can_end() -> None:
    assert f"\n\n{table_text().strip()}\n\n" in (GUIDES / "guide_exactly_once.rst").read_text(encoding="utf-8")


def test_the_guide_names_the_environment_variables_of_every_option_in_their_order() -> None:
    text = (GUIDES / "guide_inventory.rst").read_text(encoding="utf-8")
    for option, variables in ENVIRONMENT.items():
        names = ", ".join(f"``{name}``" for name in variables)
        assert f"   * - ``{option}``\n     - {names}\n" in text, option
