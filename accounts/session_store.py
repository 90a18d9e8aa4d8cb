"""Django's sessions in the database, which say when they end."""

from django.contrib.sessions.backends import db
from django.db import transaction
from django.dispatch import Signal

from accounts.signals import session_ended, session_renewed


# The name is part of the signature of the stored sessions, so it stays.
class SessionStore(db.SessionStore):
    """Sends `session_ended` or `session_renewed` for each session that is deleted."""

    def delete(self, session_key: str | None = None) -> None:
        key, signal = session_key or self.session_key, self.signal_for(session_key)
        super().delete(session_key)
        if key:
            transaction.on_commit(lambda: self.send(signal, key))

    async def adelete(self, session_key: str | None = None) -> None:
        key, signal = session_key or self.session_key, self.signal_for(session_key)
        await super().adelete(session_key)
        if key:
            self.send(signal, key)

    def signal_for(self, session_key: str | None) -> Signal:
        """`cycle_key` takes a new key before it deletes the session of the old one."""
        is_renewed = session_key and self.session_key and session_key != self.session_key
        return session_renewed if is_renewed else session_ended

    def send(self, signal: Signal, session_key: str) -> None:
        signal.send(sender=type(self), session_key=session_key)
