"""What processes use, as the kernel counts it, and what the rest of the machine does meanwhile."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError)


def family(pids: Iterable[int]) -> list[psutil.Process]:
    """The processes and their children."""
    found = {}
    for pid in pids:
        with suppress(*GONE):
            process = psutil.Process(pid)
            for one in [process, *process.children(recursive=True)]:
                found[one.pid] = one
    return list(found.values())


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds that the processes and their children have used, those that ended included."""
    total = 0.0
    for process in family(pids):
        with suppress(*GONE):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mb(pids: Iterable[int]) -> float:
    """PSS of the processes and their children: what they share is counted once."""
    total = 0
    for process in family(pids):
        with suppress(*GONE):
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total * 1024 / 1e6


def machine_seconds() -> float:
    """Busy CPU seconds of the whole machine; what another guest of its host took is busy too."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


@dataclass
class Others:
    """The share of all cores that processes outside of the benchmark took, in percent."""

    began: float = field(default_factory=time.monotonic)
    busy: float = field(default_factory=machine_seconds)
    ours: float = field(default_factory=lambda: cpu_seconds([os.getpid()]))

    def percent(self) -> float:
        """Since this was made. All parts of the benchmark are children of this process."""
        wall = time.monotonic() - self.began
        mine = cpu_seconds([os.getpid()]) - self.ours
        others = machine_seconds() - self.busy - mine
        return max(0.0, 100 * others / (wall * (os.cpu_count() or 1)))
