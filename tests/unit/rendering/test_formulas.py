"""Formulas: right or whole as source, never in part (F-06, F-14, F-15)."""

import re
from pathlib import Path
from time import process_time

import pytest
from latex2mathml.symbols_parser import SYMBOLS

from chat.rendering.markdown import render
from chat.rendering.markdown.math_tree import ATTRIBUTES, CLASSES, ELEMENTS
from chat.rendering.markdown.mathml import render_formula
from chat.rendering.markdown.sanitize import MAX_MATH
from tests.support.dom import Element, parse
from tests.unit.rendering import math_lines, safety

STYLE = Path(__file__).resolve().parents[3] / "static" / "css" / "math.css"


def formula(latex: str) -> Element:
    """Render a formula; fail unless it became MathML."""
    tree = safety.assert_safe(render(f"\\({latex}\\)", "ab12"))
    assert not tree.find("code"), latex
    return tree.find("math")[0]


def shown(latex: str) -> str:
    return formula(latex).text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        # F-15
        (r"\widehat{ABC}", "ABC^"),
        (r"\overparen{AB}", "AB⏜"),
        (r"\dfrac12", "12"),
        (r"\operatorname{argmax}_x f", "argmaxxf"),
        (r"\mathbb{1}", "𝟙"),
        (r"\xrightarrow{f}", "→f"),
        (r"\underbrace{a+b}_{n}", "a+b⏟n"),
        (r"\text{for all } x \in \R", "for all\u00a0x∈ℝ"),
        (r"\color{red}{x}", "x"),
        (r"\bm{v}", "𝒗"),
        (r"\lVert v \rVert", "‖v‖"),
        (r"x\coloneqq 1", "x≔1"),
        # More names
        (r"\N \Z \Q \C", "ℕℤℚℂ"),
        (r"\arg z", "argz"),
        (r"\operatorname{arg\,max}_x", "argmaxx"),
        (r"\mathbbm{1}_A", "𝟙A"),
        (r"a = b \nonumber", "a=b"),
        (r"a = b \label{eq:one}", "a=b"),
        (r"\big\{ x \big\}", "{x}"),
        (r"\Bigl\langle x \Bigr\rangle", "⟨x⟩"),
        (r"x \not= y", "x=\u0338y"),
        (r"90\textdegree", "90°"),
        # Alphabets
        (r"\mathbb R^n", "ℝn"),
        (r"\mathbf{AB1}", "𝐀𝐁𝟏"),
        (r"\boldsymbol{\sigma}", "𝝈"),
        (r"\boldsymbol{\nabla}", "𝛁"),
        (r"\mathcal{AB}", "𝒜ℬ"),
        (r"\mathfrak{gC}", "𝔤ℭ"),
        (r"\mathit{ah}", "𝑎ℎ"),
        # Text
        (r"\text{50\% of a\_b}", "50% of a_b"),
        (r"\text{a {b} c}", "a b c"),
        (r"\text{if $x_{1}>0$ holds}", "if\u00a0x1>0\u00a0holds"),
        (r"\text{costs \$5}", "costs $5"),
        (r"\text{a~b}", "a\u00a0b"),
        # Amounts
        (r"\$5 + x", "$5+x"),
        (r"50\%", "50%"),
        ("50%", "50%"),
        ("x % y", "x%y"),
        # Rows
        (r"a \\ b", "ab"),
        (r"\begin{aligned} a &= b \\[4pt] c &= d \end{aligned}", "a=bc=d"),
        (r"\begin{align} a &= b \\ c &= d \end{align}", "a=bc=d"),
        (r"\begin{alignat}{2} a &= b \end{alignat}", "a=b"),
        (r"\begin{gathered} a \\ b \end{gathered}", "ab"),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}^T", "[12]T"),
        (r"\binom{n}{k}^2_i", "(nk)i2"),
        (r"\begin{multline} a \\ b \end{multline}", "ab"),
        (r"\require{cancel} \cancel{x}", "x"),
        (r"a \& b \lbrace c \rbrace", "a&b{c}"),
        (r"\begin{rcases} a \\ b \end{rcases}", "ab}"),
    ],
)
def test_what_is_understood_is_right(latex: str, text: str) -> None:
    assert shown(latex) == text


@pytest.mark.parametrize("latex", math_lines.LATEX)
@pytest.mark.parametrize("display", [True, False])
def test_usual_formulas_are_shown_as_formulas(latex: str, display: bool) -> None:
    tree = safety.assert_safe(render_formula(latex, display=display))
    assert not tree.find("code")


@pytest.mark.parametrize(
    "latex",
    [
        # F-14
        r"\ce{2H2 + O2 -> 2H2O}",
        r"\pu{5 m/s}",
        # F-15
        r"\qty{3}{m}",
        r"\SI{3}{m}",
        r"\unknown{x} + \frac{1}{2}",
        r"\cancelto{0}{x}",
        r"\dv{f}{x}",
        r"\eqref{a}",
        r"\hspace*{1em}x",
        # Numbers, definitions, links and attributes
        r"x = 1 \tag{1}",
        r"x = 1 \tag*{a}",
        r"\begin{align} a &= b \tag{2} \end{align}",
        r"\def\a{x}\a",
        r"\newcommand{\a}{x} \a",
        r"\DeclareMathOperator{\a}{x} \a",
        r"\href{https://x.y}{x}",
        r"\class{x}{y}",
        r"\style{color: red}{y}",
        r"\unicode{x41}",
        r"\colorbox{yellow}{x}",
        r"\color{#ff0000}{x}",
        r"\textcolor{chartreuse}{x}",
        r"\raise{1em}{x}",
        # Incomplete
        r"\frac{1}",
        r"\frac",
        r"\sqrt",
        r"x^1^2",
        r"\left( x",
        r"x^{",
        r"\begin{cases} a",
        r"\end{cases}\alpha",
        r"\begin{foo} a \end{foo}",
        r"\begin{tikzpicture} \draw (0,0); \end{tikzpicture}",
        r"\begin{array}{X} a \end{array}",
        r"{a \\ b}^2",
        r"\text{caf\'e}",
        r"\text{a {\bf b}}",
    ],
)
def test_what_is_not_understood_is_whole_source(latex: str) -> None:
    for text in (f"\\({latex}\\)", f"```math\n{latex}\n```"):
        tree = safety.assert_safe(render(text, "ab12"))
        assert not tree.find("math"), latex
        assert [code.text for code in tree.find("code")] == [latex]


@pytest.mark.parametrize("name", [name for name in SYMBOLS if name.startswith("\\")])
def test_no_name_of_a_command_is_shown(name: str) -> None:
    tree = parse(render_formula(f"{name} x", display=False))
    assert tree.find("code") or "\\" not in tree.text


@pytest.mark.parametrize(
    ("latex", "name"),
    [
        (r"\boxed{42}", "math-box"),
        (r"\fbox{42}", "math-box"),
        (r"\cancel{x}", "math-cancel"),
        (r"\bcancel{x}", "math-bcancel"),
        (r"\xcancel{x}", "math-xcancel"),
        (r"\sout{x}", "math-sout"),
        (r"\color{red} x", "math-red"),
        (r"\textcolor{grey}{x}", "math-gray"),
        (r"\textbf{x y}", "math-bold"),
        (r"\begin{aligned} a &= b \end{aligned}", "math-rows"),
        (r"\begin{cases} a & b \end{cases}", "math-left"),
        (r"\begin{array}{c|c} a & b \end{array}", "math-line"),
        (r"\begin{array}{|c|} \hline a \\ \hline \end{array}", "math-above"),
        (r"\begin{array}{|c|} \hline a \\ \hline \end{array}", "math-below"),
        (r"\begin{array}{|c|} \hline a \\ \hline \end{array}", "math-before"),
        (r"\begin{array}{|c|} \hline a \\ \hline \end{array}", "math-after"),
    ],
)
def test_what_browsers_do_not_draw_has_a_class(latex: str, name: str) -> None:
    classes = {
        word
        for element in formula(latex).elements()
        for word in (element.attributes.get("class") or "").split()
    }
    assert name in classes


def test_columns_of_equations() -> None:
    table = formula(r"\begin{aligned} a &= b \\ c &= d \end{aligned}").find("mtable")[0]
    cells = [cell.attributes["class"] for cell in table.find("mtd")]
    assert cells == ["math-right", "math-left"] * 2
    table = formula(r"\begin{array}{l|cr} a & b & c \end{array}").find("mtable")[0]
    cells = [cell.attributes.get("class") for cell in table.find("mtd")]
    assert cells == ["math-left", "math-line", "math-right"]


def test_a_row_that_only_draws_a_line_is_none() -> None:
    table = formula(r"\begin{array}{c} \hline a \\ \hline b \\ \hline \end{array}")
    rows = [row.attributes.get("class") for row in table.find("mtr")]
    assert rows == ["math-above", "math-below math-above"]


def test_limits_stand_below_in_a_display_formula() -> None:
    tree = parse(render_formula(r"\lim_{x \to 0} \bigcup_i \max_x", display=True))
    assert len(tree.find("munder")) == 3


def test_the_source_is_the_alternative_text_once() -> None:
    math = formula('\\frac{a}{b} < "c"')
    assert math.attributes["alttext"] == '\\frac{a}{b} < "c"'
    assert math.text == 'ab<"c"'
    tree = parse(render("$$\na % a comment\n+ b\n$$", "ab12"))
    assert tree.find("math")[0].attributes["alttext"] == "a + b"
    assert tree.text == "a+b"


def test_the_allow_list_is_the_one_that_is_written_down() -> None:
    assert safety.MATH == ELEMENTS
    assert safety.MATH_ATTRIBUTES == ATTRIBUTES
    assert safety.MATH_CLASSES == CLASSES


def test_every_class_of_a_formula_has_a_style() -> None:
    style = STYLE.read_text()
    assert set(re.findall(r"\.(math-[a-z]+)", style)) == CLASSES
    assert len(style.encode()) < 4_000
    assert "url(" not in style


def test_many_escaped_characters_count_once() -> None:
    """A fence of "<" is a quarter as long as its escaped form."""
    latex = "a<" * (MAX_MATH // 25)
    text = f"```math\n{latex[:1_900]}\n```\n\n" * (MAX_MATH // 2_000)
    assert render(text, "ab12").count("<math") == MAX_MATH // 2_000


@pytest.mark.parametrize(
    "latex",
    [
        r"\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}"
        r"\def\d{\c\c\c\c\c\c\c\c\c\c}\def\e{\d\d\d\d\d\d\d\d\d\d}\e\e\e\e\e\e\e\e\e\e",
        r"\sqrt{" * 280 + "x" + "}" * 280,
        r"\left(" * 250,
        r"\begin{matrix}" * 120,
        r"\text{" * 300,
        r"\text{a$" * 240,
        "%" * 1_999,
        "a%\n" * 660,
        "\\\\" * 999,
        "{" * 999 + "}" * 999,
        "_" * 1_999,
        "'" * 1_999,
        r"\operatorname{" + " " * 1_900,
        r"\begin{array}{" + "c|" * 900 + "}",
        r"\\[" + " " * 1_900,
        r"\label{" + "a" * 1_900,
        r"\not" * 490,
    ],
)
def test_a_hostile_formula_ends_soon(latex: str) -> None:
    began = process_time()
    safety.assert_safe(render(f"```math\n{latex}\n```", "ab12"))
    assert process_time() - began < 2
