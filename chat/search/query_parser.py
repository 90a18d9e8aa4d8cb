"""Parse the text of the search box into terms."""

import re
import unicodedata
from dataclasses import dataclass

# Longer queries would make a search slower, not better.
MAX_CHARACTERS, MAX_TERMS = 200, 12
_QUOTES = str.maketrans("“”„«»", '"' * 5)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# The characters that the database indexes (migration 0004): letters, and digits of these scripts.
_USABLE = re.compile("[^\\W\\d_]|[0-9\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]")
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<exact>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase to search for.

    It also matches longer words that begin with it, unless it is `exact`. Conversations that
    contain an `excluded` term are left out.
    """

    text: str
    exact: bool = False
    excluded: bool = False


def clean_query(typed: str) -> str:
    """Return the query on one line, without control characters."""
    return _CONTROL.sub(" ", typed).strip()


def parse_terms(typed: str) -> tuple[Term, ...]:
    """Parse a query of words, "quoted phrases" and -excluded terms.

    Returns at most `MAX_TERMS`, and none if all are excluded or the query has more than
    `MAX_CHARACTERS`.
    """
    if len(typed) > MAX_CHARACTERS:
        return ()
    terms = [to_term(match) for match in _TERM.finditer(typed.translate(_QUOTES))]
    usable = [term for term in terms if _USABLE.search(term.text)][:MAX_TERMS]
    return tuple(usable) if any(not term.excluded for term in usable) else ()


def to_term(match: re.Match[str]) -> Term:
    """Convert a match of `_TERM`."""
    quoted = match["exact"]
    text = unicodedata.normalize("NFKC", quoted if quoted is not None else match["word"])
    # As a prefix, a single letter would match too many words.
    is_letter = sum(map(str.isalnum, text)) == 1 and text.isascii()
    return Term(text, exact=quoted is not None or is_letter, excluded=bool(match["minus"]))
