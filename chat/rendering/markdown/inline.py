"""Open emphasis, code, links and formulas at the end of a paragraph.

The rules for what opens and closes are those of CommonMark 0.31 section 6.2, less the rule of
three, which only matters for runs that models do not write.
"""

import re
import unicodedata
from dataclasses import dataclass

MAX_LINK = 200
"""Characters for which a bracket may be the beginning of a link."""
MAX_INLINE_FORMULA = 200
"""Characters for which a dollar or a LaTeX bracket may be the beginning of a formula."""
MAX_FORMULA = 2_000
"""The same for a display formula."""
MAX_SCANNED = 4_000
"""Characters at the end of a paragraph that are looked at."""

_TOKEN = re.compile(r"\\[(\[]|\\.|\\$|`+|\$+|\*+|_+|~+|!?\[|\]|<|&", re.S)
_SPECIAL = re.compile(r"[\\`$*_~\[<&]")
_DESTINATION = re.compile(r"\((?:[^()\\\n]|\\.|\((?:[^()\\\n]|\\.)*\))*\)")
_ENTITY = re.compile(r"&#?\w{0,10}")
_TAG = re.compile(r"<[A-Za-z/!][^\s<>]{0,200}")
_NOTE = re.compile(r"\[\^[^\]\s]{0,30}\]?")
_IMAGE_SIGN = re.compile(r"(?:^|\s)!$")
_EMPTY_LINK = "](#)"


@dataclass(slots=True)
class _Opener:
    sign: str
    count: int
    begin: int
    end: int


def complete(text: str) -> str:
    """Return the text of one paragraph so that nothing at its end shows as a raw sign."""
    if not _SPECIAL.search(text):
        return text[:-1] if _IMAGE_SIGN.search(text) else text
    begin = max(0, len(text) - MAX_SCANNED)
    return text[:begin] + _Scan(text[begin:]).result()


class _Scan:
    """One pass over the signs of a text, with a stack of what is open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Opener] = []
        self._cut = len(text)
        self._inner = ""

    def result(self) -> str:
        position = 0
        while match := _TOKEN.search(self._text, position):
            after = self._token(match)
            if after is None:
                break
            position = after
        return self._closed()

    def _token(self, match: re.Match[str]) -> int | None:
        """Where to go on after this sign, or None when the rest of the text is open."""
        sign = match[0]
        handlers = {
            "\\": self._escape, "`": self._code, "$": self._dollars, "[": self._bracket,
            "!": self._bracket, "]": self._link, "<": self._angle, "&": self._entity,
        }  # fmt: skip
        return handlers.get(sign[0], self._run)(match)

    def _held(self, begin: int) -> int | None:
        """Show nothing from `begin` on."""
        self._cut = min(self._cut, begin)
        return None

    def _escape(self, match: re.Match[str]) -> int | None:
        if match[0] == "\\":
            return self._held(match.start())
        if match[0][1] not in "([":
            return match.end()
        return self._formula(match, "\\)" if match[0][1] == "(" else "\\]")

    def _formula(self, match: re.Match[str], closing: str) -> int | None:
        end = self._text.find(closing, match.end())
        if end >= 0:
            return end + len(closing)
        limit = MAX_FORMULA if closing in ("$$", "\\]") else MAX_INLINE_FORMULA
        if len(self._text) - match.start() <= limit:
            return self._held(match.start())
        return match.end()

    def _dollars(self, match: re.Match[str]) -> int | None:
        if len(match[0]) == 2:
            return self._formula(match, "$$")
        following = self._text[match.end() : match.end() + 1]
        if not following:
            return self._held(match.start())
        if len(match[0]) > 2 or following.isspace() or following.isdigit():
            return match.end()
        return self._formula(match, "$")

    def _code(self, match: re.Match[str]) -> int | None:
        end = re.compile(rf"(?<!`){match[0]}(?!`)").search(self._text, match.end())
        if end:
            return end.end()
        content = self._text[match.end() :].rstrip("` \t\n")
        if not content:
            return self._held(match.start())
        self._cut = match.end() + len(content)
        self._inner = match[0]
        return None

    def _bracket(self, match: re.Match[str]) -> int | None:
        begin = match.end() - 1
        note = _NOTE.match(self._text, begin)
        if note and note[0][-1] == "]":
            return note.end()
        if note and note.end() == len(self._text):
            return self._held(match.start())
        if match.end() == len(self._text):
            return self._held(match.start())
        self._open.append(_Opener("[", 1, match.start(), match.end()))
        return match.end()

    def _link(self, match: re.Match[str]) -> int | None:
        places = [at for at, opener in enumerate(self._open) if opener.sign == "["]
        if not places:
            return match.end()
        following = self._text[match.end() : match.end() + 1]
        target = _DESTINATION.match(self._text, match.end())
        undecided = len(self._text) - match.end() <= MAX_LINK
        if (following == "" or (following == "(" and not target)) and undecided:
            self._cut = match.start()
            return None
        del self._open[places[-1] :]
        return target.end() if target else match.end()

    def _angle(self, match: re.Match[str]) -> int | None:
        tag = _TAG.match(self._text, match.start())
        if match.end() == len(self._text) or (tag and tag.end() == len(self._text)):
            return self._held(match.start())
        return match.end()

    def _entity(self, match: re.Match[str]) -> int | None:
        entity = _ENTITY.match(self._text, match.start())
        if entity and entity.end() == len(self._text):
            return self._held(match.start())
        return match.end()

    def _run(self, match: re.Match[str]) -> int | None:
        if match.end() == len(self._text):
            return self._held(match.start())
        opens, closes = self._flanks(match)
        count = len(match[0])
        if match[0][0] == "~" and count > 2:
            return match.end()
        if closes:
            count = self._close(match[0][0], count)
        if opens and count:
            self._open.append(_Opener(match[0][0], count, match.end() - count, match.end()))
        return match.end()

    def _flanks(self, match: re.Match[str]) -> tuple[bool, bool]:
        before = self._text[match.start() - 1] if match.start() else " "
        after = self._text[match.end()]
        left = not after.isspace() and (not _mark(after) or before.isspace() or _mark(before))
        right = not before.isspace() and (not _mark(before) or after.isspace() or _mark(after))
        if match[0][0] != "_":
            return left, right
        return left and (not right or _mark(before)), right and (not left or _mark(after))

    def _close(self, sign: str, count: int) -> int:
        while count:
            places = [at for at, opener in enumerate(self._open) if opener.sign == sign]
            if not places or (sign == "~" and self._open[places[-1]].count != count):
                return count
            del self._open[places[-1] + 1 :]
            opener = self._open[-1]
            used = min(2, count, opener.count)
            opener.count -= used
            count -= used
            if not opener.count:
                self._open.pop()
        return 0

    def _closed(self) -> str:
        cut = len(self._text[: self._cut].rstrip(" \t\n"))
        while self._open and self._open[-1].end >= cut and not self._inner:
            cut = len(self._text[: self._open.pop().begin].rstrip(" \t\n"))
        return self._text[:cut] + self._inner + self._suffix(cut)

    def _suffix(self, cut: int) -> str:
        parts: list[str] = []
        linked = False
        for opener in reversed(self._open):
            if opener.sign != "[":
                parts.append(opener.sign * opener.count)
            elif not linked and cut - opener.end <= MAX_LINK:
                parts.append(_EMPTY_LINK)
                linked = True
        return "".join(parts)


def _mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PS"
