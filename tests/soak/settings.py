"""The real settings with a channel layer that cannot be relied upon."""

from config.settings import *  # noqa: F403
from config.settings import REDIS_URL

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "tests.soak.layer.UnreliableLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}
