"""`manage.py migrate` on a dedicated connection; replaces Django's command for every caller."""

from typing import Any

from django.core.management.commands import migrate

from core.db.migration_connection import migration_connection, report, retry_while_locked


class Command(migrate.Command):
    """Django's command without a statement timeout, restarted while a table is locked.

    A restart is like a kill followed by another run, which every migration has to survive: it is
    either one transaction or safe to repeat. Progress goes to standard error at any verbosity,
    because `make run` and containers show it at once.
    """

    has_open_line = False

    def handle(self, *args: Any, **options: Any) -> None:
        migrate_once = super().handle
        token = report.set(self.report)
        try:
            with migration_connection(options["database"]):
                retry_while_locked(lambda: migrate_once(*args, **options))
        finally:
            report.reset(token)

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        """Print as Django does, and remember that "Applying ..." leaves its line open."""
        super().migration_progress_callback(action, migration, fake)
        self.has_open_line = self.verbosity >= 1 and action.endswith("_start")

    def report(self, line: str) -> None:
        """Print a progress line for the operator."""
        if self.has_open_line:
            self.stdout.write()
            self.stdout.flush()
            self.has_open_line = False
        self.stderr.write(f"    {line}", str)
