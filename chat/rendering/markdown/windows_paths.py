"""Keep the backslashes in Windows paths: to people they escape nothing, and end no line."""

import re

from chat.rendering.markdown.marks import ASTERISK, BACKSLASH

# A character of a path, or a part that the reader is to replace, as in `C:\Users\<your name>`. A
# backslash before a bar keeps the bar in its cell.
_PLACE = r"<(?!/?(?:br|su[bp]|kbd)[ \t]*/?>)[\w .-]{1,40}>"
_IN_PATH = rf"(?:[^\s\"`|<>\\]|\\(?!\|)|{_PLACE})*+"
_PART = rf"(?=[\w.~%@#!+{{*-]|{_PLACE}|\[[\w .-]{{1,40}}\])"
_NAME = rf"(?=[\w.%@]|{_PLACE})"
# Up to two words that follow a blank belong to the path if a backslash follows them. `\u20a0` is
# `dollars.DOLLAR`.
_PATH = re.compile(
    rf"(?P<formula>\\[(\[](?:[^\\]|\\[^()\[\]])*+\\[)\]])"
    rf"|(?:(?<![\w$])[A-Za-z]:\\(?:{_PART}|(?=[\"')]|$))"
    rf"|(?<![\w\\/:])\\\\(?:[A-Za-z0-9][\w.$\u20a0-]*|[.?])\\{_PART}"
    rf"|(?<![\w\\/.~$)\]])(?:\.\.?|~|%\w{{1,40}}%|[$\u20a0](?:env:\w{{1,40}}|\{{env:\w{{1,40}}\}})"
    rf"|HK(?:LM|CU|CR|CC|U|EY_[A-Z_]{{1,30}}):?)\\{_NAME})"
    rf"{_IN_PATH}(?:(?: [^\s\\\"`|<>]++){{1,2}}\\{_IN_PATH})*",
    re.ASCII | re.M,
)
_SEPARATOR = re.compile(r"\\(?:(\*)(?!\*))?")


def hide(source: str) -> str:
    """Return Markdown of the same length with substitutes for the backslashes in paths."""
    return _PATH.sub(_hide_in_path, source) if "\\" in source else source


def _hide_in_path(path: re.Match[str]) -> str:
    if path["formula"]:
        return path[0]
    return _SEPARATOR.sub(lambda match: BACKSLASH + (ASTERISK if match[1] else ""), path[0])
