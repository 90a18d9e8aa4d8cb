"""Dollar signs: which of them enclose a formula, whole and streamed (F-07, F-10, F-13)."""

import random
import re
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.rendering.markdown import render
from chat.rendering.markdown.source import prepare
from tests.support.dom import parse
from tests.unit.rendering import math_lines
from tests.unit.rendering.growing_page import shown
from tests.unit.rendering.safety import assert_safe
from tests.unit.rendering.samples import cuts, stream

PROSE = [
    # F-07
    "Cost ($) and revenue ($) differ.",
    "It is 5$/month or 50$/year.",
    "Set PATH=$HOME/bin:$PATH first.",
    "A$AP Rocky and Ke$ha sing.",
    "Ein 100$-Gutschein und ein 50$-Gutschein.",
    "Name it ${A}-${B}.txt",
    # F-10
    "It costs $ 5 here and $ 6 there.",
    # Prices and ranges
    "$5 and $10, US$7 or $8/month",
    "Between $5-$10, or $5 - $10, or $5–$10.",
    "Costs $1,000.50 today, $2,000 tomorrow.",
    "Either $1,000.50, 5$ or 6.",
    "It is $5~$10, 5$-10$ there.",
    "From $1,000, 2,000$ on.",
    "$5～$10, 5$–$10 and 7$",
    "Pay $20 (or 10$ with a card).",
    "Between $5 and 10$ a piece.",
    "From $5 to 10$.",
    "($5) and ($10)",
    "$5/$10 and $5:$10",
    "**$5** and **$10**",
    "*$5* or *$10*, ~~$20~~ $15",
    "It was $5, now $4; then $3. And $2!",
    "A $100 bill, a $1 coin",
    "US$ 5 and A$ 6, C$7, NZ$8, HK$9",
    "Mex$5 y US$6",
    "5 $ und 6 $ sind 11 $.",
    "5 $, 6 $ oder 7 $",
    "5 $ + 6 $ = 11 $",
    "10$ - 20$ und 30$ - 40$",
    "Ein 50$-Gutschein, ein 20$-Schein und 5$.",
    "Zwischen 5$ und 10$ pro Stück",
    "Il coûte 5$ ou 6$ par mois",
    "cuesta $5 y vale $6 cada uno",
    "$1.5k–$2k, $3M and $4bn",
    "AI raised $10M Series A and $20M Series B",
    "$5k/mo vs $10k/mo",
    "price: $5, tax: $1, total: $6",
    "Profit = $500 - $200 = $300",
    "$500 - $200 = $300, so we keep $300.",
    "I had $5 + $5 = $10.",
    "It's $5 x 3 = $15 and $4 x 2 = $8",
    "$10 + tax and 15$ later",
    "价格$5，而另一个$6。",
    "美元($)和欧元(€)，还有加元(C$)",
    "我有5$，他有6$。",
    "٥$ و ٦$",
    "USD ($), EUR (€), and CAD (C$)",
    "($)",
    "($), ($) and ($)",
    "Amount ($) / Rate ($)",
    "Revenue ($M), cost ($M)",
    "$/month vs. $/year",
    "$/kg and $/lb",
    "in $ or in €, not in $",
    "a $ sign, another $ sign",
    "$, $$ and $$$ are price levels",
    "$ $$ $$$ $$$$",
    "Restaurants: $$ to $$$",
    "kill $$ and $$",
    "$$ money $$ is nice",
    # Shells and programs
    "echo $HOME and $USER",
    "I have $x and $y",
    "Use $1 and $2, or $@ and $#, or $? and $!",
    "$1/$2 and $1:$2",
    "$a/$b/$c",
    "$HOME/$USER/$FOO",
    "cp $src $dst",
    "cp $a $b",
    "${A}, ${B} and ${C}",
    "`a` ${name} and ${other}",
    "Hello ${name}, you are ${age} years old",
    "PHP: $x = $y; $z = $x + $y;",
    "$x = $y",
    "$this->name and $this->age",
    "foreach ($rows as $row)",
    "jQuery $('#a').hide() and $('#b').show()",
    "$(this) and $(that)",
    "$(ls) and $(pwd)",
    "x=$((1+2)) y=$((3+4))",
    "$env:PATH and $env:HOME",
    "regex ^a$ and ^b$",
    "/^a$|^b$/ and /c$/",
    "^$ or ^\\d+$",
    "The anchors ^ and $ and $ again",
    "US-$ and A-$",
    "$scope.x, $http.get and $q",
    "SELECT $1, $2",
    "The cell $A$1 or $B$2",
    "=SUM($A$1:$B$2)",
    "Micro$oft and $ony",
    "Too $hort and A$AP",
    "$uicideboy$",
    "Ca$h is king, Ca$h",
    "$name and $other_name",
    "$my_var and $my_other",
    "Perl: @a = ($x, $y)",
    "$_ and $0",
    "C:\\$Recycle.Bin and D:\\$Recycle.Bin",
    # Not closed, or over blocks
    "one $x",
    "$x\n\n$ y",
    "- $x\n- y$ z",
    "# $x\n\ny$",
    "| a$ | b$ |\n|---|---|\n| $5 | $6 |\n| ($) | ($) |",
    "| Price ($) | Tax ($) |\n|---|---|\n| $5 | $6 |",
    # URLs
    "https://x.y/?$filter=a&$top=5",
]

FORMULAS = [
    # F-10
    ("Solve $ x^2 + 1 = 0 $ for x.", ["x^2 + 1 = 0"]),
    ("Let $ \\alpha $ be small.", ["\\alpha"]),
    # As models write them
    ("$x^2$", ["x^2"]),
    ("$x$", ["x"]),
    ("$n$, $k$ and $m$", ["n", "k", "m"]),
    ("$ x $ and $ y $", ["x", "y"]),
    ("$ a + b $", ["a + b"]),
    ("$ f(x) $", ["f(x)"]),
    ("$ |x| $ and $ a, b $ and $ -x $", ["|x|", "a, b", "-x"]),
    ("$ x = 5 $", ["x = 5"]),
    ("$ \\frac{1}{2} $", ["\\frac{1}{2}"]),
    ("$x^2 $ and $ y^2$", ["x^2", "y^2"]),
    ("$5$ apples and $6$ pears", ["5", "6"]),
    ("$3.14$, $1{,}000$, $-5$, $+2$", ["3.14", "1{,}000", "-5", "+2"]),
    ("$50\\%$ of $x$", ["50\\%", "x"]),
    ("$x+y$", ["x+y"]),
    ("$a/b$", ["a/b"]),
    ("$f(x)$ and $P(A)$", ["f(x)", "P(A)"]),
    ("$(a,b)$, $[0, 1)$", ["(a,b)", "[0, 1)"]),
    ("$x_1, \\dots, x_n$", ["x_1, \\dots, x_n"]),
    ("$x, y, z$", ["x, y, z"]),
    ("$n!$ and $|x|$ and $x'$", ["n!", "|x|", "x'"]),
    ("$F = ma$, $E=mc^2$", ["F = ma", "E=mc^2"]),
    ("$PV = nRT$", ["PV = nRT"]),
    ("triangle $ABC$ with $AB = AC$", ["ABC", "AB = AC"]),
    ("$O(n log n)$ and $O(n^2)$", ["O(n log n)", "O(n^2)"]),
    ("$\\int f(x) dx$", ["\\int f(x) dx"]),
    ("$Speed = \\frac{Distance}{Time}$", ["Speed = \\frac{Distance}{Time}"]),
    ("$Total Cost = Fixed Cost + Variable Cost$", ["Total Cost = Fixed Cost + Variable Cost"]),
    ("$speed = distance/time$", ["speed = distance/time"]),
    ("$x_{max}$, $x_max$, $v_initial$", ["x_{max}", "x_max", "v_initial"]),
    ("the $n$th, $k$-th, $i$'s", ["n", "k", "i"]),
    ("$0$s and $1$s", ["0", "1"]),
    ("$p$-adic, non-$p$-adic", ["p", "p"]),
    ("das $n$te Glied", ["n"]),
    ("设$f(x)$是函数，则$x$为零。", ["f(x)", "x"]),
    ("値は$x$です", ["x"]),
    ("값$x$는", ["x"]),
    ("נסמן ב$x$ את הערך", ["x"]),
    ("و$y$ ثابت", ["y"]),
    ("（$x$）「$y$」", ["x", "y"]),
    ("**$x$** and *$y$* and _$z$_", ["x", "y", "z"]),
    ("**Step 1:** $a=1$.", ["a=1"]),
    ('"$x$" and ($y$) and [$z$]', ["x", "y", "z"]),
    ("$x$: one; $y$, two", ["x", "y"]),
    ("$=$, $<$, $+$", ["=", "<", "+"]),
    ("$x < y$ and $a > b$", ["x < y", "a > b"]),
    ("${}^{14}C$", ["{}^{14}C"]),
    ("$\\{1, 2\\}$", ["\\{1, 2\\}"]),
    ("$H^+$, $OH^-$", ["H^+", "OH^-"]),
    ("$\\text{for all } x$", ["\\text{for all } x"]),
    ("$\\text{if $x>0$}$ y", ["\\text{if $x>0$}"]),
    ("$x$$y$", ["x", "y"]),
    # Lists of numbers, and what follows a range or a tilde
    ("the numbers $1, 2, 3$ and $0, 1$", ["1, 2, 3", "0, 1"]),
    ("$x$~$y$ and ~$z$ or 3~$n$ and $1$–$2$", ["x", "y", "z", "n", "1", "2"]),
    # \$ inside
    ("It is $\\$5 + x$ now", ["\\$5 + x"]),
    ("$x = \\$20$ and $y = \\$30$", ["x = \\$20", "y = \\$30"]),
    ("\\$5 and $x$ and \\$6", ["x"]),
    # Beside prices and code
    ("It costs $5 and the set $x$ has", ["x"]),
    ("I paid $20, then solve $x^2$.", ["x^2"]),
    ("$20 for item ($x$)", ["x"]),
    ("pay $20 for $\\alpha$ and $30 for $\\beta$", ["\\alpha", "\\beta"]),
    ("`$a` and $b$ and `$c`", ["b"]),
    ("`$x$` and ``$y` $`` $z$", ["z"]),
    ("$x$ costs 5$ and $y$ costs 6$", ["x", "y"]),
    ("($) but $x$", ["x"]),
    # Over two lines
    ("so $a +\nb$ holds", ["a + b"]),
    ("> so $a +\n> b$ holds", ["a + b"]),
    ("$\nx^2\n$", ["x^2"]),
    # In lists, tables, headings, notes
    ("1. $x$\n2. $ y^2 $\n   - $z$", ["x", "y^2", "z"]),
    ("# The $x$-axis", ["x"]),
    ("| a | b |\n|---|---|\n| $x$ | $ y^2 $ |", ["x", "y^2"]),
    ("| $|x|$ | $5 |\n|---|---|\n| $P(A|B)$ | $6 |", ["|x|", "P(A|B)"]),
    ("| abs | $|x|$ |\n|---|---|\n| given | $P(A \\mid B)$ |", ["|x|", "P(A \\mid B)"]),
    ("| a | b |\n|---|---|\n| ($) | $\\lvert x \\rvert$ |", ["\\lvert x \\rvert"]),
    # Two dollar signs
    ("$$x^2$$", ["x^2"]),
    ("$$ x $$", ["x"]),
    ("inline $$x^2$$ here, and $$y$$.", ["x^2", "y"]),
    ("So:$$x=1$$.", ["x=1"]),
    ("所以$$x=1$$。", ["x=1"]),
    ("$$a +\nb$$", ["a + b"]),
    ("$$Speed = Distance / Time$$", ["Speed = Distance / Time"]),
    ("| a |\n|---|\n| $$x$$ |", ["x"]),
    # Backslashes
    ("\\(x\\) and \\( y \\)", ["x", "y"]),
    ("\\[x\\]", ["x"]),
    ("\\[\nx\n\\]", ["x"]),
    ("- \\(x\\)\n- \\[y\\]", ["x", "y"]),
    ("It costs $5, so \\(x = 5\\) and $6", ["x = 5"]),
    # Links with dollar signs
    ("[$x$](https://x.y/$a$b)", ["x"]),
]


def sources(html: str) -> list[str]:
    """The source of each formula on a page, blanks in one form."""
    tree = parse(html)
    texts = [math.attributes["alttext"] or "" for math in tree.find("math")]
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize("text", PROSE)
def test_prose_keeps_its_dollar_signs(text: str) -> None:
    tree = parse(render(text, "ab12"))
    assert not tree.find("math")
    assert not [code for code in tree.find("code") if "math-source" in code.attributes.values()]
    assert tree.text.count("$") == text.count("$")


@pytest.mark.parametrize("text", math_lines.PROSE)
def test_more_prose_keeps_its_dollar_signs(text: str) -> None:
    tree = parse(render(text, "ab12"))
    assert not tree.find("math")
    assert not [code for code in tree.find("code") if code.attributes]


@pytest.mark.parametrize("text", math_lines.FORMULAS)
def test_more_formulas_are_formulas(text: str) -> None:
    html = render(text, "ab12")
    assert "<math " in html
    assert "math-source" not in html
    outside = re.sub("<math .*?</math>", "", html)
    assert "$" not in outside


@pytest.mark.parametrize(("text", "formulas"), FORMULAS)
def test_formulas_are_formulas(text: str, formulas: list[str]) -> None:
    assert sources(render(text, "ab12")) == formulas


@pytest.mark.parametrize("text", [*PROSE, *(text for text, _ in FORMULAS)])
def test_a_stream_ends_as_the_whole(text: str) -> None:
    text += "\n\nend"
    for seed in range(3):
        assert stream(*cuts(text, random.Random(seed))).html == render(text, "ab12")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I have $x and ", "I have $x and"),
        ("a costs $5 and", "a costs $5 and"),
        ("It costs $ 5 here", "It costs $ 5 here"),
        ("Set $HOME to", "Set $HOME to"),
        ("5 $, 6 $ or 7 $ in", "5 $, 6 $ or 7 $ in"),
        ("so $x^2 + ", "so"),
        ("so $ x^2 ", "so"),
        ("so $\\text{for all ", "so"),
        ("so $$x^2$", "so"),
        ("the $n$t", "the nt"),
        ("the $n$th", "the nth"),
        ("das $n$te", "das nte"),
        ("| $|x|$ | b |\n|-", "|x|b"),
    ],
)
def test_an_open_end_waits_only_for_a_formula(text: str, shown: str) -> None:
    assert parse(stream(text).html).text == shown
    assert parse(stream(*text).html).text == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a \\(see below\\) b", "a (see below) b"),
        ("\\[Note: this is text\\]", "[Note: this is text]"),
        ("call foo\\(\\) now", "call foo() now"),
        ("- \\[ \\] to do", "[ ] to do"),
    ],
)
def test_escaped_brackets_around_prose_are_brackets(text: str, shown: str) -> None:
    tree = parse(render(text, "ab12"))
    assert tree.text == shown
    assert not tree.find("math")
    assert not tree.find("code")


UNITS = [
    *("$", "$$", "$ ", "$a ", "$a$", "$x$ ", "$ x $ ", "$a b$ ", "$5 and ", "$x = $y; ", "$1"),
    *("|", "$|", "| $a | b$ ", "\\", "\\$", "\\\\", "$\\", "${", "$}{", "$\\text{", "$\\text{$"),
    *("`$", "``$`", "$a_", "$a^{", "$$\n", "$$x\n\n", "x$$\n", "\\[\n\n", "\\[x\n", "$\n", "> $\n"),
    *("$中", "\u20a0$", "%$", "$$a\n+ b\n"),
]


@pytest.mark.parametrize("unit", UNITS)
def test_many_dollar_signs_take_linear_time(unit: str) -> None:
    def measure(length: int) -> float:
        text = unit * (length // len(unit))
        began = process_time()
        prepare(text)
        return process_time() - began

    # Eight times the text; quadratic work would take 64 times as long.
    rounds = [(measure(2_500), measure(20_000)) for _ in range(3)]
    short, long = (min(times) for times in zip(*rounds, strict=True))
    assert long < 24 * short + 0.05


@pytest.mark.parametrize("unit", ["$", "|", "\\", "$x$ ", "${"])
def test_a_hundred_thousand_signs_do_not_stop_the_process(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    began = process_time()
    prepare(text)
    assert process_time() - began < 4


@pytest.mark.parametrize("unit", UNITS)
def test_many_dollar_signs_are_safe_while_they_stream(unit: str) -> None:
    text = unit * (8_000 // len(unit))
    answer = stream(*(text[at : at + 400] for at in range(0, len(text), 400)))
    assert_safe(answer.html)
    assert_safe(render(text, "ab12"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("`$ x $` and `$a$`", ["$ x $", "$a$"]),
        ("```\n$ x $ $5 $$ \u20a0\n```", ["$ x $ $5 $$ \u20a0\n"]),
        ("    $ x $ and $y$\n    $$", ["$ x $ and $y$\n$$\n"]),
        ("- a\n\n      $ x $", ["$ x $\n"]),
    ],
)
def test_code_is_left_as_it_is(text: str, kept: list[str]) -> None:
    assert [code.text for code in parse(render(text, "ab12")).find("code")] == kept


def test_addresses_keep_their_dollar_signs() -> None:
    text = "[a](https://x.y/$b/$c) https://x.y/?$d=1&$e=2 <https://x.y/$f$> [g][h]\n\n[h]: https://x.y/$i"
    links = [link.attributes["href"] for link in parse(render(text, "ab12")).find("a")]
    assert links == [
        "https://x.y/$b/$c",
        "https://x.y/?$d=1&$e=2",
        "https://x.y/$f$",
        "https://x.y/$i",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[a](https://e.com/\u20a0)", "https://e.com/%E2%82%A0"),
        ("[a](https://e.com/\u20a0/$b) $5", "https://e.com/%E2%82%A0/$b"),
        ("https://e.com/%E2%82%A0/$b for $5", "https://e.com/%E2%82%A0/$b"),
        ("[a](https://e.com/%EF%B7%A1b) ~", "https://e.com/%EF%B7%A1b"),
        ("[a](https://e.com/%EF%B7%94~b) $5", "https://e.com/%EF%B7%94~b"),
        ("[a](https://e.com/%25%EF%B7%A9%EF) ~", "https://e.com/%25%EF%B7%A9%EF"),
    ],
)
def test_addresses_keep_what_is_encoded(text: str, address: str) -> None:
    (link,) = shown(text).find("a")
    assert link.attributes["href"] == address


def test_an_encoded_sign_is_no_dollar_sign() -> None:
    text = "`%E2%82%A0` and %E2%82%A0 and %EF%B7%A1 cost ~$5 or \u20a05."
    assert shown(text).text == text.replace("`", "")


def test_emphasis_beside_dollar_signs_is_that_of_the_specification() -> None:
    assert render("*$*a **$5** \u20a0", "ab12") == (
        '<p dir="auto">*$*a <strong>$5</strong> \u20a0</p>'
    )


@given(st.text(alphabet="$$$$ab 5xy(){}\\`|\n*_^=.,-", max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_dollar_sign_is_lost_or_added(text: str) -> None:
    """Outside of formulas and escapes."""
    html = render(text.replace("\\", ""), "ab12")
    tree = assert_safe(html)
    formulas = sum(2 if "block" in math.attributes.values() else 1 for math in tree.find("math"))
    sources = [code for code in tree.find("code") if "math-source" in code.attributes.values()]
    if not sources:
        assert tree.text.count("$") == text.count("$") - 2 * formulas
    assert "\u20a0" not in html
