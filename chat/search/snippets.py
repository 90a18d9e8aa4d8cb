"""Cut snippets out of texts, and mark the searched words in them.

The texts are untrusted: every step takes time proportional to the text's length, whatever it
contains.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from chat.search.query_parser import Term

# Characters of a snippet, and how many of them precede the first match.
WIDTH, LEAD = 140, 36
# Characters of Markdown before and after the first match from which the snippet is cut.
BEFORE, AFTER = 400, 1_000
# Scripts without spaces between words; the same ranges as in the database (migration 0004).
_SOLID = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff"
_WORD = re.compile(rf"[{_SOLID}]|[^\W_{_SOLID}]+")
_NOTHING = re.compile(r"(?!)")
_SHARP = re.compile("s{2,}")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)")
# Markdown's signs: `_AROUND` is stripped from each token, and tokens of `_SIGNS` only are dropped.
_SIGNS = "*_`~|#>-=:+"
_AROUND = "*_`~|"


class Part(NamedTuple):
    """A part of a text; `marked` if it matches a term."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Highlighter:
    """Finds terms in a text as the database does: by prefix, ignoring accents and case.

    `pattern` is applied to folded text. Words that only the database recognises, such as those with
    a ligature, are not marked.
    """

    pattern: re.Pattern[str]

    def parts(self, text: str) -> list[Part]:
        """Split the whole text into marked and unmarked parts."""
        parts, end = [], 0
        for match in self.pattern.finditer(fold(text)):
            parts.append(Part(text[end : match.start()], False))
            parts.append(Part(text[match.start() : match.end()], True))
            end = match.end()
        parts.append(Part(text[end:], False))
        return [part for part in parts if part.text]

    def excerpt(self, source: str) -> list[Part]:
        """Return one line of a message's Markdown around the first match.

        Without a match, the line is cut from the beginning of the message.
        """
        source = unicodedata.normalize("NFC", source)
        source_match = self.pattern.search(fold(source))
        source_start = max(source_match.start() - BEFORE, 0) if source_match else 0
        source_end = source_start + BEFORE + AFTER
        text = plain(source[source_start:source_end])
        match = self.pattern.search(fold(text))
        start = word_start(text, match.start() - LEAD) if match else 0
        end = word_end(text, start + WIDTH)
        prefix = "… " if start or source_start else ""
        suffix = " …" if end < len(text) or source_end < len(source) else ""
        return self.parts(prefix + text[start:end] + suffix)


def make_highlighter(terms: Iterable[Term]) -> Highlighter:
    """Return a highlighter for the terms that are not excluded."""
    wanted = [term for term in terms if not term.excluded and _WORD.search(term.text)]
    return Highlighter(re.compile("|".join(map(term_pattern, wanted))) if wanted else _NOTHING)


def term_pattern(term: Term) -> str:
    """Return the regular expression that finds a term in folded text."""
    words = _WORD.findall(term.text)
    phrase = r"[\W_]{0,40}".join(map(word_pattern, words))
    start = "" if is_solid(words[0]) else rf"(?<![^\W_{_SOLID}])"
    end = r"(?![^\W_])" if term.exact else r"[^\W_]*"
    return start + phrase + ("" if is_solid(words[-1]) else end)


def is_solid(word: str) -> bool:
    """Tell whether a word begins with a script that has no spaces between words."""
    return bool(re.match(f"[{_SOLID}]", word))


def word_pattern(word: str) -> str:
    """Return the regular expression that finds a word in folded text.

    Folding keeps the length, so ß becomes a single s although it stands for two: where the word has
    "ss", the pattern also accepts "s".
    """
    text = re.escape(fold(word.replace("ß", "ss")))
    return _SHARP.sub(lambda match: f"s{{{(len(match[0]) + 1) // 2},{len(match[0])}}}", text)


class _FoldTable(dict[int, str]):
    """A translation table that drops case and accents, filled as characters occur.

    Every character maps to a single one, so that offsets in folded text are valid in the original.
    """

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code))
        letter = parts[0] if all(map(unicodedata.combining, parts[1:])) else chr(code)
        return self.setdefault(code, letter.casefold()[:1])


_FOLD_TABLE = _FoldTable()


def fold(text: str) -> str:
    """Remove case and accents without changing the length of the text."""
    return text.lower() if text.isascii() else text.translate(_FOLD_TABLE)


def plain(source: str) -> str:
    """Convert Markdown to one line of plain text."""
    lines = (line for line in _LINK.sub(r"\1", source).splitlines() if not is_fence(line))
    tokens = " ".join(lines).replace("**", "").replace("`", "").split()
    return " ".join(token.strip(_AROUND) for token in tokens if token.strip(_SIGNS))


def is_fence(line: str) -> bool:
    """Tell whether the line opens or closes a fenced code block."""
    return line.lstrip().startswith(("```", "~~~"))


def word_start(text: str, position: int) -> int:
    """Return the start of the next word after a position.

    Returns 0 for a position before the text, and the position itself if no space is near.
    """
    if position <= 0:
        return 0
    space = text.find(" ", position, position + LEAD)
    return space + 1 if space >= 0 else position


def word_end(text: str, position: int) -> int:
    """Return the end of the last whole word before a position.

    Returns the position itself if no space is near.
    """
    if position >= len(text):
        return len(text)
    space = text.rfind(" ", position - LEAD, position)
    return space if space >= 0 else position
