"""Uses the cluster of a folder, says the server's process id, and leaves when its input ends.

`python -m tests.live.launcher.holder FOLDER [USER_ID GROUP_ID]`; with ids it changes to them first.
"""

import os
import sys
from pathlib import Path

from launcher import pidfile
from launcher.postgres import Cluster


def main() -> None:
    if len(sys.argv) > 2:
        os.setgroups([])
        os.setgid(int(sys.argv[3]))
        os.setuid(int(sys.argv[2]))
    with Cluster(Path(sys.argv[1]), fast=True) as cluster:
        server = pidfile.running(cluster.data)
        print(server.pid if server else 0, cluster.url("chat"), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
