"""Tell prose from LaTeX in the text between two dollar signs."""

import re
from functools import lru_cache

# The argument of these is prose inside of a formula.
_TEXT = re.compile(
    r"\\(?:text[a-z]*|math[a-z]+|operatorname\*?|mbox|hbox|fbox|begin|end|label|tag\*?|ce|pu|qty|unit"
    r"|si|SI|color)[ ]?(?:\{(?:[^{}]|\{[^{}]*\})*\}){1,2}"
)
_OPEN_TEXT = re.compile(r"\\(?:text[a-z]*|math[a-z]+|mbox|operatorname\*?)\{[^{}]*\Z")
_SCRIPT = re.compile(r"[_^][ ]?(?:\{[^{}]*\}|(?<![A-Za-z0-9_][A-Za-z]_)[A-Za-z]+)")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_CONTINUED = re.compile(r"\n[ \t>]*")
_LETTERS = re.compile(r"[^\W\d_]+")
# Letters of alphabets that formulas use; accented ones, Cyrillic or CJK belong to sentences.
_MATH_LETTER = re.compile(r"[A-Za-z\u0370-\u03ff\u210a-\u2138\u2202\u2207\U0001d400-\U0001d7ff]+")
# Signs that LaTeX does not have, and the end of a sentence.
_FOREIGN = re.compile(
    r"[@#\"`$€£¥₹₽¢，。；：！？、“”„«»—–]|://|</[a-z]+>|<(?:br|su[bp]|kbd)>"
    r"|[.!?;:][ ]+[A-Z][a-z]|[.!?;][ ]+[a-z]{3,}"
)
_RELATION = re.compile(r"[=<>≤≥≠≈≡∈→⇒∝~]|\\[A-Za-z]")
_STRONG = re.compile(
    r"\\[A-Za-z{|,;:!]|\^[^\s$]|_[{\\]|(?<![A-Za-z0-9_])[A-Za-z]_[A-Za-z0-9]|[)\]}|]_\w"
)
# `1,000.50, 5` between the dollar signs of two prices.
_AMOUNTS = re.compile(r"[ ]*\d[\d.,]*(?:[ ]+\d[\d.,]*)+[ ]*")
_MONEY = re.compile(r"\d,\d{3}(?!\d)|\.\d\d(?!\d)")
_AMOUNT = re.compile(r"[ ]*\d[\d.,]*(?![\d.,]*[ ]*[=<>^_*+\\])")

_FUNCTION_NAMES = """
arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lcm lg lim ln log max
min mod sec sgn sin sinh sup tan tanh tr
"""
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
# Short words that join the parts of a sentence: English, German, French, Spanish and Portuguese.
_JOINING_WORDS = """
about after all also an and any are as at be been before but by can could do does each for from get
gets had has have he her his if in into is it its just less like more most my no not now of off on
one only or other our out over paid pay per plus she so some spend spent than that the their them
then there these they this those to too under until up use used was we were what when where which
while who will with would you your
aber als am auf aus bei bis das dem den der die du ein eine einen einer er es für hat ich im in ist
kann mit nach nicht nur oder pro sein sie sind so und von war was wenn wie wir zu zum zur
au aux avec car ce ces cette dans de des donc du elle en est et il ils je la le les mais ne nous
ont ou par pas plus pour que qui sa sans ses si son sont sur un une vous
al como con cuesta del el ella era esta este hay las los más muy nos o para pero por porque se
según ser sin sobre son su sus también una unos y
ao aos com da das do dos ela ele em foi isso mas na nas no nos os ou pelo pela que seu sua são uma
"""
_JOINING = frozenset(_JOINING_WORDS.split())


def has_latex(content: str) -> bool:
    """Return whether the text has signs of LaTeX that prose and shell commands do not have."""
    return _STRONG.search(content) is not None


def has_relation(content: str) -> bool:
    """Return whether the text has a sign such as "=", or a command."""
    return _RELATION.search(content) is not None


@lru_cache(maxsize=512)  # the open block is read again with each frame
def is_prose(content: str, *, is_complete: bool = True) -> bool:
    """Return whether the text between two dollar signs is part of a sentence, not a formula.

    If the text is not complete, because it is still being written, its last word counts as part
    of a formula, and so do two words without a relation.
    """
    rest = _CONTINUED.sub(" ", content).replace("\t", " ")
    rest = _TEXT.sub("\\\\", rest if is_complete else _OPEN_TEXT.sub("", rest))
    is_amount = _AMOUNT.match(rest) is not None
    rest = _COMMAND.sub("\\\\", _SCRIPT.sub("\\\\", rest))
    if _FOREIGN.search(rest) or _is_joining(content) or _has_amounts(content):
        return True
    if not is_complete and not is_amount:
        rest = rest[: len(rest) - len(_last_word(rest))]
    words, has_joining, is_foreign = _find_words(rest)
    if "\\" in rest:
        return words > 2
    if has_joining or (words and is_amount):
        return True
    if has_relation(content):
        return False
    return (words > 0 if is_complete else words > 2) or (is_complete and is_foreign)


def _has_amounts(content: str) -> bool:
    """Return whether there are only numbers, some with thousands or cents."""
    return _AMOUNTS.fullmatch(content) is not None and _MONEY.search(content) is not None


def is_word(content: str) -> bool:
    """Return whether the text is one word or name, rather than a product of a few variables."""
    if not _LETTERS.fullmatch(content):
        return False
    return len(content) > (6 if content.isupper() else 3)


def _is_joining(content: str) -> bool:
    """Return whether there is nothing but a joining word with blanks around it."""
    word = content.strip()
    return 1 < len(word) < len(content) and word.lower() in _JOINING


def _last_word(text: str) -> str:
    end = len(text)
    start = end
    while start and text[start - 1].isalpha():
        start -= 1
    return text[start:end]


def _find_words(text: str) -> tuple[int, bool, bool]:
    """Return the number of words next to others without an operator between them.

    Also whether one of them joins a sentence, and whether there are letters that formulas do not
    use.
    """
    words = 0
    has_joining = is_foreign = False
    for match in _LETTERS.finditer(text):
        word = match[0]
        if not _MATH_LETTER.fullmatch(word):
            is_foreign = True
        elif len(word) < 2 or word in _FUNCTIONS or (word[0] == "d" and len(word) == 2):
            continue
        if _is_beside_word(text, match.start(), match.end()):
            if word.isupper() and len(word) < 4:
                continue
            words += 1
            has_joining = has_joining or word.lower() in _JOINING
    return words, has_joining, is_foreign


def _is_beside_word(text: str, start: int, end: int) -> bool:
    """Return whether only blanks (and a comma) are between this word and another operand."""
    before = text[max(0, start - 3) : start]
    after = text[end : end + 3]
    follows = before.endswith(" ") and before.strip(" ,")[-1:].isalnum()
    leads = after.startswith((" ", ", ")) and after.strip(" ,")[:1].isalnum()
    return follows or leads
