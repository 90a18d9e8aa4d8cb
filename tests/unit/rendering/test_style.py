import re
from itertools import product
from pathlib import Path

import pytest

from chat.rendering.markdown.code import CLASSES
from chat.rendering.markdown.sanitize import ALERTS

CSS = (Path(__file__).resolve().parents[3] / "static" / "css" / "markdown.css").read_text()
# The darkest light and the lightest dark background that text of these colours may stand on.
WORST = {"light": "#ececf0", "dark": "#2a2c31"}


COLOUR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")


def colours(theme: str) -> dict[str, str]:
    return {
        name: {"light": light, "dark": dark}[theme] for name, light, dark in COLOUR.findall(CSS)
    }


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_code_and_alerts_can_be_read(theme: str) -> None:
    assert len(colours(theme)) > 10
    for name, colour in colours(theme).items():
        low, high = sorted([luminance(colour), luminance(WORST[theme])])
        assert (high + 0.05) / (low + 0.05) >= 4.5, name


def test_every_class_that_is_made_has_a_style() -> None:
    names = set(re.findall(r"\.([a-z][a-z-]*)", CSS))
    made = {f"markdown-alert-{kind}" for kind in ALERTS if kind != "note"} | CLASSES
    assert made <= names


def test_the_style_is_light_and_fetches_nothing() -> None:
    assert len(CSS.encode()) < 9_000
    for word, text in product(("url(", "@import", "expression"), (CSS,)):
        assert word not in text
