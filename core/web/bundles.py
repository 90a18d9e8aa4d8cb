"""Join the small source files into one style sheet and one script during `collectstatic`.

A page loads faster with few files; the source is easier to read in many.
"""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils import timezone

STYLES = ("tokens", "base", "markdown", "blocks", "math", "chat", "controls", "search")
HTMX = ("vendor/htmx/htmx.min.js", "vendor/htmx/hx-ws.min.js")
SCRIPTS = (
    *("core", "storage", "connection", "socket", "selection", "answer-stream", "drafts"),
    "composer",
    *(
        "model-settings",
        "scroll-follow",
        "fold",
        "announcer",
        "copy-formulas",
        "copy",
        "code-tools",
    ),
    # In this order: a click on a menu item closes the menu before it opens a dialog, and Esc closes
    # the nearest of them.
    *("menus", "message-edit", "sidebar", "dialogs", "focus", "notices", "unsaved"),
    *("unread", "sidebar-scroll", "shortcuts", "search", "composer-move", "opening"),
)
BUNDLES = {
    "page.css": [f"css/{name}.css" for name in STYLES],
    # The Trusted Types policy has to exist before any script creates markup.
    "page.js": [
        *("js/trusted-types.js", "js/session.js", "js/preferences.js", "js/file-drop.js"),
        *HTMX,
        *(f"js/{name}.js" for name in SCRIPTS),
    ],
}
# A minified script may end without a semicolon, and would then call the next one's parentheses.
SEPARATORS = {".css": b"\n", ".js": b"\n;\n"}
# A seventh of our scripts, a fifth of our styles. A comment behind code has no quote in it: a text
# that looks like one is followed by its closing quote. No text of ours spans lines or holds a
# comment of CSS.
OMITTED = {
    ".css": re.compile(rb"/\*.*?\*/|^\s+|(?<=[:;{,])\s+| (?={)", re.M | re.S),
    ".js": re.compile(rb"^\s*//.*\n|^\s+|(?<=[;{,)]) +// [^\"'`\n]*$", re.M),
}


def source_paths(name: str) -> list[Path]:
    """Return the source files of a bundle, in order."""
    return [settings.BASE_DIR / "static" / path for path in BUNDLES[name]]


def join_sources(name: str) -> bytes:
    """Return the content of a bundle, our own files without comments and indentation."""
    return SEPARATORS[Path(name).suffix].join(read_source(path) for path in source_paths(name))


def read_source(path: Path) -> bytes:
    source = path.read_bytes()
    return source if "vendor" in path.parts else OMITTED[path.suffix].sub(b"", source)


class BundleStorage(Storage):
    """A read-only storage of the bundles, which are joined when they are opened."""

    prefix = ""

    def exists(self, name: str) -> bool:
        return name in BUNDLES

    def path(self, name: str) -> str:
        """Return a path, only for the output of `collectstatic`; no such file exists."""
        return str(settings.BASE_DIR / "static" / name)

    def get_modified_time(self, name: str) -> datetime:
        newest = max(path.stat().st_mtime for path in source_paths(name))
        return datetime.fromtimestamp(newest, timezone.get_default_timezone())

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        return ContentFile(join_sources(name), name)


class BundleFinder(BaseFinder):
    """A static files finder for the bundles, in addition to the files of `static/`."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Write the bundle to `DATA_DIR/bundles` and return its path.

        With DEBUG, Django serves a file from the path that its finder returns.
        """
        if path not in BUNDLES:
            return []
        bundle = Path(settings.DATA_DIR) / "bundles" / path
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(join_sources(path))
        return [os.fspath(bundle)] if find_all else os.fspath(bundle)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, BundleStorage]]:
        storage = BundleStorage()
        for name in BUNDLES:
            yield name, storage
