# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the attempts to rerun instances are kept."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  journal:
    description:
      - The database of rerun attempts. It is what makes a rerun happen once, also after a play was interrupted and where several plays or
        controllers rerun the same failures at the same time. All of them have to use the same journal.
      - A path is a SQLite file, and a directory holds it as C(journal.db). C(~) and variables of the environment are replaced in it, and a
        relative path is counted from the directory in which the command was started. If not set, it is
        C($XDG_STATE_HOME/dataarts.factory/journal.db) or C(~/.local/state/dataarts.factory/journal.db).
      - A URI such as V(postgresql://reruns@db.example.com/reruns?sslmode=verify-full) is a PostgreSQL database, for several controllers and
        for AWX. The words after V(?) are those of libpq. The Python library C(psycopg), version 3, has to be installed where the module runs.
      - The tables are made at the first rerun. Nothing secret is in them. Entries older than 190 days are deleted.
    type: str
  journal_password:
    description:
      - Password for a PostgreSQL journal. If not set, libpq looks for one in its own ways, for example C(PGPASSWORD) or C(~/.pgpass).
    type: str
"""
