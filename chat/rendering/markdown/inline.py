"""Complete open emphasis, code, links and formulas at the end of a paragraph.

What opens and closes emphasis follows CommonMark 0.31 section 6.2 with the changes for CJK of
https://github.com/tats-u/markdown-cjk-friendly, except for the rule of three, which only matters
for delimiter runs that models do not write.
"""

import re
import unicodedata
from dataclasses import dataclass

from chat.rendering.markdown import dollars, inline_tags, literals, windows_paths

MAX_LINK = 200
"""Length, in characters, up to which an open bracket may still become a link."""
MAX_INLINE_FORMULA = 200
"""Length, in characters, up to which an open inline formula is held back."""
MAX_FORMULA = 2_000
"""Length, in characters, up to which an open display formula is held back."""
MAX_SCANNED = 4_000
"""Characters at the end of a paragraph that are scanned."""

_TOKEN = re.compile(r"\\[(\[]|\\.|\\$|`+|\$+|\*+|_+|~+|!?\[|\]|<|&", re.S)
_SPECIAL = re.compile(r"[\\`$*_~\[<&]")
_DESTINATION = re.compile(r"\((?:[^()\\\n]|\\.|\((?:[^()\\\n]|\\.)*\))*\)")
_ENTITY = re.compile(r"&#?\w{0,10}")
_TAG = re.compile(r"<[A-Za-z/!][^\s<>]{0,200}")
_NOTE = re.compile(r"\[\^[^\]\s]{0,30}\]?")
_IMAGE_SIGN = re.compile(r"(?:^|\s)!$")
_EMOJI = re.compile("[\u231a-\u2b55\U0001f004-\U0001faff]")
_EMPTY_LINK = "](#)"


@dataclass(slots=True)
class _Opener:
    """An opening bracket or delimiter run; `count` is the number of unmatched characters."""

    delimiter: str
    count: int
    start: int
    end: int


def complete(text: str) -> str:
    """Return the text of one paragraph, changed so that its end shows no raw Markdown."""
    if not _SPECIAL.search(text):
        return text[:-1] if _IMAGE_SIGN.search(text) else text
    start = max(0, len(text) - MAX_SCANNED)
    return text[:start] + _Scanner(text[start:]).complete()


class _Scanner:
    """A single pass over the special characters of a text, with a stack of openers.

    The token handlers return the position at which to continue, or None if the rest of the text is
    one open construct. `_end` is where the visible text ends, `_open_code` the backticks of a code
    span that has to be closed there.
    """

    def __init__(self, text: str) -> None:
        self._source = text
        self._text = inline_tags.hide_signs(windows_paths.hide(text))
        self._openers: list[_Opener] = []
        self._end = len(text)
        self._open_code = ""

    def complete(self) -> str:
        """Scan the text and return it with its end completed."""
        position = 0
        while match := _TOKEN.search(self._text, position):
            next_position = self._handle(match)
            if next_position is None:
                break
            position = next_position
        return self._close_text()

    def _handle(self, match: re.Match[str]) -> int | None:
        handlers = {
            "\\": self._escape, "`": self._code, "$": self._dollars, "[": self._bracket,
            "!": self._bracket, "]": self._link, "<": self._angle, "&": self._entity,
        }  # fmt: skip
        return handlers.get(match[0][0], self._delimiter_run)(match)

    def _hold(self, start: int) -> int | None:
        """Hide the text from `start` on."""
        self._end = min(self._end, start)
        return None

    def _escape(self, match: re.Match[str]) -> int | None:
        if match[0] == "\\":
            return self._hold(match.start())
        if match[0][1] not in "([":
            return match.end()
        return self._formula(match, "\\)" if match[0][1] == "(" else "\\]")

    def _formula(self, match: re.Match[str], closing: str) -> int | None:
        end = self._text.find(closing, match.end())
        if end >= 0:
            return end + len(closing)
        limit = MAX_FORMULA if closing == "\\]" else MAX_INLINE_FORMULA
        if len(self._text) - match.start() <= limit:
            return self._hold(match.start())
        return match.end()

    def _dollars(self, match: re.Match[str]) -> int | None:
        if match.end() == len(self._text) and len(match[0]) < 3:
            return self._hold(match.start())
        end = dollars.find_end(self._text, match.start())
        if end is not None:
            return end
        limit = MAX_FORMULA if len(match[0]) == 2 else MAX_INLINE_FORMULA
        is_near = len(self._text) - match.start() <= limit
        if is_near and len(match[0]) < 3 and dollars.is_open(self._text, match.start()):
            return self._hold(match.start())
        return match.end()

    def _code(self, match: re.Match[str]) -> int | None:
        end = re.compile(rf"(?<!`){match[0]}(?!`)").search(self._text, match.end())
        if end:
            return end.end()
        content = self._text[match.end() :].rstrip("` \t\n")
        if not content:
            return self._hold(match.start())
        self._end = match.end() + len(content)
        self._open_code = match[0]
        return None

    def _bracket(self, match: re.Match[str]) -> int | None:
        note = _NOTE.match(self._text, match.end() - 1)
        if note and note[0][-1] == "]":
            return note.end()
        if note and note.end() == len(self._text):
            return self._hold(match.start())
        if match.end() == len(self._text):
            return self._hold(match.start())
        self._openers.append(_Opener("[", 1, match.start(), match.end()))
        return match.end()

    def _link(self, match: re.Match[str]) -> int | None:
        index = self._last_opener("[")
        if index is None:
            return match.end()
        following = self._text[match.end() : match.end() + 1]
        target = _DESTINATION.match(self._text, match.end())
        undecided = len(self._text) - match.end() <= MAX_LINK
        if (following == "" or (following == "(" and not target)) and undecided:
            self._end = match.start()
            return None
        del self._openers[index:]
        return target.end() if target else match.end()

    def _angle(self, match: re.Match[str]) -> int | None:
        tag = _TAG.match(self._text, match.start())
        if match.end() == len(self._text) or (tag and tag.end() == len(self._text)):
            return self._hold(match.start())
        if inline_tags.open_end(self._text, match.start()):
            return self._hold(match.start())
        return match.end()

    def _entity(self, match: re.Match[str]) -> int | None:
        entity = _ENTITY.match(self._text, match.start())
        if entity and entity.end() == len(self._text):
            return self._hold(match.start())
        return match.end()

    def _delimiter_run(self, match: re.Match[str]) -> int | None:
        if match.end() == len(self._text):
            return self._hold(match.start())
        count = len(match[0])
        if match[0][0] == "~" and count != 2:
            return match.end()
        if name := literals.BARE_NAME.match(self._text, match.start()):
            return name.end()
        if literals.OPEN_NAME.match(self._text, match.start()):
            return self._hold(match.start())
        opens, closes = self._flanking(match)
        if closes:
            count = self._close(match[0][0], count)
        if opens and count:
            self._openers.append(_Opener(match[0][0], count, match.end() - count, match.end()))
        return match.end()

    def _flanking(self, match: re.Match[str]) -> tuple[bool, bool]:
        """Return whether the delimiter run can open and whether it can close emphasis."""
        before = self._text[match.start() - 1] if match.start() else " "
        after = self._text[match.end()]
        mark_before, mark_after = _is_punctuation(before), _is_punctuation(after)
        loose_before, loose_after = mark_before or _is_cjk(before), mark_after or _is_cjk(after)
        left = not after.isspace() and (not mark_after or before.isspace() or loose_before)
        right = not before.isspace() and (not mark_before or after.isspace() or loose_after)
        if match[0][0] != "_":
            return left, right
        return left and (not right or mark_before), right and (not left or mark_after)

    def _last_opener(self, delimiter: str) -> int | None:
        """Return the index of the innermost opener of this kind, None if there is none."""
        for index in reversed(range(len(self._openers))):
            if self._openers[index].delimiter == delimiter:
                return index
        return None

    def _close(self, delimiter: str, count: int) -> int:
        """Match a closing run of `count` delimiters with openers; return how many remain."""
        while count:
            index = self._last_opener(delimiter)
            if index is None or (delimiter == "~" and self._openers[index].count != count):
                return count
            del self._openers[index + 1 :]
            opener = self._openers[-1]
            used = min(2, count, opener.count)
            opener.count -= used
            count -= used
            if not opener.count:
                self._openers.pop()
        return 0

    def _close_text(self) -> str:
        """Return the visible text with everything closed that is still open in it."""
        end = len(self._text[: self._end].rstrip(" \t\n"))
        while self._openers and self._openers[-1].end >= end and not self._open_code:
            end = len(self._text[: self._openers.pop().start].rstrip(" \t\n"))
        return self._source[:end] + self._open_code + self._suffix(end)

    def _suffix(self, end: int) -> str:
        """Return the closing delimiters for the openers; links cannot nest, so close only one."""
        parts: list[str] = []
        has_link = False
        for opener in reversed(self._openers):
            if opener.delimiter != "[":
                parts.append(opener.delimiter * opener.count)
            elif not has_link and end - opener.end <= MAX_LINK:
                parts.append(_EMPTY_LINK)
                has_link = True
        return "".join(parts)


def _is_punctuation(character: str) -> bool:
    """Return whether this is punctuation of a script that puts spaces between words."""
    return unicodedata.category(character)[0] in "PS" and not _is_cjk(character)


def _is_cjk(character: str) -> bool:
    if character.isascii():
        return False
    return unicodedata.east_asian_width(character) in "WFH" and not _EMOJI.match(character)
