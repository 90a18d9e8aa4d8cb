"""The part of a text in which a term was found, with the words that were searched for.

Texts are anybody's: every step takes time in proportion to the text, whatever stands in it.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from chat.search.query_parser import Term

# Characters of an excerpt, and how many of them stand before what was found.
WIDTH, LEAD = 140, 36
# Characters of Markdown around the place of which an excerpt is made.
BEFORE, AFTER = 400, 1_000
# Scripts without spaces between words, as in the database (migration 0004).
_SOLID = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff"
_WORD = re.compile(rf"[{_SOLID}]|[^\W_{_SOLID}]+")
_NOTHING = re.compile(r"(?!)")
_SHARP = re.compile("s{2,}")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)")
# What Markdown puts around words and before lines; a token of nothing else is left out.
_SIGNS = "*_`~|#>-=:+"
_AROUND = "*_`~|"


class Part(NamedTuple):
    """A piece of a text; `marked` if it was searched for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Highlighter:
    """Finds terms as the database does: words by their beginning, without accents and case.

    `pattern` is looked for in folded text. A word that only the database recognises, such as one
    with a ligature, is found without being marked.
    """

    pattern: re.Pattern[str]

    def parts(self, text: str) -> list[Part]:
        """The whole text."""
        found, end = [], 0
        for match in self.pattern.finditer(folded(text)):
            found.append(Part(text[end : match.start()], False))
            found.append(Part(text[match.start() : match.end()], True))
            end = match.end()
        found.append(Part(text[end:], False))
        return [part for part in found if part.text]

    def excerpt(self, source: str) -> list[Part]:
        """A line of a message's Markdown around the first place; its beginning if there is none."""
        source = unicodedata.normalize("NFC", source)
        place = self.pattern.search(folded(source))
        first = max(place.start() - BEFORE, 0) if place else 0
        text = plain(source[first : first + BEFORE + AFTER])
        match = self.pattern.search(folded(text))
        start = beginning(text, match.start() - LEAD) if match else 0
        end = ending(text, start + WIDTH)
        before = "… " if start or first else ""
        after = " …" if end < len(text) or first + BEFORE + AFTER < len(source) else ""
        return self.parts(before + text[start:end] + after)


def make_highlighter(terms: Iterable[Term]) -> Highlighter:
    """What marks the terms that are wanted."""
    wanted = [term for term in terms if not term.excluded and _WORD.search(term.text)]
    return Highlighter(re.compile("|".join(map(pattern_of, wanted))) if wanted else _NOTHING)


def pattern_of(term: Term) -> str:
    words = _WORD.findall(term.text)
    together = r"[\W_]{0,40}".join(map(word_pattern, words))
    start = "" if is_solid(words[0]) else rf"(?<![^\W_{_SOLID}])"
    end = r"(?![^\W_])" if term.exact else r"[^\W_]*"
    return start + together + ("" if is_solid(words[-1]) else end)


def is_solid(word: str) -> bool:
    return bool(re.match(f"[{_SOLID}]", word))


def word_pattern(word: str) -> str:
    """A folded ß is one s, and stands for two."""
    text = re.escape(folded(word.replace("ß", "ss")))
    return _SHARP.sub(lambda run: f"s{{{(len(run[0]) + 1) // 2},{len(run[0])}}}", text)


class _Folds(dict[int, str]):
    """Each character's folded one, always a single one: places stay where they are."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code))
        letter = parts[0] if all(map(unicodedata.combining, parts[1:])) else chr(code)
        return self.setdefault(code, letter.casefold()[:1])


_FOLDS = _Folds()


def folded(text: str) -> str:
    """The text without case and accents, as long as it was."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def plain(source: str) -> str:
    """Markdown in one line, without its signs."""
    lines = (line for line in _LINK.sub(r"\1", source).splitlines() if not is_fence(line))
    tokens = " ".join(lines).replace("**", "").replace("`", "").split()
    return " ".join(token.strip(_AROUND) for token in tokens if token.strip(_SIGNS))


def is_fence(line: str) -> bool:
    return line.lstrip().startswith(("```", "~~~"))


def beginning(text: str, at: int) -> int:
    """The start of the next word from `at` on; 0 near the start of the text."""
    if at <= 0:
        return 0
    space = text.find(" ", at, at + LEAD)
    return space + 1 if space >= 0 else at


def ending(text: str, at: int) -> int:
    """The end of the last word before `at`."""
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", at - LEAD, at)
    return space if space >= 0 else at
