"""Noncharacters that stand for a sign, or next to it, while the parser works.

Like `source.SENTINEL`, they cannot occur in text, and `convert.to_html` removes them again.
"""

TILDE = "\ufde1"
UNDERSCORE = "\ufde2"
TAG = "\ufde3"
BACKSLASH = "\ufde4"
ASTERISK = "\ufde5"
BACKTICK = "\ufde7"
BRACKET = "\ufde8"
PERCENT = "\ufde9"
"""Follows the percent sign of what is encoded already, so that it is no encoded mark."""
ESCAPED = "\ufde6"
"""Follows an underscore of an address that the model escaped."""
ADDRESS_END = "<\ufde0"
"""Two characters, because the parser ends an address only at a blank or "<"."""
