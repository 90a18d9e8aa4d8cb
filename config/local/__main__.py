"""`python -m config.local`: run everything on this machine until Ctrl-C."""

import os
import sys

from config.local.failure import AlreadyRunningError, StartError
from config.local.part import say
from config.local.plan import ROOT, read_plan
from config.local.signals import Signals, StoppedError
from config.local.supervisor import Supervisor


def main() -> int:
    os.chdir(ROOT)
    signals = Signals()
    try:
        Supervisor(read_plan(), signals).run()
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except AlreadyRunningError as note:
        say(str(note))
        return 0
    except StoppedError:
        pass
    say("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
