"""The look, as far as it can be counted: contrast, weight, icons."""

import re

import pytest
from django.conf import settings

from accounts.context import APPEARANCES
from core.web.icons import sprite

STATIC = settings.BASE_DIR / "static"
CSS = STATIC / "css"
TOKENS, CLASSIC_TOKENS = (CSS / "tokens.css").read_text().split(':root[data-appearance="classic"]')
LIGHT, DARK = 0, 1

# WCAG 2.2: 4.5 for text (1.4.3), 3 for the edges of controls and the focus ring (1.4.11).
TEXT = [
    ("text", "canvas"), ("text", "surface"), ("text", "surface-2"), ("text", "code-bg"),
    ("text", "shade"), ("text-muted", "shade"), ("link", "shade"), ("danger", "shade"),
    ("text", "answer"), ("text-muted", "answer"), ("link", "answer"),
    ("text-muted", "code-bg"), ("success", "code-bg"), ("link", "code-bg"),
    ("text-muted", "canvas"), ("text-muted", "surface"), ("text-muted", "surface-2"),
    ("link", "canvas"), ("link", "surface"), ("link", "surface-2"),
    ("accent-text", "accent"), ("accent-text", "accent-hover"),
    ("user-bubble-text", "user-bubble"), ("mark-text", "mark"),
    ("danger", "canvas"), ("danger", "surface"), ("danger", "danger-surface"),
    ("text", "danger-surface"), ("text", "warning-surface"), ("warning", "warning-surface"),
    ("success", "canvas"), ("success", "success-surface"), ("text", "success-surface"),
]  # fmt: skip
EDGES = [
    ("border-strong", "canvas"), ("border-strong", "surface"), ("border-strong", "shade"),
    ("focus", "canvas"), ("focus", "surface"), ("accent", "canvas"), ("danger", "surface"),
]  # fmt: skip


def colour(name: str, theme: int, appearance: str = "default") -> str:
    """`#rrggbb` of a token in a theme; Classic has values of its own for some."""
    pattern = rf"--{name}: (?:light-dark\((#\w+), (#\w+)\)|(#\w+));"
    own = re.search(pattern, CLASSIC_TOKENS) if appearance == "classic" else None
    found = own or re.search(pattern, TOKENS)
    assert found, name
    return found[theme + 1] or found[3]


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("appearance", APPEARANCES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("one", "other", "least"),
    [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in EDGES],
)
def test_contrast(one: str, other: str, least: float, theme: int, appearance: str) -> None:
    pair = (colour(name, theme, appearance) for name in (one, other))
    assert contrast(*pair) >= least


def test_contrast_formula() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_reading_area_is_white_and_that_of_the_tutorial_grey() -> None:
    assert colour("canvas", LIGHT) == "#ffffff"
    assert colour("canvas", LIGHT, "classic") == "#f5f5f5"


def test_the_question_is_quiet_and_that_of_the_tutorial_blue() -> None:
    assert [colour("user-bubble", theme) for theme in (LIGHT, DARK)] == ["#e7f0fb", "#1d3a5f"]
    assert colour("user-bubble", LIGHT, "classic") == "#0069d9"


def test_colours_stand_only_in_the_tokens() -> None:
    for name in ("base.css", "auth.css"):
        assert re.findall(r"#[0-9a-f]{3,8}\b", (CSS / name).read_text()) == []


def test_every_variable_is_a_token() -> None:
    known = set(re.findall(r"^\s+(--[\w-]+):", TOKENS, re.M))
    for path in (CSS / "base.css", CSS / "auth.css"):
        assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= known


def test_the_css_of_an_account_page_is_light() -> None:
    names = ("tokens.css", "base.css", "auth.css")
    assert sum((CSS / name).stat().st_size for name in names) < 12_000


def test_every_icon_in_a_template_is_in_the_sprite() -> None:
    have = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for name in re.findall(r'{% icon "([\w-]+)"', path.read_text()):
            assert name in have, f"{path.name}: {name}"
            assert f'<symbol id="i-{name}"' in sprite()
