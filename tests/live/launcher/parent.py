"""Starts the demonstration model, says its process id and waits to be killed.

`python -m tests.live.launcher.parent FOLDER`
"""

import sys
from pathlib import Path

from launcher.children import Children
from launcher.model import ModelServer


def main() -> None:
    server = ModelServer(Children(), Path(sys.argv[1]))
    server.start()
    server.wait_until_ready()
    print(server.process.pid if server.process else 0, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
