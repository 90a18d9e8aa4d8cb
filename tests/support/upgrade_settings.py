"""The real settings for upgrades under test: small batches, a line for each, an impatient site."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["OPTIONS"]["options"] += " -c statement_timeout=1s"
MIGRATION_BATCH_ROWS = 100
MIGRATION_PROGRESS_SECONDS = 0.0
MIGRATION_LOCK_TRIES = int(os.environ.get("TEST_LOCK_TRIES", "60"))
