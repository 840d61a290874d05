# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from elsewhere made safe to show, and formatting of short texts."""

from __future__ import annotations

import json
import typing as t
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dataarts.factory.plugins.module_utils._common.text import counted, listed, longest_first, maskable, printable, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("daily_sales", "daily_sales"),
        ("每日销售 été день 日次　売上", "每日销售 été день 日次　売上"),
        ("می‌خواهم", "می‌خواهم"),
        ("", ""),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("\x00\x7f\x9b31m", "\\x00\\x7f\\x9b31m"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("a\u2066b\u2069\u200b\ufeff", "a\\u2066b\\u2069\\u200b\\ufeff"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\ud83d", "\\ud83d"),
        ("\ufffe\U0001ffff", "\\ufffe\\U0001ffff"),
        ("\U000e0041", "\\U000e0041"),
        ("😀", "😀"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        (None, "None"),
        (12, "12"),
        ("{{ lookup('pipe', 'id') }}", "{{ lookup('pipe', 'id') }}"),
    ],
)
def test_shows(text: object, shown: str) -> None:
    assert printable(text) == shown


def test_shortens() -> None:
    assert printable("abcdef", 6) == "abcdef"
    assert printable("abcdefg", 6) == "abcde…"
    assert printable("abcd\x1b\x1b", 6) == "abcd\\…"
    assert len(printable("x" * 10_000_000)) == 500


@given(st.text(st.characters(), max_size=60), st.integers(min_value=1, max_value=80))
def test_never_steers_a_terminal(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    shown.encode("utf-8")
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_safe_leaves_names_alone_and_makes_control_characters_visible() -> None:
    assert safe("日次 集計 {{ x }}") == "日次 集計 {{ x }}"
    assert safe("a\x1b[31mb\u202ec\x9b") == "a\\x1b[31mb\\u202ec\\x9b"
    assert safe({"k\x07": ["line one\n\tline two\r", 5, None, True]}) == {"k\\x07": ["line one\n\tline two\\r", 5, None, True]}


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_nothing_that_is_safe_can_steer_a_terminal_or_break_the_output(value: t.Any) -> None:
    text = json.dumps(safe(value), ensure_ascii=False)
    text.encode("utf-8")
    assert not any(
        char < " " or "\x7f" <= char <= "\x9f" or char in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2028\u2029" for char in text
    )


def test_numbers_and_names_in_words() -> None:
    assert (counted(1, "instance"), counted(0, "request")) == ("1 instance", "0 requests")
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_secret_of_few_letters_is_not_looked_for_in_every_word() -> None:
    assert maskable([None, "", "e", "abc", "abcd", 12345]) == {"abcd", "12345"}
    assert longest_first([None, "abc", "word", "password", "password@x", 12345]) == ["password@x", "password", "12345", "word"]
