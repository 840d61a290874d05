# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unaccepted requests as lines for people."""

from __future__ import annotations

from ansible_collections.dataarts.factory.plugins.module_utils._common.errors import ApiError, Kind
from ansible_collections.dataarts.factory.plugins.module_utils._models.decision import Action, Decision
from ansible_collections.dataarts.factory.plugins.module_utils._output.refusals import Refusals
from tests.unit.building import instance


def test_a_sentence_that_quotes_an_error_has_one_full_stop() -> None:
    refusals = Refusals()
    error = ApiError(Kind.INVALID, "Failed to build the URL: '..' is a path. Use another name.", hint="Rename it.")
    refusals.add([Decision(instance(), Action.REJECTED, "")], error)
    (line,) = refusals.lines()
    assert line.endswith("Use another name. Rename it.")
