"""List every use of a private or undocumented part of another package, with file and line.

`python -m tests.support.private_uses [folder ...]` prints one line for each use and their number.
The parts that remain are explained in docs/upgrading.md; tests/test_private_uses.py compares the
two.

It finds imports of private modules and names, private attributes (by name, or as a text given to
`getattr`), private methods that a class of ours overrides, and base classes that are not meant to
be subclassed. It reads the syntax tree for lines, and imports the modules for the classes' bases.
"""

import ast
import importlib
import inspect
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "chat", "config", "core", "launcher")

# Names with an underscore that their packages document for code like ours.
DOCUMENTED = {
    "_meta": "https://docs.djangoproject.com/en/5.2/ref/models/meta/",
    "_state": "https://docs.djangoproject.com/en/5.2/ref/models/instances/#state",
    "_db": "https://docs.djangoproject.com/en/5.2/topics/auth/customizing/",
    "_open": "https://docs.djangoproject.com/en/5.2/howto/custom-file-storage/",
    "_replace": "https://docs.python.org/3/library/collections.html#collections.namedtuple",
}
# Base classes whose documentation invites subclasses, as patterns of their full names.
DOCUMENTED_BASES = re.compile(
    r"""
    (abc|argparse|asyncio|builtins|collections|contextlib|enum|http|json|logging|typing|threading)\.
    | (django\.(apps|core\.(management|files)|dispatch|forms|http|middleware|template|views)\.)
    | django\.(db\.models|db\.migrations|contrib\.admin|contrib\.postgres)\.
    | django\.contrib\.(auth|messages|sessions|staticfiles)\.
    | allauth\.account\.(adapter|forms|views|fields|mixins)\.
    | channels\.(consumer|generic\.websocket)\.
    # `server_class` is daphne's own way to use another server.
    | daphne\.(cli\.CommandLineInterface|server\.Server)$
    | psycopg\.Cursor$ | psycopg\.cursor\.
    # "Custom transports": https://www.python-httpx.org/advanced/transports/
    | httpx2\.(AsyncBaseTransport|AsyncByteStream|HTTPTransport|ReadError)$
    # https://docs.djangoproject.com/en/5.2/ref/databases/#subclassing-the-built-in-database-backends
    | django\.db\.backends\.postgresql\.base\.DatabaseWrapper$
    # https://docs.twisted.org/en/stable/api/twisted.internet.asyncioreactor.html
    | twisted\.internet\.asyncioreactor\.AsyncioSelectorReactor$
    """,
    re.VERBOSE,
)


# Names without an underscore that their packages do not document; kept by hand.
UNDOCUMENTED = {
    "__acall__": "Django's MiddlewareMixin",
    "base_send": "Channels' AsyncConsumer",
    "get_handler_name": "Channels",
    "encode_basestring": "the json module's encoder",
    "parse_accept_lang_header": "Django's trans_real",
    "autoPingTimeoutCall": "autobahn's WebSocketProtocol",
    "dropConnection": "autobahn's WebSocketProtocol",
    "inside_message": "autobahn's WebSocketProtocol",
    "send_queue": "autobahn's WebSocketProtocol",
    "websocket_extensions_in_use": "autobahn's WebSocketProtocol",
    "dataBuffer": "Twisted's FileDescriptor",
    "writeSomeData": "Twisted's tcp.Connection",
    "TLS": "Twisted's tcp.Connection",
    "daphne.server": "daphne's modules, whose `time` is replaced",
}


class Use(NamedTuple):
    """One use: file below the repository's root, line, and the name that is used."""

    path: str
    line: int
    name: str


def is_private(name: str) -> bool:
    """Whether the name starts with one underscore and is not documented."""
    return (
        name.startswith("_")
        and name.strip("_") != ""
        and not name.endswith("__")
        and name not in DOCUMENTED
    )


def module_of(path: Path) -> str:
    """Return the dotted name of a source file of ours."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


class Visitor(ast.NodeVisitor):
    """Collect the uses of one source file that its syntax shows."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.tree = ast.parse(source)
        self.own = own_names(self.tree)
        self.uses: list[Use] = []

    def add(self, node: ast.AST, name: str) -> None:
        self.uses.append(Use(self.path, getattr(node, "lineno", 0), name))

    def visit(self, node: ast.AST) -> None:
        names = [getattr(node, "name", None), getattr(node, "attr", None)]
        if isinstance(node, ast.Constant):
            names.append(node.value)
        for name in names:
            if isinstance(name, str) and name in UNDOCUMENTED:
                self.add(node, name)
        super().visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not is_ours(alias.name) and is_private_module(alias.name):
                self.add(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or is_ours(module):
            return
        for alias in node.names:
            if is_private_module(module) or is_private(alias.name) or alias.name in UNDOCUMENTED:
                self.add(node, f"{module}.{alias.name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if is_private(node.attr) and node.attr not in self.own:
            self.add(node, node.attr)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if (
            isinstance(node.func, ast.Name)
            and node.func.id in ("getattr", "setattr", "hasattr", "delattr")
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
            and is_private(str(node.args[1].value))
        ):
            self.add(node, str(node.args[1].value))
        self.generic_visit(node)


def is_private_module(module: str) -> bool:
    return any(part == "internal" or is_private(part) for part in module.split("."))


def own_names(tree: ast.Module) -> set[str]:
    """Return the private names that the file defines itself."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            names.add(node.attr)
    return names


def sources(folders: list[str]) -> Iterator[Path]:
    """Yield our source files, without migrations."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def class_uses(path: Path) -> Iterator[Use]:
    """Yield undocumented bases of the file's classes, and private names that they override."""
    tree = ast.parse(path.read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.bases]
    if not nodes:
        return
    module = importlib.import_module(module_of(path))
    place = str(path.relative_to(ROOT))
    for node in nodes:
        found = getattr(module, node.name, None)
        if not inspect.isclass(found):
            continue
        for base in found.__bases__:
            full_name = f"{base.__module__}.{base.__qualname__}"
            if not is_ours(base.__module__) and not DOCUMENTED_BASES.match(full_name):
                yield Use(place, node.lineno, full_name)
        yield from overridden(place, node, found)


def overridden(place: str, node: ast.ClassDef, found: type) -> Iterator[Use]:
    """Yield the private names of foreign base classes that the class defines or assigns."""
    foreign = [base for base in found.__mro__[1:-1] if not is_ours(base.__module__)]
    words = set().union(*map(private_words, foreign))
    for part in ast.walk(node):
        name = ""
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = part.name
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            name = part.attr if part.value.id == "self" else ""
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            name = part.id
        if is_private(name) and name in words:
            yield Use(place, getattr(part, "lineno", 0), name)


@cache
def private_words(base: type) -> set[str]:
    """Return the words with an underscore in the source of a class, or its attributes' names."""
    try:
        return set(re.findall(r"\b_\w+", inspect.getsource(base)))
    except (OSError, TypeError):
        return set(vars(base))


def find_uses(folders: list[str]) -> list[Use]:
    """Return all uses in the folders, in order."""
    uses: set[Use] = set()
    for path in sources(folders):
        visitor = Visitor(str(path.relative_to(ROOT)), path.read_text())
        visitor.visit(visitor.tree)
        uses.update(visitor.uses, class_uses(path))
    return sorted(uses)


def main(folders: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    importlib.import_module("django").setup()
    uses = find_uses(folders or list(PACKAGES))
    by_path: dict[str, int] = defaultdict(int)
    for use in uses:
        by_path[use.path] += 1
        print(f"{use.path}:{use.line}: {use.name}")
    print(f"{len(uses)} uses in {len(by_path)} files")


if __name__ == "__main__":
    main(sys.argv[1:])
