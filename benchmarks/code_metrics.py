"""Measure the size and the wording of the code, in this checkout or in another one.

`python -m benchmarks.code_metrics` prints a table of the packages that run in production. Give a
path to measure another checkout, such as an older commit in a worktree:

    git worktree add /tmp/before af299ac
    python -m benchmarks.code_metrics /tmp/before
"""

import argparse
import ast
import io
import re
import statistics
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import grimp

# From high to low: an import of a package further left points upward.
PACKAGES = ("launcher", "config", "chat", "accounts", "core")
# Participles and adverbs that do not tell what a local holds.
VAGUE_LOCALS = frozenset(
    {"found", "shown", "made", "kept", "known", "said", "here", "now", "taken", "asked", "begun"}
)
# Django's model options and the copy of a named tuple are public in spite of their names.
PUBLIC_NAMES = frozenset({"_meta", "_replace"})
MAX_TEMPLATE_LINE = 120
_PRAGMA = re.compile(r"#\s*(?:type:|noqa|pragma|mypy:)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Metrics:
    """Lengths are in lines; `arrows` are (importing module, imported module) pairs."""

    files: list[int] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    comments: int = 0
    docstring_lines: int = 0
    vague_locals: Counter[str] = field(default_factory=Counter)
    vague_functions: int = 0
    private_names: list[str] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)
    template_lines: list[int] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return sum(self.files)


def measure(root: Path) -> Metrics:
    """Measure the checkout at `root`."""
    metrics = Metrics(arrows=upward_imports(root))
    trees = {path: ast.parse(path.read_text()) for path in python_files(root)}
    for path, tree in trees.items():
        add_file(metrics, path.read_text(), tree)
    metrics.private_names = foreign_private_names(list(trees.values()))
    for path in sorted((root / "templates").rglob("*.html")):
        metrics.template_lines += [len(line) for line in path.read_text().splitlines()]
    return metrics


def python_files(root: Path) -> list[Path]:
    """Return the modules of the production packages, without migrations and empty files."""
    paths = [path for name in PACKAGES for path in sorted((root / name).rglob("*.py"))]
    return [path for path in paths if "migrations" not in path.parts and path.stat().st_size]


def add_file(metrics: Metrics, source: str, tree: ast.Module) -> None:
    metrics.files.append(len(source.splitlines()))
    metrics.comments += count_comments(source)
    for node in ast.walk(tree):
        if isinstance(node, Function):
            metrics.functions.append((node.end_lineno or node.lineno) - node.lineno + 1)
            names = VAGUE_LOCALS & local_names(node)
            metrics.vague_locals.update(names)
            metrics.vague_functions += bool(names)
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            metrics.docstring_lines += docstring_lines(node)


def count_comments(source: str) -> int:
    """Return the number of comments that are not instructions to a tool."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return sum(not _PRAGMA.match(comment) for comment in comments)


def docstring_lines(node: ast.Module | ast.ClassDef | Function) -> int:
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def local_names(function: Function) -> set[str]:
    """Return the parameters and the variables of a function, nested functions left out."""
    arguments = function.args
    names = {
        argument.arg
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    }
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, Function | ast.ClassDef):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        pending += ast.iter_child_nodes(node)
    return names


def foreign_private_names(trees: list[ast.Module]) -> list[str]:
    """Return private names of other packages that the code reads: an estimate without types.

    These are attributes with one leading underscore that no module of ours defines, and imports
    from modules called `internal` or with a leading underscore.
    """
    own = {name for tree in trees for name in defined_names(tree)} | PUBLIC_NAMES
    attributes = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own
    }
    return sorted(attributes | {name for tree in trees for name in private_imports(tree)})


def defined_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # a name in `__slots__`


def private_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            package, *parts = node.module.split(".")
            names = [*parts, *(alias.name for alias in node.names)]
            if package not in PACKAGES and any(map(is_internal, names)):
                yield f"{node.module}: {', '.join(alias.name for alias in node.names)}"


def is_internal(name: str) -> bool:
    return name == "internal" or is_private(name)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def upward_imports(root: Path) -> list[tuple[str, str]]:
    """Return the imports that point to a higher package, or to a higher layer of `chat`.

    The order of the packages is `PACKAGES`; that of the layers is the contract of the checkout.
    """
    names = [name for name in PACKAGES if (root / name / "__init__.py").exists()]
    sys.path.insert(0, str(root))
    graph = grimp.build_graph(*names, cache_dir=None)
    layers = chat_layers(root)
    return [
        (module, imported)
        for module in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if points_upward(module, imported, layers)
    ]


def points_upward(module: str, imported: str, layers: dict[str, int]) -> bool:
    package, imported_package = module.split(".")[0], imported.split(".")[0]
    if package != imported_package:
        return PACKAGES.index(package) > PACKAGES.index(imported_package)
    layer, imported_layer = layer_of(module, layers), layer_of(imported, layers)
    return layer is not None and imported_layer is not None and layer > imported_layer


def layer_of(module: str, layers: dict[str, int]) -> int | None:
    parts = module.split(".")
    return layers.get(parts[1]) if parts[0] == "chat" and len(parts) > 1 else None


def chat_layers(root: Path) -> dict[str, int]:
    """Return the number of each layer of `chat`, 0 for the highest, from the import contracts."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    for contract in settings["tool"]["importlinter"]["contracts"]:
        layers = [layer.replace("chat.", "").split(" | ") for layer in contract.get("layers", ())]
        if any("models" in layer for layer in layers):
            return {name: number for number, layer in enumerate(layers) for name in layer}
    return {}


def lengths(values: list[int]) -> str:
    """Return median, 90th percentile and maximum."""
    ninety = statistics.quantiles(values, n=10)[-1]
    return f"{statistics.median(values):.0f} / {ninety:.0f} / {max(values)}"


def rows(metrics: Metrics) -> Iterator[tuple[str, str]]:
    vague = ", ".join(f"{name} {count}" for name, count in metrics.vague_locals.most_common())
    too_long = sum(length > MAX_TEMPLATE_LINE for length in metrics.template_lines)
    yield "modules", f"{len(metrics.files):,}"
    yield "lines", f"{metrics.lines:,}"
    yield "file: median / p90 / longest, lines", lengths(metrics.files)
    yield "functions", f"{len(metrics.functions):,}"
    yield "function: median / p90 / longest, lines", lengths(metrics.functions)
    yield "comments per 100 lines", f"{100 * metrics.comments / metrics.lines:.1f}"
    yield "docstring lines per 100 lines", f"{100 * metrics.docstring_lines / metrics.lines:.1f}"
    yield "functions with a vague local", f"{metrics.vague_functions} ({vague or 'none'})"
    yield "imports that point upward", f"{len(metrics.arrows)}"
    yield "private names of other packages (estimate)", f"{len(metrics.private_names)}"
    yield "template line: longest, characters", f"{max(metrics.template_lines)}"
    yield f"template lines over {MAX_TEMPLATE_LINE} characters", f"{too_long}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", nargs="?", type=Path, default=Path())
    parser.add_argument("--details", action="store_true", help="list upward imports and names")
    options = parser.parse_args()
    metrics = measure(options.checkout.resolve())
    print("| measure | value |\n|---|---|")
    for name, value in rows(metrics):
        print(f"| {name} | {value} |")
    if options.details:
        print(*(f"{module} -> {imported}" for module, imported in metrics.arrows), sep="\n")
        print(*metrics.private_names, sep="\n")


if __name__ == "__main__":
    main()
