# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts Ansible treats as templates, for every supported ansible-core.

Up to ansible-core 2.18, every text is a template unless it is marked unsafe. Since 2.19, only texts marked as trusted are, such as those of the
inventory file. In both, vaulted text is an object of its own class, which prints as ciphertext.
"""

from __future__ import annotations

import re
import typing as t

from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = None  # ansible-core up to 2.18

#: Class names of vaulted text, up to 2.18 and since 2.19.
_VAULTED = ("AnsibleVaultEncryptedUnicode", "EncryptedString")

#: Text without any character that could start a Jinja delimiter.
_HARMLESS = re.compile(r"[\w ./:@+-]*")
_OTHERS = re.compile(r"[^\w ./:@+-]")
#: Characters of which every Jinja delimiter needs one: the default ones, and those that the head of a text could declare.
_DELIMITERS = re.compile(r"[{}%#<>$\[\]\\~^|&*`\x00-\x09\x0b-\x1f\x7f]")


def is_vaulted(value: t.Any) -> bool:
    """Whether *value* is vaulted text, which stays encrypted until it is used."""
    return type(value).__name__ in _VAULTED


def is_template(value: t.Any) -> bool:
    """Whether *value*, from the inventory file, is a text that contains a template."""
    return isinstance(value, str) and not is_vaulted(value) and any(mark in value for mark in ("{{", "{%", "{#"))


def plain(value: t.Any) -> t.Any:
    """*value* in Python's built-in types, with vaulted text decrypted, so that Ansible's own types stay out of the rest of the collection.

    :raises AnsibleError: vaulted text cannot be decrypted.
    """
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, str) or is_vaulted(value):
        return str(value).encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    return value


def from_service(value: t.Any) -> t.Any:
    """*value*, which came from the service, as a variable whose text is never evaluated as a template.

    Text that cannot be a template with any delimiters becomes ordinary text, which ``ansible-inventory --list`` shows as such and not as an
    unsafe object. Anything else stays or becomes unsafe.
    """
    if isinstance(value, str) and _HARMLESS.fullmatch(value):
        return own_template(value)
    return value if trust_as_template is not None else wrap_var(value)


def untemplated(text: str) -> str:
    """*text*, which came from the service, for places that evaluate templates in any text, such as variables that an AWX job passes to the next.

    A question mark replaces every character that could be part of a Jinja delimiter.
    """
    return _OTHERS.sub("?", text)


def untemplated_lines(text: str) -> str:
    """The same for *text* of several lines for people: a question mark replaces only characters that every Jinja delimiter needs one of."""
    return _DELIMITERS.sub("?", text)


def own_template(text: str) -> t.Any:
    """*text* as a variable that is evaluated as a template; only for texts of the collection itself, or harmless ones."""
    return text if trust_as_template is None else trust_as_template(text)


def reference(path: str, position: int, option: str) -> t.Any:
    """A template that reads *option* of account *position* (from 0) from the inventory file at *path*, for secrets in clear text there."""
    return own_template(f"{{{{ (lookup('ansible.builtin.unvault', {path!a}) | from_yaml).accounts[{position}].{option} }}}}")
