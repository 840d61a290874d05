# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option for the language of texts for people."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  language:
    description:
      - Language of the lines that are printed for people, English or Chinese.
      - What programs read stays English, so results, their keys and the report's files do not depend on it, and commands, options and times are
        the same in both. What the service itself says is shown as it is.
    type: str
    choices: [en, zh]
    default: en
"""
