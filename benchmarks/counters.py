"""Read the CPU time and memory of processes from the kernel, and those of other programs."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

PROCESS_ERRORS = (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError)


def process_tree(pids: Iterable[int]) -> list[psutil.Process]:
    """Return the processes and their descendants."""
    processes = {}
    for pid in pids:
        with suppress(*PROCESS_ERRORS):
            process = psutil.Process(pid)
            for member in [process, *process.children(recursive=True)]:
                processes[member.pid] = member
    return list(processes.values())


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU seconds of the processes and their children, including those that ended."""
    total = 0.0
    for process in process_tree(pids):
        with suppress(*PROCESS_ERRORS):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mb(pids: Iterable[int]) -> float:
    """Return the PSS of the processes and their children, which counts shared memory once."""
    total = 0
    for process in process_tree(pids):
        with suppress(*PROCESS_ERRORS):
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total * 1024 / 1e6


def machine_seconds() -> float:
    """Return the busy CPU seconds of the machine, including time stolen by other guests."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


@dataclass
class OtherPrograms:
    """Measures the share of all cores that programs outside of the benchmark use."""

    started_at: float = field(default_factory=time.monotonic)
    busy: float = field(default_factory=machine_seconds)
    ours: float = field(default_factory=lambda: cpu_seconds([os.getpid()]))

    def percent(self) -> float:
        """Return their share in percent since this object was created.

        All parts of the benchmark are children of this process.
        """
        wall = time.monotonic() - self.started_at
        own = cpu_seconds([os.getpid()]) - self.ours
        other = machine_seconds() - self.busy - own
        return max(0.0, 100 * other / (wall * (os.cpu_count() or 1)))
