"""The secret key of an installation: generated once, in a file that only its owner can read."""

import os
import secrets
from pathlib import Path

SHORTEST = 50


def secret_key(folder: Path) -> str:
    """Return the key in `folder/secret_key`; generate one (64 random bytes, base64) if missing.

    The file has mode 0600 and is written completely or not at all: if a full disk truncated the
    key, its replacement would log everybody out.
    """
    path = folder / "secret_key"
    if path.exists() and len(key := path.read_text().strip()) >= SHORTEST:
        path.chmod(0o600)
        return key
    key = secrets.token_urlsafe(64)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key + "\n")
    fresh.rename(path)
    return key
