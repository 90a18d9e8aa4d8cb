"""Texts that comparable products show wrong, by the row of the case list that they come from.

Each is rendered whole, and streamed in pieces of several sizes: the page ends with the same tree.
"""

import pytest

from chat.rendering.markdown import render
from tests.support.dom import Element
from tests.unit.rendering.growing_page import page, shown
from tests.unit.rendering.safety import assert_safe


def texts(text: str, tag: str) -> list[str]:
    return [element.text for element in shown(text).find(tag)]


def lines(element: Element) -> list[str]:
    """Return the text of an element, split at its line breaks."""
    parts = [""]
    for child in element.children:
        if isinstance(child, Element) and child.tag == "br":
            parts.append("")
        elif isinstance(child, Element):
            inner = lines(child)
            parts[-1] += inner[0]
            parts += inner[1:]
        else:
            parts[-1] += child
    return parts


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        (
            "これは**「重要」**です。**「A」**なので**「B」**。请看**注意：**这里。",
            ["「重要」", "「A」", "「B」", "注意："],
        ),
        ("这是**「重点」**。", ["「重点」"]),
        ("한국어**(강조)**입니다.", ["(강조)"]),
        ("结果是**“好”**的，**100%**正确，**3.5**倍。", ["“好”", "100%", "3.5"]),
        ("これは**重要。**次に**【注】**を見て", ["重要。", "【注】"]),
        ("**标题：**正文", ["标题："]),
        ("- **「項目」**は\n- 値**（仮）**です", ["「項目」", "（仮）"]),
        ("> 请**「看」**这里", ["「看」"]),
        ("| 列**「甲」**乙 |\n|---|\n| 值**（丙）**丁 |\n\n完", ["「甲」", "（丙）"]),
        ("## 第**「一」**章", ["「一」"]),
        ("用**`code()`**吧", ["code()"]),
        ("見**[連結](https://x.y/)**吧", ["連結"]),
    ],
)
def test_f01_emphasis_next_to_cjk_letters(text: str, strong: list[str]) -> None:
    tree = shown(text)
    assert [element.text for element in tree.find("strong")] == strong
    assert "*" not in tree.text


@pytest.mark.parametrize(
    ("text", "tag", "words"),
    [
        ("中*「斜」*文", "em", ["「斜」"]),
        ("中***「重」***文", "strong", ["「重」"]),
        ("中~~「旧」~~文", "del", ["「旧」"]),
        ("2**3**4 is 2 to the 3", "strong", ["3"]),
        ("a**(b)**c stays as CommonMark has it", "strong", []),
        ("乘法 3 * 4 * 5 和 2**3", "em", []),
    ],
)
def test_f01_other_emphasis(text: str, tag: str, words: list[str]) -> None:
    assert texts(text, tag) == words


@pytest.mark.parametrize(
    "opening", ["这是**「重点", "これは*「斜", "中~~「旧", "한국어**(강", "看***（重"]
)
def test_f01_an_open_end_shows_no_marks(opening: str) -> None:
    assert not set("*~") & set(page([opening]).text)
    assert not set("*~") & set(page(opening).text)


@pytest.mark.parametrize(
    ("text", "tag", "right"),
    [
        (
            "Roses are red,\nViolets are blue,\nSugar is sweet.\n\n- first line\n  second line\n",
            "p",
            [["Roses are red,", "Violets are blue,", "Sugar is sweet."]],
        ),
        ("- first line\n  second line\n- other", "li", [["first line", "second line"], ["other"]]),
        ("- lazy\ncontinuation", "li", [["lazy", "continuation"]]),
        ("1. one\n\n   two\n   three\n\n2. four", "p", [["one"], ["two", "three"], ["four"]]),
        ("> to be\n> or not", "p", [["to be", "or not"]]),
        ("> lazy\nquote", "p", [["lazy", "quote"]]),
        ("A. Person\n1 High Street\nTown", "p", [["A. Person", "1 High Street", "Town"]]),
        ("two blanks  \nor a backslash\\\nbreak once", "p",
         [["two blanks", "or a backslash", "break once"]]),
        ("**bold\nover** two", "p", [["bold", "over two"]]),
        ("`code\nover` two", "p", [["code over two"]]),
        ("A long\ntitle\n===", "h1", [["A long", "title"]]),
        ("春眠不觉晓\n处处闻啼鸟", "p", [["春眠不觉晓", "处处闻啼鸟"]]),
        ("a\\\n\\\nb", "p", [["a", "", "b"]]),
    ],
)  # fmt: skip
def test_f02_newlines_are_line_breaks(text: str, tag: str, right: list[list[str]]) -> None:
    assert [lines(element) for element in shown(text).find(tag)] == right


def test_f02_a_poem_is_written_line_by_line() -> None:
    """Words that need no parser, and newlines, which do."""
    poem = "\n".join(["The sun went down", "and all the birds", "were quiet, or so it seemed"] * 40)
    assert lines(shown(poem).find("p")[0]) == poem.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "大约3~5天，价格100~200元。",
        "age(1~3), height(80~100).",
        "Cheap (~$1.50), dear (~$10).",
        "Saved in ~/notes and ~/tmp.",
        "~a~ and ~ b ~",
        "a ~ b ~ c",
        "x ~~~a~~~ b",
        "20~30 ~~ 40",
        "C:\\PROGRA~1 and C:\\DOCUME~1",
        "Ctrl+~ and ~",
        "(~50%) ~100",
        "~",
    ],
)
def test_f03_a_single_tilde_is_a_tilde(text: str) -> None:
    tree = shown(text)
    assert tree.find("del") == []
    assert tree.text == text


@pytest.mark.parametrize(
    ("text", "gone", "rest"),
    [
        ("~~gone~~", ["gone"], "gone"),
        ("~1 ~~gone~~ ~2", ["gone"], "~1 gone ~2"),
        ("3~5 ~~7~9~~ 1~2", ["7~9"], "3~5 7~9 1~2"),
        ("**~50%** ~~*a*~~ \\~b\\~", ["a"], "~50% a ~b~"),
        ("| ~a~ | ~~b~~ |\n|-|-|\n| 1~2 | 3~4 |\n\nend", ["b"], "~a~b1~23~4end"),
        ("`~a~` ~~`~b~`~~ \\\\~c~", ["~b~"], "~a~ ~b~ \\~c~"),
        ("- ~1~ ~~2~~\n- ~3", ["2"], "~1~ 2~3"),
        ("\\~~x\\~~ ~~y~~ \\~\\~z\\~\\~", ["y"], "~~x~~ y ~~z~~"),
    ],
)
def test_f03_two_tildes_strike(text: str, gone: list[str], rest: str) -> None:
    tree = shown(text)
    assert [element.text for element in tree.find("del")] == gone
    assert tree.text == rest


def test_f03_tildes_in_addresses_and_code() -> None:
    text = (
        "[a](https://x.y/~me/~you) https://x.y/~it <https://x.y/~us>\n\n```sh\nls ~/a ~/b\n```\n\n"
        "[r~s]\n\n[r~s]: https://x.y/~ref\n"
    )
    tree = assert_safe(render(text, "ab12"))
    assert [link.attributes["href"] for link in tree.find("a")] == [
        "https://x.y/~me/~you", "https://x.y/~it", "https://x.y/~us", "https://x.y/~ref"
    ]  # fmt: skip
    assert tree.find("pre")[0].text == "ls ~/a ~/b\n"


PLAN = (
    "| Day | Plan |\n|---|---|\n| 1 | Museum<br>Lunch<br/>Park<br />Home |\n"
    "| 2 | <script>alert(1)</script> H<sub>2</sub>O |\n"
)


def test_f04_breaks_in_a_table() -> None:
    rows = shown(PLAN + "\nend").find("tr")[1:]
    assert [[lines(cell) for cell in row.find("td")] for row in rows] == [
        [["1"], ["Museum", "Lunch", "Park", "Home"]],
        [["2"], ["<script>alert(1)</script> H2O"]],
    ]
    assert rows[1].find("sub")[0].text == "2"


@pytest.mark.parametrize("tag", ["<br>", "<br/>", "<br />", "<BR>", "<Br  />", "</br>", "<br\t/>"])
def test_f04_any_spelling_breaks_a_line(tag: str) -> None:
    for text in (f"one{tag}two", f"one{tag}\ntwo", f"**one**{tag}**two**", f"「one」{tag}「two」"):
        found = lines(shown(text).find("p")[0])
        assert [line.strip("「」") for line in found] == ["one", "two"], text
    assert [lines(li) for li in shown(f"- a{tag}b\n- c").find("li")] == [["a", "b"], ["c"]]
    assert lines(shown(f"> a{tag}b").find("p")[0]) == ["a", "b"]
    assert lines(shown(f"# a{tag}b").find("h1")[0]) == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "`<br>`",
        "```html\n<br>\n```",
        "    <br>",
        "\\<br>",
        "&lt;br&gt;",
        "<br",
        "<brr>",
        '<br class="x">',
        "<br onclick=x>",
        "< br>",
        "a \\(<br>\\) b",
        "<sub>alone",
        "alone</sup>",
        "<sub>*a</sub>*",
        "<kbd class=x>a</kbd>",
        "<SUB>a</SUP>",
        "`H<sub>2</sub>O`",
        "<sub></sub>",
        "<sup>" + "long " * 30 + "</sup>",
        "<b>bold</b> <i>x</i> <u>y</u> <img src=x onerror=y> <details>z</details>",
    ],
)
def test_f04_everything_else_stays_text(text: str) -> None:
    tree = shown(text + "\n\nend")
    for tag in ("br", "sub", "sup", "kbd", "b", "i", "u", "img", "details"):
        assert tree.find(tag) == []
    assert tree.text.endswith("end")


@pytest.mark.parametrize(
    ("text", "tag", "words"),
    [
        ("H<sub>2</sub>O and CO<SUB>2</SUB>", "sub", ["2", "2"]),
        ("x<sup>2</sup> + y<sup>*n*</sup> (1<sup>st</sup>)", "sup", ["2", "n", "st"]),
        ("<kbd>Ctrl</kbd>+<kbd>C</kbd>", "kbd", ["Ctrl", "C"]),
        ("<kbd>Shift + <</kbd>", "kbd", ["Shift + <"]),
        ("**<kbd>A</kbd>** | x<sub>i_j</sub>", "kbd", ["A"]),
        ("a<sup>[1](https://x.y/z)</sup>", "sup", ["1"]),
        ("- a<sub>1</sub>\n- b", "sub", ["1"]),
        ("| a<sub>1</sub> |\n|---|\n| b<sub>2</sub> |\n\nend", "sub", ["1", "2"]),
        ("<sub><sup>a</sup></sub>", "sup", ["a"]),
        ("x<sup>*</sup> and y<sup>*</sup>", "sup", ["*", "*"]),
        ("<kbd>$</kbd> or <kbd>^</kbd>; <kbd>$</kbd>", "kbd", ["$", "^", "$"]),
        ("<kbd>\\</kbd>, <KBD>_</KBD>, <kbd>~</kbd>", "kbd", ["\\", "_", "~"]),
        ("<kbd>`</kbd> and <kbd>`</kbd>", "kbd", ["`", "`"]),
        ("<kbd>[</kbd> <kbd>](x)</kbd>", "kbd", ["[", "](x)"]),
        ("x<sub>$a$</sub> and `<kbd>*</kbd>`", "sub", ["a"]),
    ],
)
def test_f04_small_elements(text: str, tag: str, words: list[str]) -> None:
    assert texts(text, tag) == words


@pytest.mark.parametrize(
    "text",
    [
        "Set __name__ and __main__ in __init__.py",
        "if __name__ == '__main__': __file__",
        "(__init__)(__all__), __new__!",
        "- __name__\n- __doc__\n",
        "这是__name__变量",
    ],
)
def test_bare_names_between_underscores_stay_literal(text: str) -> None:
    tree = shown(text)
    assert tree.find("strong") == []
    assert tree.text == text.replace("- ", "").replace("\n", "")


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        ("__Note__: a", ["Note"]),
        ("__two words__", ["two words"]),
        ("__a b__ and __c__", ["a b"]),
        ("**__name__** and `__name__`", ["__name__"]),
        ("__snake_case__ x", ["snake_case"]),
    ],
)
def test_other_words_between_underscores_are_strong(text: str, strong: list[str]) -> None:
    assert texts(text, "strong") == strong


@pytest.mark.parametrize("text", ["a __nam", "a __name"])
def test_a_name_is_held_back_until_it_is_decided(text: str) -> None:
    assert page([text]).text == "a"
    assert page([text, " b"]).text.startswith("a nam")
    assert page([text, " b", "__ c"]).find("strong")[0].text == text.removeprefix("a __") + " b"


@pytest.mark.parametrize(
    "text",
    [
        "C:\\Users\\me\\_temp\\.git",
        "Open C:\\_a_\\b_c_ or D:\\*.txt.",
        "\\\\server\\share\\_x\\.y",
        "In C:\\Program Files (x86)\\_App\\#1 and e:\\-x",
        "(C:\\!x\\%TEMP%\\~y)",
        "C:\\",
        "c:\\a\\\\b",
    ],
)
def test_backslashes_of_windows_paths_stay(text: str) -> None:
    assert shown(text).text == text
    assert shown(f"- **{text}** x").find("strong")[0].text == text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("not\\_a\\_path \\*x\\*", "not_a_path *x*"),
        ("a: \\_x\\_ C:\\x is one, \\*this\\* none", "a: _x_ C:\\x is one, *this* none"),
        ("abc:\\_x http:\\_y", "abc:_x http:_y"),
        ("one \\\\ two", "one \\ two"),
    ],
)
def test_other_backslashes_escape(text: str, right: str) -> None:
    assert shown(text).text == right


def test_a_formula_with_a_colon_is_no_path() -> None:
    for latex in (r"f:\mathbb{R}\to\{0\}", r"x:\alpha\_1"):
        assert shown(rf"A \({latex}\) b").find("math")
