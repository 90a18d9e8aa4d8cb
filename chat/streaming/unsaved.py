"""Text that a job has written and the database does not have yet."""

from uuid import UUID

from chat.services.leases import TextChunk


class UnsavedText:
    """The unsaved end of an answer's text, or of its thoughts.

    `saved_length` counts the characters that the database has.
    """

    def __init__(self, run_id: UUID, saved_length: int, *, is_thought: bool = False) -> None:
        self.saved_length = saved_length
        self.is_thought = is_thought
        self._run_id = run_id
        self._pieces: list[str] = []

    def feed(self, text: str) -> None:
        self._pieces.append(text)

    def take(self) -> TextChunk | None:
        """Return the text for the next save, or None; `confirm` confirms it."""
        if not self._pieces:
            return None
        self._pieces = ["".join(self._pieces)]
        return TextChunk(self._run_id, self.saved_length, self._pieces[0], self.is_thought)

    def confirm(self, chunk: TextChunk) -> None:
        """Note that a chunk of `take` is in the database."""
        rest = "".join(self._pieces)[len(chunk.text) :]
        self._pieces = [rest] if rest else []
        self.saved_length += len(chunk.text)
