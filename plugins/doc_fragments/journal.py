# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the journal, where attempts are recorded."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  journal:
    description:
      - The database of rerun attempts. It ensures that a rerun happens once, even if a play is interrupted, or if several plays or
        controllers rerun the same failures at the same time. All of them must use the same journal.
      - A path names a SQLite file, or a directory in which the file is C(journal.db). C(~) and environment variables in the path are
        expanded. A relative path starts at the directory in which the command was started. The default is
        C($XDG_STATE_HOME/dataarts.factory/journal.db) or C(~/.local/state/dataarts.factory/journal.db).
      - A URI such as V(postgresql://reruns@db.example.com/reruns?sslmode=verify-full) names a PostgreSQL database, for several controllers
        and for AWX. The parameters after V(?) are those of libpq. The Python library C(psycopg), version 3, must be installed where the
        module runs.
      - The first rerun creates the tables. They contain no secrets. Entries older than 190 days are deleted.
    type: str
  journal_password:
    description:
      - Password for a PostgreSQL journal. If not set, libpq itself looks for one, for example in C(PGPASSWORD) or C(~/.pgpass).
    type: str
"""
