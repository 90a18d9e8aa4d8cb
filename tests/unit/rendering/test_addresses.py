"""Web addresses in answers and questions, where they end (rows F-24, F-25, N-1 of the cases)."""

import re

import pytest

from chat.rendering.markdown import render_plain
from tests.support.dom import Element
from tests.unit.rendering.growing_page import shown
from tests.unit.rendering.safety import assert_safe

MARKED = [
    "请访问 ⟦https://example.com/docs⟧（说明）。",
    "见 ⟦https://example.com/a⟧，或 ⟦https://example.com/b⟧、「⟦https://example.com/c⟧」。",
    "维基 ⟦https://zh.wikipedia.org/wiki/数学⟧ 好",
    "⟦https://ja.wikipedia.org/wiki/日本・東京⟧！次",
    "打开⟦https://example.com⟧查看",
    "打开⟦https://example.com:8443⟧查看⟦https://b.example.com/x⟧。",
    "《⟦https://x.y/a⟧》【⟦https://x.y/b⟧】“⟦https://x.y/c⟧”",
    "⟦https://x.y/a⟧：⟦https://x.y/b⟧；⟦https://x.y/c⟧！⟦https://x.y/d⟧？",
    "⟦https://x.y/a⟧…… ⟦https://x.y/b⟧——说",
    '«⟦https://x.y/a⟧» ‘⟦https://x.y/b⟧’ "⟦https://x.y/c⟧", (⟦https://x.y/d⟧).',
    "انظر ⟦https://x.y/a⟧، أو ⟦https://x.y/b⟧؟",
    "देखें ⟦https://x.y/a⟧। ठीक",
    "⟦https://x.y/a_b_c⟧ and ⟦https://x.y/_a_/b__c⟧",
    "⟦https://x.y/z_(1)⟧ and (⟦https://x.y/z_(1)⟧)",
    "⟦https://x.y/?q[0]=1&r=a~b#frag-1.2⟧, and",
    "⟦https://x.y/?q=[1]⟧ [⟦https://x.y/c⟧]",
    "⟦https://x.y/#L10-L20⟧. ⟦https://x.y/#?a⟧! ⟦https://x.y/a⟧:",
    "⟦https://en.wikipedia.org/wiki/Cauchy–Schwarz_inequality⟧",
    "Open ⟦http://localhost:8000/docs⟧ or ⟦http://127.0.0.1:8000/⟧"
    " or ⟦http://nas:5000/x⟧ or ⟦http://[::1]:8000/⟧ now.",
    "⟦http://localhost:3000/x⟧, ⟦http://localhost⟧.",
    "⟦http://[2001:db8::7]:8443/a?b=c⟧。⟦http://192.168.1.5:8080⟧",
    "(⟦http://nas/x⟧) ⟦http://my-host:80/⟧",
    "⟦https://example.com/a%20b⟧ ⟦https://x.y/%E2%9D%A4%EF%B8%8F⟧ ⟦https://x.y/a%C2%A0b⟧",
    "⟦www.example.com/a⟧，见 ⟦www.example.com⟧。",
    "[⟦www.example.com⟧] ⟦www.x.y/?u=https://x.y/z⟧ ahttps://x.y/ #a_⟦https://x.y⟧",
    "http://... http://[your-host]:80/ http://:80/ https:// http://my_host/",
    "-> ⟦https://e.com/x⟧> and <b>⟦https://e.com/y⟧</b> ⟦https://e.com/z⟧>>.",
    "javascript://x foo://bar file:///etc/passwd http://a@b.c/",
]
"""Text in which each address that is a link stands between ⟦ and ⟧."""
ADDRESSES = [(re.sub("[⟦⟧]", "", text), re.findall("⟦(.*?)⟧", text)) for text in MARKED]


def links(tree: Element) -> list[str]:
    anchors = [link for link in tree.find("a") if "href" in link.attributes]
    for link in anchors:
        target = (link.attributes["href"] or "").removeprefix("http://www.")
        assert len(target) >= len(link.text.removeprefix("www."))
    return [link.text for link in anchors]


def texts(text: str, tag: str) -> list[str]:
    return [element.text for element in shown(text).find(tag)]


@pytest.mark.parametrize(("text", "right"), ADDRESSES)
def test_f24_f25_addresses_in_an_answer(text: str, right: list[str]) -> None:
    tree = shown(text)
    assert links(tree) == right
    assert tree.text == text
    inside = shown(f"- **{text}**\n\n> {text}\n")
    assert links(inside) == right * 2


@pytest.mark.parametrize(("text", "right"), ADDRESSES)
def test_f24_f25_addresses_in_a_question(text: str, right: list[str]) -> None:
    tree = assert_safe(render_plain(text))
    assert links(tree) == right
    assert tree.text == text


@pytest.mark.parametrize(
    ("text", "href", "words"),
    [
        ("[a file](https://x.y/My%20File.pdf)", "https://x.y/My%20File.pdf", "a file"),
        ("[文档（一）](https://x.y/a（b）)", "https://x.y/a%EF%BC%88b%EF%BC%89", "文档（一）"),
        ("<https://x.y/a（b）>", "https://x.y/a%EF%BC%88b%EF%BC%89", "https://x.y/a（b）"),
        ("见 https://x.y/a（**重要**）", "https://x.y/a", "https://x.y/a"),
        ("**https://x.y/a**。**b**", "https://x.y/a", "https://x.y/a"),
    ],
)
def test_n1_f24_links_of_their_own(text: str, href: str, words: str) -> None:
    link = shown(text).find("a")[0]
    assert (link.attributes["href"], link.text) == (href, words)
    assert "*" not in shown(text).text


def test_f24_markup_after_an_address_is_markup() -> None:
    assert texts("见 https://x.y/a（**重要**）、`https://x.y/b`。", "strong") == ["重要"]
    assert texts("`https://x.y/b，c`", "code") == ["https://x.y/b，c"]
    assert texts("```\nhttps://x.y/b，c\n```\n", "code") == ["https://x.y/b，c\n"]


def test_f24_a_long_paragraph_is_not_cut_inside_an_address() -> None:
    address = "https://zh.wikipedia.org/wiki/数学分析与代数几何学的历史发展概述"
    text = "说明文字很长" * 30 + f"，见{address}。" * 12
    assert links(shown(text)) == [address] * 12


@pytest.mark.parametrize("text", ["https://x.y/a\\_b\\_c", "见 https://x.y/a\\_b\\_c，好"])
def test_an_escaped_underscore_in_an_address_is_one(text: str) -> None:
    link = shown(text).find("a")[0]
    assert (link.text, link.attributes["href"]) == ("https://x.y/a_b_c", "https://x.y/a_b_c")
    assert texts(f"`{text}`", "code") == [text]
    assert texts(f"```\n{text}\n```", "code") == [text + "\n"]
    assert shown("[a](https://x.y/a\\_b)").find("a")[0].attributes["href"] == "https://x.y/a_b"
