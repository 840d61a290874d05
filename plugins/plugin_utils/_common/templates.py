# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: what is one and what is not, in every supported ansible-core.

Up to ansible-core 2.18 every text is a template unless it is marked unsafe; since 2.19 none is unless it is marked trusted, which
texts of the inventory file are. Vaulted text is an object of its own in both, which prints as ciphertext.
"""

from __future__ import annotations

import re
import typing as t

from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = None  # ansible-core up to 2.18

#: Classes of vaulted text: up to 2.18, and since 2.19.
_VAULTED = ("AnsibleVaultEncryptedUnicode", "EncryptedString")

#: Text without any character that a delimiter of Jinja could begin with.
_HARMLESS = re.compile(r"[\w ./:@+-]*")
_OTHERS = re.compile(r"[^\w ./:@+-]")
#: What every default delimiter of Jinja, and every one that the head of a text could declare, needs a character of.
_DELIMITERS = re.compile(r"[{}%#<>$\[\]\\~^|&*`\x00-\x09\x0b-\x1f\x7f]")


def is_vaulted(value: t.Any) -> bool:
    """Whether *value* is vaulted text that stays encrypted until it is used."""
    return type(value).__name__ in _VAULTED


def is_template(value: t.Any) -> bool:
    """Whether *value*, from the inventory file, is text with a template in it."""
    return isinstance(value, str) and not is_vaulted(value) and any(mark in value for mark in ("{{", "{%", "{#"))


def plain(value: t.Any) -> t.Any:
    """*value* in Python's own types, vaulted text decrypted: nothing of Ansible's goes further into the collection.

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
    """*value*, which the service said, as a variable whose text is never evaluated as a template.

    Text that can be no template under any delimiters counts as an ordinary text, so that ``ansible-inventory --list`` shows it as
    one, instead of as an object that says it is unsafe; anything else is left, or made, unsafe.
    """
    if isinstance(value, str) and _HARMLESS.fullmatch(value):
        return own_template(value)
    return value if trust_as_template is not None else wrap_var(value)


def untemplated(text: str) -> str:
    """*text*, which the service said, for a place that evaluates whatever it gets, such as the variables that a job of AWX hands to the next
    one: with a question mark for every character that a delimiter of Jinja could be made of."""
    return _OTHERS.sub("?", text)


def untemplated_lines(text: str) -> str:
    """*text* of several lines for people, for such a place: as it reads, but for the characters that a delimiter of Jinja begins with."""
    return _DELIMITERS.sub("?", text)


def own_template(text: str) -> t.Any:
    """*text*, which is the collection's own, as a variable that is evaluated as a template."""
    return text if trust_as_template is None else trust_as_template(text)


def reference(path: str, position: int, option: str) -> t.Any:
    """A template for *option* of the account at *position* (from 0) in the inventory file at *path*, for secrets that stand there in the clear."""
    return own_template(f"{{{{ (lookup('ansible.builtin.unvault', {path!a}) | from_yaml).accounts[{position}].{option} }}}}")
