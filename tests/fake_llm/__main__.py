"""`python -m tests.fake_llm --port 0`: the scripted server as a process of its own.

Prints one JSON line with the port it got, and serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal

from tests.fake_llm.server import Upstream


async def serve(port: int, delay: float) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with Upstream(port, delay=delay) as up:
        print(json.dumps({"port": up.port, "base_url": up.base_url}), flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between words")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.delay))


if __name__ == "__main__":
    main()
