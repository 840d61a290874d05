# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return keys that several modules share are documented in the same words in each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import Kind
from tools import return_docs

MODULES = sorted(return_docs.MODULES.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_documents_shared_keys_as_all_do(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert return_docs.generated(source) == source, "run python -m tools.return_docs"
    error = (yaml.safe_load(source.split('RETURN = r"""')[1].split('"""')[0]) or {}).get("error")
    missing = [kind.value for kind in Kind if error and f"V({kind.value})" not in " ".join(error["contains"]["kind"]["description"])]
    assert missing == [], "a kind of error that it may return"


def test_a_difference_would_be_found() -> None:
    source = (return_docs.MODULES / "job_instance_info.py").read_text(encoding="utf-8")
    for text in ("Number of HTTP requests by method", "Submission time in epoch milliseconds", "V(bad_answer)"):
        assert text in source
        assert return_docs.generated(source.replace(text, "Something else")) == source


def test_the_source_is_what_is_written() -> None:
    results = yaml.safe_load(return_docs.SOURCE.read_text(encoding="utf-8"))
    for section, keys in return_docs.shared().items():
        if section:
            assert list(keys) == list(results[section])
    text = return_docs.shared()["results"]["error"]
    assert all(f"V({kind.value})" in text for kind in Kind)
