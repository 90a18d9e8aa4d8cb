"""Markdown as models write it, whole and in random pieces."""

import random
from collections.abc import Iterator

from chat.rendering.markdown import Stream

PIECES = [
    "Plain words in a row, with a full stop. ",
    "**bold**",
    "*em*",
    "***both***",
    "~~gone~~",
    "`code`",
    "``a `tick` b``",
    "[link](https://example.com/a?b=1&c=2)",
    "[ref][one]",
    "[1]",
    "![alt](https://example.com/x.png)",
    "https://example.com/path",
    "a@example.com",
    "<b>raw</b>",
    "$5 and $10",
    "$x^2 + y$",
    "$$a = b$$",
    "$ a + b $",
    "$n$th",
    "($) and ($)",
    "$\\ce{H2O}$",
    "${A}-${B}",
    "\n$$\\boxed{a}\n\n- b$$\n",
    "\n$$\na\n\n+ b\n$$\n",
    "\n| $|x|$ | $5 | 6$ |\n",
    "\\(z\\)",
    "\\[q\\]",
    "é 漢字 🎉",
    "&amp; & &lt;",
    "\\*not\\*",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "\n\n",
    "\n# Heading\n\n",
    "\n## Two *em*\n",
    "\n- item\n",
    "\n- two\n- three\n",
    "\n  - nested\n",
    "\n\n  more of it\n",
    "\n1. one\n2. two\n",
    "\n   ```py\n   x = 1\n   ```\n",
    "\n- [ ] task\n- [x] done\n",
    "\n> quote\n",
    "\n> - in quote\n\n",
    "\n> [!NOTE]\n> alert\n\n",
    '\n```python\ndef f(x):\n    return "<b>"\n```\n',
    "\n~~~\nplain **code**\n~~~\n",
    "\n```",
    "\n| a | b |\n|---|--:|\n| 1 | **2** |\n| 3 |\n",
    "\n| lone",
    "\n---\n",
    "\n***\n",
    "\ntitle\n===\n",
    "\n    indented\n",
    "\n$$\na\n+ b\n$$\n",
    "\n\\[\nx < y\n\\]\n",
    "note[^1] ",
    "\n[^1]: the note\n\n",
    "\n[one]: https://example.com/one\n",
    "\n<div>\n",
    "one<br>two<br />",
    "H<sub>2</sub>O",
    "<kbd>",
    "3~5 ",
    "__init__",
    "这是**「重点」**吧。",
    "看https://x.y/数（b）",
    "http://[::1]:80/",
    "שלום 3-5 ",
    "C:\\_x",
    "\n```md\n```py\nx\n```\n```\n",
    "\n1. a\n\n\t```\n\tb\n\t```\n",
    "*",
    "**",
    "_",
    "`",
    "[",
    "](",
    "|",
    "$",
    "~~",
    "\t",
    "  ",
]

BEHAVED = """# Title with *emphasis*

A first paragraph with **bold**, `code`, a [link](https://example.com/x), $5 and $10, and $x^2$ of
math on two lines. It is long enough to be cut: the quick brown fox jumps over the lazy dog, and
*then* some. The quick brown fox jumps over the lazy dog; https://example.com/auto is a link too.

- one
- two with **bold**
  - nested one
  - nested `two`
- three

1. first

   with a second paragraph

2. second

   ```python
   def f(x):
       return x < 1
   ```

3. third

> A quote
> on two lines
>
> - with a list

> [!WARNING]
> Careful with this.

| Name | Count |
|:-----|------:|
| *a*  | 1     |
| b    |       |
| c    | 3     |

```rust
fn main() { println!("<b>"); }
```

$$
\\frac{a}{b}
+ c
$$

Text after \\(a+b\\) and a line
===

- [ ] to do
- [x] done

---

Last words: 漢字かな交じり文、これは長い文章です。🎉 ~~gone~~ end.
"""


def cuts(text: str, chance: random.Random, longest: int = 9) -> Iterator[str]:
    """The text in pieces of 1 to `longest` characters."""
    at = 0
    while at < len(text):
        step = chance.randint(1, longest)
        yield text[at : at + step]
        at += step


def stream(*pieces: str) -> Stream:
    """Return the stream of an answer after each piece was fed and rendered."""
    answer = Stream("ab12")
    for piece in pieces:
        answer.feed(piece)
        answer.render()
    return answer
