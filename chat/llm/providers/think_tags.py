"""Separate thoughts from text where a model writes both into the content of its answer.

Reasoning models put their thoughts between tags at the start of the content. Some servers put the
opening tag into the prompt, so that only the closing one arrives:
https://github.com/open-webui/open-webui/issues/8706
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

# The opening tags, each with the tag that closes it. Magistral writes the one in brackets.
TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[THINK]": "[/THINK]",
}
# These may come without an opening tag: at the start of a line, or at the end of one.
LONE_TAGS = ("</think>", "</thinking>", "</thought>", "[/THINK]")
_LONE = "|".join(map(re.escape, LONE_TAGS))
_LONE_CLOSING = re.compile(
    rf"(?<=\n)(?:{_LONE})(?:[ \t]*(?=\n)|(?=\w))"
    rf"|(?<=[^\s`\"'*_(\[])(?:{_LONE})[ \t]*(?=\n)"
)
# The most blanks that are held back while they may stand before or behind a tag.
_MOST_BLANKS = 200
_OPENING = re.compile("|".join(map(re.escape, TAGS)))
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


class Split(NamedTuple):
    """The thoughts and the text of some content.

    If `is_retracted`, all text before this content was thoughts too.
    """

    thoughts: str = ""
    text: str = ""
    is_retracted: bool = False


class ThinkSplitter:
    """Splits the content of one answer: feed it every delta, and `flush` it at the end.

    An answer about such tags keeps them: an opening tag counts at the very start only, and a lone
    closing tag only between lines, outside of code and without an opening tag before it.
    """

    __slots__ = ("_before", "_closing", "_held", "_is_watching", "_seen", "_split")

    def __init__(self, *, watch: bool) -> None:
        """`watch` tells whether a lone closing tag turns the text before it into thoughts."""
        self._split: Callable[[str], Split] = self._start
        self._closing = ""
        self._held = ""
        self._is_watching = watch
        self._seen: list[str] = []
        self._before = "\n"  # the character before what comes

    def feed(self, content: str) -> Split:
        """Split a delta; an end that may be part of a tag is held back."""
        content, self._held = self._held + content, ""
        return self._split(content)

    def flush(self) -> Split:
        """Return what was held back, at the end of the answer."""
        held, self._held = self._held, ""
        if self._split == self._think:
            return Split(thoughts=held)
        is_closing = self._split == self._watch and _LONE_CLOSING.search(f"{self._before}{held}\n")
        if is_closing and self._ends_thoughts():
            return Split(is_retracted=True)
        return Split(text="" if self._split == self._skip_blank else held)

    def expect_text(self) -> None:
        """Take all further content for text: the server sends thoughts by themselves."""
        if self._split == self._start:
            self._split = self._skip_blank
        elif self._split == self._watch:
            self._split = self._pass

    def _start(self, content: str) -> Split:
        start = content.lstrip()
        for tag, closing in TAGS.items():
            if start.startswith(tag):
                self._split, self._closing = self._think, closing
                return self._think(start[len(tag) :])
        is_undecided = any(tag.startswith(start) for tag in TAGS)
        if is_undecided and len(content) - len(start) <= _MOST_BLANKS:
            self._held = content
            return Split()
        self._split = self._watch if self._is_watching else self._pass
        return self._split(content)

    def _think(self, content: str) -> Split:
        thoughts, tag, text = content.partition(self._closing)
        if tag:
            self._split = self._skip_blank
            return Split(thoughts, self._skip_blank(text).text)
        end = len(thoughts) - _overlap(thoughts, self._closing)
        self._held = thoughts[end:]
        return Split(thoughts[:end])

    def _skip_blank(self, content: str) -> Split:
        """Leave out the blank lines between thoughts and text."""
        if not content.strip():
            self._held = content.rpartition("\n")[2][:_MOST_BLANKS]
            return Split()
        self._split = self._pass
        lines = content.splitlines(keepends=True)
        while not lines[0].strip():
            del lines[0]
        return Split(text="".join(lines))

    def _pass(self, content: str) -> Split:
        return Split(text=content)

    def _watch(self, content: str) -> Split:
        if "<" in content or "[" in content:
            if match := _LONE_CLOSING.search(self._before + content):
                return self._close(content, match.start() - 1, match.end() - 1)
            content = self._hold_back(content)
        if content:
            self._before = content[-1]
            self._seen.append(content)
        return Split(text=content)

    def _hold_back(self, content: str) -> str:
        """Hold back an end that may become a closing tag, and return the rest."""
        start = max(content.rfind("<"), content.rfind("["))
        tail = content[start:]
        tag = tail.rstrip(" \t")
        is_undecided = any(lone.startswith(tag) for lone in LONE_TAGS)
        if start < 0 or not is_undecided or len(tail) - len(tag) > _MOST_BLANKS:
            return content
        self._held = tail
        return content[:start]

    def _close(self, content: str, start: int, end: int) -> Split:
        """Turn everything before a lone closing tag into thoughts, unless it is about tags."""
        self._seen.append(content[:start])
        if self._ends_thoughts():
            self._split = self._skip_blank
            return Split(content[:start], self._skip_blank(content[end:]).text, is_retracted=True)
        self._split = self._pass
        return Split(text=content)

    def _ends_thoughts(self) -> bool:
        before = "".join(self._seen)
        return not _OPENING.search(before) and len(_FENCE.findall(before)) % 2 == 0


def _overlap(text: str, tag: str) -> int:
    """Return the length of the longest suffix of the text that is a proper prefix of the tag."""
    return next((n for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), 0)
