"""Drop the end-of-turn markers of chat templates that servers leave at the end of an answer.

Only a marker that nothing but blanks and other markers follow is dropped. Within the text, and in
code that is still open at the end, it is what the answer is about.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARKERS = (
    "<|im_end|>",  # ChatML: Qwen, Yi, Hermes, SmolLM
    "<|endoftext|>",  # GPT-2, Phi, Qwen, StableLM
    "<|eot_id|>",  # Llama 3
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|eot|>",  # Llama 4
    "<|eom|>",
    "</s>",  # Llama 2, Mistral
    "<end_of_turn>",  # Gemma
    "<eos>",
    "<|end|>",  # Phi-3, gpt-oss
    "<|return|>",  # gpt-oss
    "<|end_of_turn|>",  # OpenChat
    "<|END_OF_TURN_TOKEN|>",  # Command R
    "<\uff5cend\u2581of\u2581sentence\uff5c>",  # DeepSeek
)
_MARKERS_ONLY = re.compile(rf"(?:\s*(?:{'|'.join(map(re.escape, MARKERS))}))*\s*")
_LONGEST = max(map(len, MARKERS))


class EndMarkerFilter:
    """Passes text through, and holds back an ending that may consist of markers only."""

    __slots__ = ("_code", "_held", "_partial")

    def __init__(self) -> None:
        self._code = _OpenCode()
        self._held: list[str] = []  # whole markers, and blanks after them
        self._partial = ""  # the beginning of one more

    def feed(self, text: str) -> str:
        """Return the text that is certain."""
        if not text:
            return ""
        if not self._held and not self._partial and "<" not in text:
            self._code.feed(text)
            return text
        text, self._partial = self._partial + text, ""
        if self._held:
            if self._hold(text, 0):
                return ""
            text = "".join(self._held) + text
            self._held.clear()
        end = _ending(text)
        self._hold(text, end)
        self._code.feed(text[:end])
        return text[:end]

    def _hold(self, text: str, start: int) -> bool:
        """Hold the text from `start` on if it consists of markers, the last maybe incomplete."""
        match = _MARKERS_ONLY.match(text, start)
        end = match.end() if match else start
        if not _is_beginning(text[end:]):
            return False
        if end > start:
            self._held.append(text[start:end])
        self._partial = text[end:]
        return True

    def release(self) -> str:
        """Return the held text as it is: what follows shows that the answer has not ended."""
        text = "".join(self._held) + self._partial
        self._held.clear()
        self._partial = ""
        return text

    def flush(self) -> str:
        """Return the held text at the end of the answer, without markers that end it."""
        text, has_more = "".join(self._held) + self._partial, bool(self._partial)
        self._held.clear()
        self._partial = ""
        return text if has_more or self._code.is_open else ""


def _ending(text: str) -> int:
    """Return the offset at which the markers begin that end the text, maybe incompletely."""
    end = len(text)
    start = text.rfind("<", max(0, end - _LONGEST))
    if start >= 0 and _is_beginning(text[start:]):
        end = start
    while True:
        stop = end
        while stop and text[stop - 1].isspace():
            stop -= 1
        marker = next((marker for marker in MARKERS if text.endswith(marker, 0, stop)), "")
        if not marker:
            return end
        end = stop - len(marker)


def _is_beginning(text: str) -> bool:
    """Return whether the text is empty or the beginning of a marker, but not all of it."""
    return any(marker != text and marker.startswith(text) for marker in MARKERS)


class _Fence(NamedTuple):
    """An open fence: its mark, the `>` before it, and how many fences are open in it.

    Only one of Markdown holds others, as in `chat.rendering.markdown.fences`.
    """

    mark: str
    quotes: int = 0
    is_markdown: bool = False
    inner: int = 0


class _OpenCode:
    """Whether Markdown that arrives in pieces ends in a fence or an inline code that is open."""

    __slots__ = ("_end", "_fence", "_line", "_ticks")

    _LINE = re.compile(r"((?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])*+)(`{3,}|~{3,})(.*)")
    _QUOTES = re.compile(r"(?:[ \t]*>)*")
    _MARKDOWN = frozenset({"markdown", "md", "mdx"})
    _MAX_LINE = 100  # characters at the start of a line that tell whether it is a fence

    def __init__(self) -> None:
        self._fence: _Fence | None = None
        self._line = ""
        self._ticks = 0  # of the paragraph
        self._end = ""  # the last two characters of the line

    def feed(self, text: str) -> None:
        *lines, rest = text.split("\n") if "\n" in text else (text,)
        for line in lines:
            self._add(line)
            fence = self._fence_after()
            if fence or self._fence or not self._line.strip(" \t>"):
                self._ticks = 0
            self._fence, self._line, self._end = fence, "", ""
        self._add(rest)

    def _add(self, text: str) -> None:
        if len(self._line) < self._MAX_LINE:
            self._line += text[: self._MAX_LINE]
        self._ticks += text.count("`")
        self._end = (self._end + text[-2:])[-2:]

    def _fence_after(self) -> _Fence | None:
        """Return the fence that is open after the line; one ends with the quote that it is in."""
        fence = self._fence
        if fence and self._QUOTES.match(self._line)[0].count(">") < fence.quotes:  # type: ignore[index]
            fence = None
        match = self._LINE.fullmatch(self._line)
        if match is None:
            return fence
        prefix, mark, info = match[1], match[2], match[3].strip()
        if fence is None:
            is_code_span = mark[0] == "`" and "`" in info
            is_markdown = info.lower() in self._MARKDOWN
            return None if is_code_span else _Fence(mark, prefix.count(">"), is_markdown)
        if not mark.startswith(fence.mark):
            return fence
        if info:
            return fence._replace(inner=fence.inner + fence.is_markdown)
        return fence._replace(inner=fence.inner - 1) if fence.inner else None

    @property
    def is_open(self) -> bool:
        """Return whether code is open; the last line may be the one that opens or closes it.

        A single backtick opens code only directly before the marker: elsewhere it is a sign.
        """
        is_after_tick = self._end.endswith("`") and self._end != "``"
        return bool(self._fence_after()) or (
            not self._fence and is_after_tick and self._ticks % 2 == 1
        )
