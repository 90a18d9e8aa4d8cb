"""Small wheels made on the spot, and a package index on loopback that offers them."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each on the terminal."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""


class PackageIndex:
    """The folder of an index with the simple repository API (PEP 503)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""

    def add(self, name: str, version: str, *needs: str, extras: str = "") -> str:
        """Publish a wheel with these `Requires-Dist` lines; its pin as a lock writes it."""
        project = self.folder / "simple" / name
        project.mkdir(parents=True, exist_ok=True)
        wheel = project / f"{name}-{version}-py3-none-any.whl"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Provides-Extra: {extra}" for extra in extras.split()]
        metadata += [f"Requires-Dist: {need}" for need in needs]
        files = {
            f"{name}.py": "",
            f"{name}-{version}.dist-info/METADATA": "\n".join(metadata) + "\n",
            f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        }
        record = f"{name}-{version}.dist-info/RECORD"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
            archive.writestr(record, "".join(f"{path},,\n" for path in (*files, record)))
        links = [f'<a href="{file.name}">{file.name}</a>' for file in sorted(project.glob("*.whl"))]
        (project / "index.html").write_text("\n".join(links))
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"

    @contextmanager
    def serve(self) -> Iterator[None]:
        """Offer the folder at `url` for the length of the block."""
        handler = partial(QuietHandler, directory=self.folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_port}/simple"
            try:
                yield
            finally:
                server.shutdown()
                thread.join()
