# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m emulator --scenario FILE``: one JSON line with the addresses when ready, exit 0 on SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

from emulator.server import Server
from emulator.service import Service


async def serve(service: Service, port: int) -> None:
    """Listen until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(service)
    addresses = await server.start(port)
    print(json.dumps({**dataclasses.asdict(addresses), "pid": os.getpid()}), flush=True)
    await stop.wait()
    await server.stop()


def main() -> int:
    """Read the options and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A DataArts Factory on loopback.")
    parser.add_argument("--scenario", required=True, type=Path, help="YAML file, see emulator/README.md")
    parser.add_argument("--port", type=int, default=0, help="port of the v2 host; 0 (the default) for any free one")
    parser.add_argument("--journal", type=Path, help="file that gets one JSON line for every accepted write")
    options = parser.parse_args()
    try:
        service = Service(options.scenario, options.journal)
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot read scenario {options.scenario}: {error}", file=sys.stderr)
        return 2
    asyncio.run(serve(service, options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
