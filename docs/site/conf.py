# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the documentation site; tools/docs.py runs Sphinx in a folder where the pages were put together."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: Where the documentation of Ansible explains what our pages refer to: kind, name, page below ANSIBLE. Listed here, because a build
#: must not need another site.
ANSIBLE = "https://docs.ansible.com/ansible/latest/"
CONFIGURATION = "reference_appendices/config.html"
ELSEWHERE = [
    ("std:label", "action_plugins", "plugins/action.html#action-plugins"),
    (
        "std:label",
        "ansible_collections.ansible.builtin.fail_module",
        "collections/ansible/builtin/fail_module.html#ansible-collections-ansible-builtin-fail-module",
    ),
    (
        "std:label",
        "ansible_collections.ansible.builtin.inventory_hostnames_lookup",
        "collections/ansible/builtin/inventory_hostnames_lookup.html#ansible-collections-ansible-builtin-inventory-hostnames-lookup",
    ),
    ("std:label", "ansible_configuration_settings", f"{CONFIGURATION}#ansible-configuration-settings"),
    ("std:label", "common_return_values", "reference_appendices/common_return_values.html#common-return-values"),
]
# Ansible's own settings, wherever a page speaks of one.
SETTINGS = {
    name.replace("\\", "")
    for page in HERE.glob("pages/**/*.rst")
    for name in re.findall(r":\w*envvar\w*:`(ANSIBLE[\w\\]+)`", page.read_text(encoding="utf-8"))
}
ELSEWHERE += [("std:envvar", name, f"{CONFIGURATION}#envvar-{name}") for name in sorted(SETTINGS)]


def ansible_inventory() -> str:
    """The path of an inventory of ELSEWHERE, in the form that Sphinx reads those of other sites in."""
    lines = "".join(f"{name} {kind} -1 {page} {name.replace('_', ' ')}\n" for kind, name, page in ELSEWHERE)
    head = "# Sphinx inventory version 2\n# Project: ansible\n# Version: \n# The remainder of this file is compressed using zlib.\n"
    path = HERE / "ansible.inv"
    path.write_bytes(head.encode() + zlib.compress(lines.encode()))
    return str(path)


project = "dataarts.factory"
release = version = os.environ["DOCS_VERSION"]
author = "dataarts.factory contributors"
copyright = "2026 dataarts.factory contributors"  # noqa: A001 -- Sphinx's name
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext", "sphinx_copybutton"]
intersphinx_mapping = {"ansible": (ANSIBLE, ansible_inventory())}
# The fragment that says where the guides are put in order.
exclude_patterns = ["contents.rst"]
nitpicky = True
default_role = "any"
highlight_language = "yaml+jinja"

html_theme = "furo"
html_title = f"dataarts.factory {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
# Colours of the pages that antsibull-docs writes, whose own are made for white paper alone: the theme has a dark one too, and text is read by everybody
# at a contrast of 4.5 or more.
COLOURS = {  # name: light, dark
    "links-background": ("#1b6d6f", "#1b6d6f"),
    "links-background-active": ("#0f5557", "#0f5557"),
    "links-focus-outline": ("#204748", "#91d9db"),
    "links-text": ("#ffffff", "#ffffff"),
    "table-background-header": ("#b9d9ee", "#3a3a3d"),
    "table-background-even": ("#e7f2fa", "#1c1c1e"),
    "table-background-odd": ("#ffffff", "#242426"),
    "table-border": ("#7a8794", "#656569"),
    "narrowtable-background": ("#e7f2fa", "#3a3a3d"),
    "option-type": ("#800080", "#ff93ff"),
    "option-elements": ("#800080", "#ff93ff"),
    "option-required": ("#b00000", "#ff9c9c"),
    "option-version-added": ("#006400", "#71d471"),
    "option-aliases": ("#006400", "#71d471"),
    "option-default": ("#0000e0", "#b5b5ff"),
    "option-sample": ("#0000e0", "#b5b5ff"),
    "option-sample-header": ("#000000", "#ffffff"),
    "attribute-support-none": ("#b00000", "#ff9c9c"),
    "attribute-support-partial": ("#6a5f00", "#c8c800"),
    "attribute-support-full": ("#006a00", "#3fd43f"),
}
html_theme_options = {
    f"{theme}_css_variables": {f"antsibull-{name}": colours[index] for name, colours in COLOURS.items()}
    for index, theme in enumerate(("light", "dark"))
}
pygments_style = "default"
pygments_dark_style = "github-dark"
# A prompt is not copied, and neither is what a command prints.
copybutton_prompt_text = "$ "
