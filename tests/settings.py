"""The real settings with values for tests; servers that tests start use config.settings itself."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF")
# No test writes there: a folder that is only named leaves nothing behind.
os.environ.setdefault("DATA_DIR", f"{tempfile.gettempdir()}/chat-tests-{os.getpid()}")
# A developer's own .env must not reach the tests.
for name in ("HF_TOKEN", "INFERENCE_BASE_URL", "INFERENCE_API_KEY", "LOCAL_MODEL", "REDIS_URL"):
    os.environ[name] = ""
for name in ("SITE_URL", "EMAIL_URL", "CODESPACE_NAME", "INFERENCE_MODEL"):
    os.environ[name] = ""

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A connection that a thread keeps would hold the test database at the end.
KEEP_CONNECTION = 0
