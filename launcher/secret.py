"""The secret key of an installation: made once, kept where only its owner can read it."""

import os
import secrets
from pathlib import Path

SHORTEST = 50


def secret_key(folder: Path) -> str:
    """The key in `folder/secret_key`, made (64 random bytes, base64) if there is none.

    The file has mode 0600 and appears whole or not at all: a key cut by a full disk would log
    everybody out once it is replaced.
    """
    path = folder / "secret_key"
    if path.exists() and len(known := path.read_text().strip()) >= SHORTEST:
        path.chmod(0o600)
        return known
    key = secrets.token_urlsafe(64)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key + "\n")
    fresh.rename(path)
    return key
