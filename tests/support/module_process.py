# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one module of the collection as AnsiBallZ would, without packing it: ``python module_process.py <name>``, with the arguments as JSON on stdin.

Works with ansible-core 2.16 to 2.21.
"""

from __future__ import annotations

import runpy
import sys

from ansible.module_utils import basic


def main() -> None:
    """Put the arguments where `AnsibleModule` reads them, and run the module as a program."""
    basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
    if hasattr(basic, "_ANSIBLE_PROFILE"):  # since ansible-core 2.19
        basic._ANSIBLE_PROFILE = "legacy"
    name = sys.argv.pop(1)
    runpy.run_module(f"ansible_collections.dataarts.factory.plugins.modules.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
