import re

import pytest

from chat.rendering.markdown import RENDERER_VERSION, render, render_plain
from tests.support.dom import parse
from tests.unit.rendering.safety import assert_safe

LINK = ' rel="nofollow noopener noreferrer"'
ENCODED = [
    "https://example.com/My%20File.pdf",
    "https://x.y/%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB/%E2%9D%A4%EF%B8%8F",
    "https://x.y/a%C2%A0b",
    "https://x.y/?q=a%0Ab%09c%00",
    "https://x.y/%D0%9F%D1%80#%E2%80%8B",
    "https://x.y/100%25",
    "http://x.y/%E2%80%AEgnp",
]
REFUSED = [
    "https://x%E2%80%8B.y/",
    "https://x%00.y/",
    "https://x%20.y/",
    "https://a%40b@x.y/",
    "mailto:a@b.c%0Abcc:d@e.f",
    "mailto:a@b.c%E2%80%AE",
    "mailto:a@b.c?subject=x%0D%0Abcc:d@e.f",
    "mailto:a@b.c?x%0Abcc=d@e.f",
    "mailto:a@b.c?body=x%00",
    "mailto:a@b.c?cc=d@e.f%0a",
]


def shown(text: str) -> str:
    """Return the HTML without `dir`, which test_direction.py looks at."""
    html = render(text, "ab12")
    assert_safe(html)
    return html.replace(' dir="auto"', "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("\n\n", ""),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("one  \ntwo\\\nthree", "<p>one<br>two<br>three</p>"),
        ("# a\n### b ###", "<h1>a</h1><h3>b</h3>"),
        ("#no", "<p>#no</p>"),
        ("a\n===\nb\n---", "<h1>a</h1><h2>b</h2>"),
        ("***", "<hr>"),
        ("*a* __B__ ***c***", "<p><em>a</em> <strong>B</strong> <em><strong>c</strong></em></p>"),
        ("snake_case_name 2 * 3 * 4", "<p>snake_case_name 2 * 3 * 4</p>"),
        ("`a *b*` ``c ` d``", "<p><code>a *b*</code> <code>c ` d</code></p>"),
        ("~~a~~", "<p><del>a</del></p>"),
        ("\\*a\\* &copy; &amp;", "<p>*a* © &amp;</p>"),
        ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("3. a\n4) b", '<ol start="3"><li>a</li></ol><ol start="4"><li>b</li></ol>'),
        ("> a\nb\n>> c", "<blockquote><p>a<br>b</p><blockquote><p>c</p></blockquote></blockquote>"),
        ("a <b>b</b> <!-- c -->", "<p>a &lt;b&gt;b&lt;/b&gt; &lt;!-- c --&gt;</p>"),
        ("<div>\n*a*\n</div>", "<p>&lt;div&gt;<br><em>a</em><br>&lt;/div&gt;</p>"),
        ("- <div>", "<ul><li>&lt;div&gt;</li></ul>"),
        ("a\x00b\r\nc\rd", "<p>a\ufffdb<br>c<br>d</p>"),
        ("\ud83d\ude00 \ud83d", "<p>😀 \ufffd</p>"),
        ("$5 and $10, US$7 or $8/month", "<p>$5 and $10, US$7 or $8/month</p>"),
        ("$5 and ten$ more", "<p>$5 and ten$ more</p>"),
        ("مرحبا *b*", "<p>مرحبا <em>b</em></p>"),
        ("[a]: http://x.y\n", ""),
    ],
)
def test_prose(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "[a](https://x.y/?b=1&c)",
            f'<a target="_blank" href="https://x.y/?b=1&amp;c"{LINK}>a</a>',
        ),
        ("<https://x.y>", f'<a target="_blank" href="https://x.y"{LINK}>https://x.y</a>'),
        ("https://x.y/z", f'<a target="_blank" href="https://x.y/z"{LINK}>https://x.y/z</a>'),
        ("www.x.y", f'<a target="_blank" href="http://www.x.y"{LINK}>www.x.y</a>'),
        ("[m](mailto:a@b.c)", f'<a href="mailto:a@b.c"{LINK}>m</a>'),
        ("![alt](https://x.y/a.png)", f'<a target="_blank" href="https://x.y/a.png"{LINK}>alt</a>'),
        (
            "![](https://x.y/a.png)",
            f'<a target="_blank" href="https://x.y/a.png" class="picture"{LINK}>image</a>',
        ),
        ("[![b](/a.png)](https://x.y)", f'<a target="_blank" href="https://x.y"{LINK}>b</a>'),
        ("[a](/c/1/)", f"<a{LINK}>a</a>"),
        *(
            (f"[a](<{address}>)", f'<a target="_blank" href="{address}"{LINK}>a</a>')
            for address in ENCODED
        ),
        (
            "https://example.com/a%20b",
            '<a target="_blank" href="https://example.com/a%20b"'
            f"{LINK}>https://example.com/a%20b</a>",
        ),
        (
            "[a](https://x.y/\U0001f469\u200d\U0001f4bb)",
            f'<a target="_blank" href="https://x.y/%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB"{LINK}>a</a>',
        ),
        *((f"[a]({address})", f"<a{LINK}>a</a>") for address in REFUSED),
        (
            "[a](mailto:a@b.c?subject=Hello%20you&body=one%0D%0Atwo)",
            f'<a href="mailto:a@b.c?subject=Hello%20you&amp;body=one%0D%0Atwo"{LINK}>a</a>',
        ),
        ('[a](https://x.y "title")', f'<a target="_blank" href="https://x.y"{LINK}>a</a>'),
        ("[a][b]\n\n[b]: https://x.y", f'<a target="_blank" href="https://x.y"{LINK}>a</a>'),
    ],
)
def test_links(text: str, html: str) -> None:
    assert shown(text) == f"<p>{html}</p>"


@pytest.mark.parametrize("address", ENCODED)
def test_links_in_a_question(address: str) -> None:
    anchor = f'<a target="_blank" href="{address}"{LINK}>{address}</a>'
    assert render_plain(f"see {address}.") == f'<p class="plain" dir="auto">see {anchor}.</p>'


def test_a_table_scrolls_in_a_box_of_its_own() -> None:
    assert shown("|a|b|\n|:-:|-|\n|`1`|") == (
        '<div class="table-wrap" tabindex="0"><table><thead><tr><th align="center">a</th><th>b</th>'
        '</tr></thead><tbody><tr><td align="center"><code>1</code></td><td></td></tr></tbody>'
        "</table></div>"
    )


def test_a_task_list_has_named_boxes() -> None:
    assert shown("- [ ] a\n- [x] b") == (
        '<ul><li><input type="checkbox" disabled aria-label="To do"> a</li>'
        '<li><input type="checkbox" disabled checked aria-label="Done"> b</li></ul>'
    )


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_alerts(kind: str) -> None:
    assert shown(f"> [!{kind}]\n> a") == (
        f'<div class="markdown-alert markdown-alert-{kind.lower()}">'
        f'<p class="markdown-alert-title">{kind.capitalize()}</p><p>a</p></div>'
    )


def test_a_code_block_has_a_label_and_a_button() -> None:
    assert shown("```text\na <b>\n```") == (
        '<div class="code-block"><div class="code-head"><span class="code-lang">text</span>'
        '<button type="button" class="code-copy" data-copy>Copy</button></div>'
        '<pre tabindex="0"><code class="language-text">a &lt;b&gt;\n</code></pre></div>'
    )


def test_code_is_highlighted_by_the_name_of_its_language_only() -> None:
    assert '<span class="k">def </span>' in shown("```python\ndef f(): pass\n```")
    assert '<span class="k">' not in shown("```\ndef f(): pass\n```")
    assert '<span class="k">' not in shown("```nonsense\ndef f(): pass\n```")


@pytest.mark.parametrize(
    "name", ["python", "html", "bash", "diff", "json", "console", "C++", "sql"]
)
def test_highlighting_keeps_every_sign(name: str) -> None:
    code = "\n\n  def f(x):\n\treturn '<b>' & \"x\" # é 🎉\n+a\n-b\n$ ls \\\n\n"
    block = parse(shown(f"```{name}\n{code}```")).find("code")[0]
    assert block.text == code


@pytest.mark.parametrize("name", ["md", "markdown"])
def test_long_markdown_stays_plain(name: str) -> None:
    """Its lexer needs seconds for 20,000 characters of some texts."""
    lines = "**a " * 100 + "\n"
    assert '<span class="k">' in shown(f"```{name}\n# A\n{lines * 12}```")
    assert '<span class="k">' not in shown(f"```{name}\n# A\n{lines * 13}```")


def test_large_code_and_long_lines_stay_plain() -> None:
    assert '<span class="k">' not in shown("```python\n" + "return 1\n" * 3_000 + "```")
    assert '<span class="k">' not in shown("```python\nreturn " + "1" * 3_000 + "\n```")


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "\\(x^2\\)",
        "$$x^2$$",
        "\\[x^2\\]",
        "```math\nx^2\n```",
        "$$\nx^2\n$$",
        "\\[\nx^2\n\\]",
        "- a\n  $$\n  x^2\n  $$",
    ],
)
def test_math_in_every_notation(text: str) -> None:
    math = parse(shown(text)).find("math")[0]
    block = "$$" in text or "[" in text or "```" in text
    assert math.attributes == {"display": "block" if block else "inline", "alttext": "x^2"}
    assert [element.text for element in math.find("msup")] == ["x2"]


def test_lines_that_look_like_markdown_stay_in_their_formula() -> None:
    tree = parse(shown("Text\n$$\na\n+ b\n= c\n- d\n$$\nmore"))
    assert [child.tag for child in tree.elements() if child.tag in ("p", "div", "ul")] == [
        "p",
        "div",
        "p",
    ]
    assert tree.find("math")[0].text == "a+b=c−d"


def test_aligned_equations_become_a_table() -> None:
    tree = parse(shown("$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$"))
    assert len(tree.find("mtr")) == 2


@pytest.mark.parametrize(
    "latex", ["\\frac", "x+" * 1_500 + "x", "x^" + "{" * 900 + "y" + "}" * 900, "x^1^2"]
)
def test_a_formula_that_cannot_be_shown_is_its_source(latex: str) -> None:
    codes = parse(shown(f"${latex}$")).find("code")
    assert [code.text for code in codes] == [latex]


def test_footnotes_carry_the_message() -> None:
    html = shown("a[^x] b[^x]\n\n[^x]: note")
    ids = re.findall(r'id="([^"]*)"', html)
    assert ids == ["mab12-fnref-1", "mab12-fnref-1-2", "mab12-fn-1"]
    targets = re.findall(r'href="#([^"]*)"', html)
    assert targets == ["mab12-fn-1", "mab12-fn-1", "mab12-fnref-1", "mab12-fnref-1-2"]


def test_plain_text_is_shown_as_typed_with_links() -> None:
    assert render_plain("a *b*\n  <c> (https://x.y/z_(1)). javascript:x") == (
        '<p class="plain" dir="auto">a *b*\n  &lt;c&gt; (<a target="_blank" href="https://x.y/z_(1)"'
        f"{LINK}>https://x.y/z_(1)</a>). javascript:x</p>"
    )
    assert render_plain(" \n") == ""


def test_ampersands_by_the_thousand_come_through() -> None:
    assert parse(shown("& " * 3_000)).text == ("& " * 3_000).strip()
    assert shown("[a](https://x.y/?a&b) " + "&" * 3_000).count("&amp;") == 3_001


def test_the_version_is_a_number() -> None:
    assert RENDERER_VERSION >= 1
