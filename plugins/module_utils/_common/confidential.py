# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mask secrets in error messages and logs of other programs, which quote connection strings, headers and settings.

Secrets are recognized by their form. Everything else stays: a mask in place of the cause would hide why an instance failed.
"""

from __future__ import annotations

import functools
import re

from .text import without_escapes

MASK = "***"

#: Cheap tests that every text with a secret passes: it contains one of these in lower case, or matches _OTHER_HINTS as it is written. Many words
#: contain ``ak`` or ``sk`` (task), so these count only as whole words. A long word is a key only with a digit; names of exceptions have none.
_HINTS = ("pass", "pwd", "secret", "token", "key", "signature", "authoriz", "credential", "bearer", "basic", "identified")
_PROGRAMS = ("mysql", "gsql", "beeline", "curl")
_OTHER_HINTS = re.compile(
    r"[密口令私@]|(?<![A-Za-z])(?i:ak|sk)(?![A-Za-z_])|(?<![A-Za-z0-9])(?=[A-Za-z]{0,39}[0-9])[A-Za-z0-9]{20}|eyJ|MII"
)
_GAP = r"[ ._-]?"
#: Names of settings whose values are secrets, with any prefix: ``spark.hadoop.fs.obs.secret.key``, ``X-Auth-Token``.
_NAMES = (
    rf"(?:pass(?:word|wd|phrase|code)|passwd|pwd|(?<=[_.;&?-])pass(?![a-z])|secret(?:{_GAP}access)?(?:{_GAP}key)?"
    rf"|(?:access|api|private|account|encryption){_GAP}key(?:{_GAP}id)?"
    rf"|(?:auth|access|security|session|subject|refresh|id|sts|bearer){_GAP}token|client{_GAP}secret|(?<![a-z])(?:ak|sk)(?![a-z_])|密码|口令|密钥|私钥|令牌)"
)
#: A value: in quotes, or up to the end of the word. A sentence after a colon is not a value: ``password: authentication failed``.
_QUOTED = r"""(?P<quote>\\?["'])(?:(?!(?P=quote)).){1,4000}(?P=quote)"""
_BARE = r"[^\s,;&\"'<>(){}\[\]，；。（）【】\u4e00-\u9fff]{1,4000}"
_SENTENCE = r"(?!\s{0,3}(?:[a-z]{1,20} [a-z]{1,20}(?![a-z:=])|(?:YES|NO)\)))"
_VALUES = (
    re.compile(
        rf"""(?P<kept>{_NAMES}[\w.-]{{0,20}}\\?["'\]]?\s{{0,3}}(?::?=>?|[:：]{_SENTENCE}|-?>|[为是])\s{{0,3}})(?:{_QUOTED}|{_BARE})""",
        re.IGNORECASE | re.DOTALL,
    ),
    # Options of commands, and SQL
    re.compile(rf"(?P<kept>--?[\w.-]{{0,20}}{_NAMES}[\w.-]{{0,20}}\s{{1,3}})(?:{_QUOTED}|{_BARE})", re.IGNORECASE | re.DOTALL),
    re.compile(rf"(?P<kept>(?:identified\s{{1,3}}by|passw(?:or)?d|(?:access|secret)_(?:access_)?key)\s{{1,3}}){_QUOTED}", re.IGNORECASE | re.DOTALL),
    re.compile(rf"(?P<kept>{_NAMES} (?:is|was)\s{{1,3}})(?=[^\s]{{0,40}}[0-9]){_BARE}", re.IGNORECASE),
    re.compile(
        rf"(?P<kept>(?:identified\s{{1,3}}by|password|密码|口令)\s{{1,3}})(?=[^\s]{{0,40}}[0-9])(?=[^\s]{{0,40}}[a-z])(?=[^\s]{{6}}){_BARE}",
        re.IGNORECASE,
    ),
    # Command lines that a shell prints; -p of other programs is a port
    re.compile(r"(?P<kept>\b(?:mysql[a-z]{0,9}|sshpass|beeline)\b[^\n;|]{0,200}?\s-p\s?)(?![\s-])[^\s;|]{1,300}"),
    re.compile(r"(?P<kept>\bgsql\b[^\n;|]{0,200}?\s-W\s?|\bcurl\b[^\n;|]{0,200}?\s(?:-u|--user)\s?[^\s:]{1,60}:)(?![\s-])[^\s;|]{1,300}"),
    # Words that also occur in sentences, only with a value that cannot be part of one
    re.compile(
        r"(?P<kept>(?i:token|signature|credential|authorization)s?\\?[\"']?\s{0,3}[=:：]\s{0,3}\\?[\"']?)(?=[^\s]{0,40}[0-9])[\w.~+/=%-]{8,4000}"
    ),
    re.compile(
        r"(?P<kept>\b(?i:bearer|basic)\s{1,3})(?=[A-Za-z._~+/=-]{0,40}[0-9=]|[A-Za-z]{1,40}[A-Z])[A-Za-z0-9._~+/=-]{8,4000}"
    ),
    # User and password in a URL, and in a URL of Oracle's drivers
    re.compile(r"(?P<kept>://[^\s:/@\"']{0,200}:)(?![0-9]{1,5}[/?])[^\s\"']{1,300}(?=@)"),
    re.compile(r"(?P<kept>:thin:[^\s/@\"']{1,200}/)[^\s\"']{1,300}(?=@)"),
    # Values that are recognized without a name: JSON web tokens, tokens of IAM, secret keys, access keys, private keys
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9_])eyJ[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{1,4000}){1,2}"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9+/])MII[A-Za-z0-9+/_-]{60,20000}={0,2}"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9_/+-])(?=[A-Za-z]{0,39}[0-9])(?=[A-Z0-9]{0,39}[a-z])(?=[a-z0-9]{0,39}[A-Z])[A-Za-z0-9]{40}(?![A-Za-z0-9_/+-])"),
    re.compile(r"(?P<kept>)(?<![A-Za-z0-9_/-])(?=[A-Z]{0,19}[0-9])(?=[0-9]{0,19}[A-Z])[A-Z0-9]{20}(?![A-Za-z0-9_/-])"),
    re.compile(r"(?P<kept>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----).{1,20000}?(?=-----END|\Z)", re.DOTALL),
)  # fmt: skip


@functools.lru_cache(maxsize=4096)  # instances of a job often fail with the same message
def without_secrets(text: str) -> str:
    """*text* with ``***`` in place of every value that has the form of a secret. Idempotent."""
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS + _PROGRAMS) and _OTHER_HINTS.search(text) is None:
        return text
    if "\x1b" in text:  # a colour may separate a name from its value
        text = without_escapes(text)
    for value in _VALUES:
        text = value.sub(lambda match: match["kept"] + MASK, text)
    return text
