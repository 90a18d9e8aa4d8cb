"""What a person typed into the search box, as terms."""

import re
import unicodedata
from dataclasses import dataclass

# More of either makes a search slower, not better.
MAX_CHARACTERS, MAX_TERMS = 200, 12
_QUOTES = str.maketrans("“”„«»", '"' * 5)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# What the database has words of (migration 0004): letters, and digits of these scripts.
_USABLE = re.compile("[^\\W\\d_]|[0-9\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]")
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<exact>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """A word, which also finds longer ones that begin with it, or words that stand together.

    `exact` finds nothing longer; what holds an `excluded` term is not found.
    """

    text: str
    exact: bool = False
    excluded: bool = False


def clean_query(typed: str) -> str:
    """What was typed, on one line."""
    return _CONTROL.sub(" ", typed).strip()


def parse_terms(typed: str) -> tuple[Term, ...]:
    """The terms of `words "words that stand together" -without`; none if there is nothing to find,
    or if more than 200 characters were typed.

    At most twelve terms.
    """
    if len(typed) > MAX_CHARACTERS:
        return ()
    found = [term_of(match) for match in _TERM.finditer(typed.translate(_QUOTES))]
    usable = [term for term in found if _USABLE.search(term.text)][:MAX_TERMS]
    return tuple(usable) if any(not term.excluded for term in usable) else ()


def term_of(match: re.Match[str]) -> Term:
    quoted = match["exact"]
    text = unicodedata.normalize("NFKC", quoted if quoted is not None else match["word"])
    # A single letter would find every word that begins with it.
    is_letter = sum(map(str.isalnum, text)) == 1 and text.isascii()
    return Term(text, exact=quoted is not None or is_letter, excluded=bool(match["minus"]))
