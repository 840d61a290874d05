# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the emulator: ``python -m emulator --scenario FILE --like RECORDING``.

Prints one JSON line with the addresses when it is ready, and exits with 0 on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

from emulator.recording import switches_like
from emulator.server import Server
from emulator.service import Service
from emulator.switches import SWITCHES

NIGHT = Path(__file__).parent / "scenarios" / "night.yml"


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
    """Read the options and serve. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A DataArts Factory on loopback.")
    parser.add_argument("--scenario", type=Path, default=NIGHT, help="YAML file, see emulator/README.md; the night of make demo by default")
    parser.add_argument("--like", type=Path, metavar="RECORDING", help="answer like the account of this recording by account_doctor")
    parser.add_argument("--port", type=int, default=0, help="port of the v2 host; 0 (the default) for any free one")
    parser.add_argument("--journal", type=Path, help="file that gets one JSON line for every accepted write")
    options = parser.parse_args()
    try:
        like = {} if options.like is None else switches_like(options.like)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if options.like is not None:
        shown = ", ".join(f"{name} {value}" for name, value in like.items() if value != SWITCHES[name].settings[0]) or "none"
        print(f"{len(like)} of {len(SWITCHES)} switches are set by {options.like}; other than by default: {shown}", file=sys.stderr)
    try:
        service = Service(options.scenario, options.journal, like=like)
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot read scenario {options.scenario}: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(service, options.port))
    except (OSError, OverflowError) as error:
        print(f"cannot listen on port {options.port} of 127.0.0.1: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
