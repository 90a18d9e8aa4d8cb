"""Encrypt small secrets for the database, such as the keys of model servers.

The format is Fernet (https://github.com/fernet/spec). Its key is derived from ENCRYPTION_KEY, or
from SECRET_KEY, with HKDF-SHA256 (RFC 5869).
"""

from base64 import urlsafe_b64encode
from functools import cache, lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Keeps this key apart from other keys that are derived from the same setting.
PURPOSE = b"chat: secrets in the database"


class DecryptionError(Exception):
    """A value was encrypted with another key, or is damaged. It carries nothing of the value."""


def encrypt(text: str) -> str:
    """Return the text encrypted, in a form that differs each time."""
    return _cipher(_secrets()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text that was encrypted. Raises DecryptionError."""
    return _decrypt(token, _secrets())


def reencrypt(token: str) -> str | None:
    """Return the value encrypted with the first secret, None if it is. Raises DecryptionError."""
    secrets = _secrets()
    try:
        _decrypt(token, secrets[:1])
    except DecryptionError:
        return encrypt(_decrypt(token, secrets))
    return None


# Answers are requested with the same few keys again and again.
@lru_cache(maxsize=64)
def _decrypt(token: str, secrets: tuple[str, ...]) -> str:
    try:
        return _cipher(secrets).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError):
        pass
    # Outside the handler, so that the error carries no context.
    raise DecryptionError


def _secrets() -> tuple[str, ...]:
    """Return the secrets, the one that encrypts first.

    SECRET_KEY still decrypts after ENCRYPTION_KEY was set, until `reencrypt` has been called.
    """
    return tuple(filter(None, (settings.ENCRYPTION_KEY, settings.SECRET_KEY)))


@cache
def _cipher(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    """Return a Fernet key: 32 bytes, as base64."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return urlsafe_b64encode(key)
