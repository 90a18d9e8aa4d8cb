"""Keep the saved keys of connections readable when ENCRYPTION_KEY is set."""

from dataclasses import dataclass

from chat.models import Connection
from core.encryption import DecryptionError, reencrypt


@dataclass(slots=True)
class Reencrypted:
    """Numbers of keys: encrypted again now, and those that no secret can read."""

    renewed: int = 0
    unreadable: int = 0


def reencrypt_keys() -> Reencrypted:
    """Encrypt the saved keys with the first secret, so that the others may change; idempotent."""
    counts = Reencrypted()
    saved = Connection.objects.exclude(encrypted_key="")
    for connection_id, token in saved.values_list("pk", "encrypted_key"):
        try:
            renewed = reencrypt(token)
        except DecryptionError:
            counts.unreadable += 1
            continue
        if renewed is not None:
            # A key that was entered meanwhile stays.
            row = Connection.objects.filter(pk=connection_id, encrypted_key=token)
            counts.renewed += row.update(encrypted_key=renewed)
    return counts
