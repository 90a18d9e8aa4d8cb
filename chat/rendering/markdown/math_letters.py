"""Letters of the mathematical alphabets, such as bold or double-struck ones.

Browsers draw the attribute `mathvariant` only for "normal", and Unicode has these letters as
characters of their own: https://www.w3.org/TR/mathml-core/#mathematical-alphanumeric-symbols
"""

# First code points of A-Z, a-z, 0-9, and of the Greek capital and small letters; 0 for none.
_ALPHABETS: dict[str, tuple[int, int, int, int, int]] = {
    "bold": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    "italic": (0x1D434, 0x1D44E, 0, 0x1D6E2, 0x1D6FC),
    "bold-italic": (0x1D468, 0x1D482, 0x1D7CE, 0x1D71C, 0x1D736),
    "script": (0x1D49C, 0x1D4B6, 0, 0, 0),
    "fraktur": (0x1D504, 0x1D51E, 0, 0, 0),
    "double-struck": (0x1D538, 0x1D552, 0x1D7D8, 0, 0),
    "sans-serif": (0x1D5A0, 0x1D5BA, 0x1D7E2, 0, 0),
    "sans-serif-italic": (0x1D608, 0x1D622, 0x1D7E2, 0, 0),
    "monospace": (0x1D670, 0x1D68A, 0x1D7F6, 0, 0),
}
# Letters that Unicode had before: their places in the alphabets are empty.
_EARLIER = {
    "italic": {"h": "ℎ"},
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
}
_STARTS = ("A", "a", "0", "\u0391", "\u03b1")
_LENGTHS = (26, 26, 10, 25, 25)
# Greek letters behind omega in each alphabet.
_GREEK_SYMBOLS = "∂ϵϑϰϕϱϖ"


def _characters(variant: str) -> dict[int, str]:
    table: dict[int, str] = {}
    alphabet = _ALPHABETS[variant]
    for start, first, length in zip(_STARTS, alphabet, _LENGTHS, strict=True):
        if first:
            table |= {ord(start) + index: chr(first + index) for index in range(length)}
    if alphabet[4]:
        table |= {ord(sign): chr(alphabet[4] + 25 + at) for at, sign in enumerate(_GREEK_SYMBOLS)}
        table[ord("∇")] = chr(alphabet[3] + 25)
    return table | {ord(letter): sign for letter, sign in _EARLIER.get(variant, {}).items()}


_TABLES = {variant: _characters(variant) for variant in _ALPHABETS}


def to_variant(text: str, variant: str) -> str | None:
    """Return the text in a mathematical alphabet, by the name of its `mathvariant`.

    Characters that the alphabet does not have stay. None if there is no such alphabet.
    """
    table = _TABLES.get(variant)
    return text.translate(table) if table is not None else None
