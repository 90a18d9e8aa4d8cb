"""`manage.py migrate`, on a connection of its own; whatever calls the command gets this one."""

from typing import Any

from django.core.management.commands import migrate

from core.db.migration_connection import migration_connection, report, retry_while_locked


class Command(migrate.Command):
    """As Django's. It has no statement timeout, and begins again while a table is locked.

    To begin again is the same as to be killed and run again, which every migration has to bear: it
    is either one transaction or safe to repeat. Progress goes to standard error, which `make run`
    and containers show at once, whatever the verbosity.
    """

    has_open_line = False

    def handle(self, *args: Any, **options: Any) -> None:
        run = super().handle
        before = report.set(self.report)
        try:
            with migration_connection(options["database"]):
                retry_while_locked(lambda: run(*args, **options))
        finally:
            report.reset(before)

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        """As Django's; remember that it says "Applying ..." without ending the line."""
        super().migration_progress_callback(action, migration, fake)
        self.has_open_line = self.verbosity >= 1 and action.endswith("_start")

    def report(self, line: str) -> None:
        """Print a line for the person who waits."""
        if self.has_open_line:
            self.stdout.write()
            self.stdout.flush()
            self.has_open_line = False
        self.stderr.write(f"    {line}", str)
