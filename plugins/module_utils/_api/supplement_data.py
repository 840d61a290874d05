# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, list and stop PatchData of one workspace. Only v2 has these endpoints [SDK][H-199]."""

from __future__ import annotations

import typing as t

from .._http.request import Answer
from .._models.patch_data import ANY_TIME, InstanceTime, PatchData, PatchDataRow, RunTime
from .base import ScopedClient
from .parsing import Fields, bad_answer

#: Page size; the default is 10, and no maximum is documented [SDK].
ROWS_PAGE = 100
#: Most pages that are read. A search by name needs only the first; the limit is for a service whose list never ends.
_PAGES = 200


class SupplementDataApi:
    """The endpoints for PatchData. Every method raises ApiError."""

    def __init__(self, client: ScopedClient) -> None:
        self._client = client

    def create(self, asked: PatchData) -> Answer:
        """POST …/factory/supplement-data [SDK]: start a run. 200 without a body."""
        return self._client.write(self._client.v2("POST", "supplement", "supplement-data", body=asked.body()))

    def stop(self, name: str) -> Answer:
        """POST …/factory/supplement-data/{instance_name}/stop [SDK]: stop the waiting and running instances of a run. 200 without a body."""
        return self._client.write(self._client.v2("POST", "supplement", "supplement-data", name, "stop"))

    def rows(self, name: str | None = None) -> list[PatchDataRow]:
        """GET …/factory/supplement-data [SDK]: the runs whose name contains *name* (None: all), newest first, each once."""
        rows: dict[tuple[t.Any, ...], PatchDataRow] = {}
        for page in range(_PAGES):
            listed, before = self._page(name, page), len(rows)
            rows.update({(row.name, row.submitted): row for row in listed})
            if len(listed) < ROWS_PAGE or len(rows) == before:
                break
        return list(rows.values())

    def named(self, name: str) -> list[PatchDataRow]:
        """The runs called *name*, newest first; more than one only if the service allows that."""
        return [row for row in self.rows(name) if row.name == name]

    def _page(self, name: str | None, page: int) -> list[PatchDataRow]:
        query = {"sort": "desc", "page": page, "size": ROWS_PAGE, "name": name}
        request = self._client.v2("GET", "supplements", "supplement-data", query=query)
        return self._client.read(request, _rows)


def _rows(body: t.Any) -> list[PatchDataRow]:
    fields = Fields(body, "the list of PatchData")
    fields.count("total")  # only checked: an answer without it is not this list, and what it counts is not documented
    return [_row(entry, f"PatchData {number} of the list") for number, entry in enumerate(fields.entries("rows"), 1)]


def _row(value: t.Any, what: str) -> PatchDataRow:
    fields = Fields(value, what)
    jobs = fields.entries("job_list")
    if not all(isinstance(job, str) for job in jobs):
        raise bad_answer(f"job_list of {what} holds something that is not a name")
    # The documentation describes each of them as the other one [SDK].
    dates = sorted(moment for moment in (fields.time("start_date"), fields.time("end_date")) if moment is not None)
    return PatchDataRow(
        name=fields.name("name"),
        status=fields.word("status"),
        jobs=tuple(jobs),
        begin=dates[0] if dates else None,
        end=dates[-1] if len(dates) == 2 else None,
        parallel=fields.optional_number("parallel"),
        submitted=fields.time("submitted_date"),
        user=fields.text("user_name"),
        run_time=_run_time(fields),
        instance_time=_instance_time(fields),
    )


def _run_time(fields: Fields) -> RunTime | None:
    value = fields.raw("supplement_data_run_time")
    if value is None:
        return None
    own = Fields(value, "supplement_data_run_time")
    listed = RunTime(*(own.text(name) for name in RunTime._fields))
    return listed._replace(time_of_day=None) if listed.time_of_day == ANY_TIME else listed


def _instance_time(fields: Fields) -> InstanceTime | None:
    value = fields.raw("supplement_data_instance_time")
    if value is None:
        return None
    own = Fields(value, "supplement_data_instance_time")
    time_of_day = own.text("time_of_day")
    return InstanceTime(tuple(sorted(str(day) for day in own.entries("days"))), None if time_of_day == ANY_TIME else time_of_day)
