"""`python -m launcher`: run everything on this machine until Ctrl-C."""

import os
import sys

from launcher.failure import AlreadyRunningError, StartError
from launcher.part import say
from launcher.plan import ROOT, read_plan
from launcher.signals import Signals, StoppedError
from launcher.supervisor import Supervisor


def main() -> int:
    os.chdir(ROOT)
    signals = Signals()
    try:
        Supervisor(read_plan(), signals).run()
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except AlreadyRunningError as notice:
        say(str(notice))
        return 0
    except StoppedError:
        pass
    say("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
