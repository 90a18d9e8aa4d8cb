"""The real settings with one address more, which says what the process holds in memory."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.soak.counts"
