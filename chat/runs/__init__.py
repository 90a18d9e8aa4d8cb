"""The answers that this process writes: tasks, leases, saving, sweeping and the drain."""

from chat.runs.job import Job, readied
from chat.runs.registry import Runs, runs

__all__ = ["Job", "Runs", "readied", "runs"]
