"""Dollar signs: which of them enclose a formula, whole and streamed (F-07, F-10, F-13)."""

import random

import pytest

from chat.rendering.markdown import render
from tests.support.dom import parse
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


@pytest.mark.parametrize(("text", "formulas"), FORMULAS)
def test_formulas_are_formulas(text: str, formulas: list[str]) -> None:
    assert sources(render(text, "ab12")) == formulas


@pytest.mark.parametrize("text", [*PROSE, *(text for text, _ in FORMULAS)])
def test_a_stream_ends_as_the_whole(text: str) -> None:
    text += "\n\nend"
    for seed in range(3):
        assert stream(*cuts(text, random.Random(seed))).html == render(text, "ab12")
