"""One style sheet and one script for the chat page, joined from small files by `collectstatic`.

A page that asks for few files is there sooner; people who read the source want many.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils import timezone

STYLES = ("tokens", "base", "markdown", "chat", "controls", "search")
HTMX = ("vendor/htmx/htmx.min.js", "vendor/htmx/hx-ws.min.js")
SCRIPTS = (
    *("words", "connection", "socket", "frames", "drafts", "composer", "options"),
    *("thread", "copy", "shell", "attention", "place", "keys", "search"),
)
BUNDLES = {
    "page.css": [f"css/{name}.css" for name in STYLES],
    # The policy of Trusted Types comes before everything that makes markup.
    "page.js": [
        *("js/trusted-types.js", "js/session.js", "js/theme.js", *HTMX),
        *(f"js/{name}.js" for name in SCRIPTS),
    ],
}
# A minified script may end without a semicolon; what follows would then be its argument.
SEPARATORS = {".css": b"\n", ".js": b"\n;\n"}


def source_paths(name: str) -> list[Path]:
    return [settings.BASE_DIR / "static" / path for path in BUNDLES[name]]


def join_sources(name: str) -> bytes:
    return SEPARATORS[Path(name).suffix].join(path.read_bytes() for path in source_paths(name))


class BundleStorage(Storage):
    """The joined files, made when they are read."""

    prefix = ""

    def exists(self, name: str) -> bool:
        return name in BUNDLES

    def path(self, name: str) -> str:
        """Only for what `collectstatic` prints."""
        return str(settings.BASE_DIR / "static" / name)

    def get_modified_time(self, name: str) -> datetime:
        newest = max(path.stat().st_mtime for path in source_paths(name))
        return datetime.fromtimestamp(newest, timezone.get_default_timezone())

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        return ContentFile(join_sources(name), name)


class BundleFinder(BaseFinder):
    """Finds the bundles beside the files of `static/`."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """With DEBUG files are served from where they are found, so the bundle is written."""
        if path not in BUNDLES:
            return []
        made = Path(settings.DATA_DIR) / "bundles" / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(join_sources(path))
        return [os.fspath(made)] if find_all else os.fspath(made)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, BundleStorage]]:
        storage = BundleStorage()
        for name in BUNDLES:
            yield name, storage
