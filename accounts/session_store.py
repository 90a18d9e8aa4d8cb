"""Django's database sessions, with signals for their end."""

from django.contrib.sessions.backends import db
from django.db import transaction
from django.dispatch import Signal

from accounts.signals import session_ended, session_renewed


# The class name is part of the signature of stored sessions: do not rename it.
class SessionStore(db.SessionStore):
    """A session store that sends `session_ended` or `session_renewed` for each deleted session."""

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session, and send the signal after the commit."""
        key, signal = session_key or self.session_key, self.signal_for(session_key)
        super().delete(session_key)
        if key:
            transaction.on_commit(lambda: self.send(signal, key))

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete the session, and send the signal."""
        key, signal = session_key or self.session_key, self.signal_for(session_key)
        await super().adelete(session_key)
        if key:
            self.send(signal, key)

    def signal_for(self, session_key: str | None) -> Signal:
        """Return the signal for the deletion of a session.

        `cycle_key` sets a new key before it deletes the old session, which counts as a renewal.
        """
        is_renewed = session_key and self.session_key and session_key != self.session_key
        return session_renewed if is_renewed else session_ended

    def send(self, signal: Signal, session_key: str) -> None:
        """Send a signal for this session key."""
        signal.send(sender=type(self), session_key=session_key)
