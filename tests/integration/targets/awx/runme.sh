#!/usr/bin/env bash
# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What AWX is given, as far as `make test` looks at it.
set -eu
cd "$ANSIBLE_COLLECTIONS_PATH/ansible_collections/dataarts/factory"
exec python -m pytest -q -n auto --maxprocesses 4 --dist loadfile tests/awx
