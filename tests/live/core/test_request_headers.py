"""Every request header that an installed package reads is known here, and decided on."""

import ast
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.sync.client import connect

from core.server.request_headers import ALLOWED, FROM_PROXIES
from tests.support.echo_server import echo_server

# Packages, and files of large ones, through which a request goes.
READERS = {
    "daphne": ("**/*.py",),
    "autobahn": ("websocket/protocol.py", "twisted/websocket.py"),
    "twisted": ("web/http.py",),
    "channels": ("**/*.py",),
    "django": (
        *("core/handlers/*.py", "http/*.py", "middleware/*.py", "utils/*.py", "shortcuts.py"),
        *("views/**/*.py", "contrib/admin/**/*.py", "contrib/auth/**/*.py"),
        *("contrib/messages/**/*.py", "contrib/sessions/**/*.py", "contrib/staticfiles/**/*.py"),
        *("template/*.py", "urls/*.py", "forms/*.py", "conf/*.py"),
    ),
    "allauth": ("account/**/*.py", "core/**/*.py", "*.py"),
    "django_htmx": ("*.py",),
    "servestatic": ("**/*.py",),
}
# What they read beside the allowed ones, and why it does not reach them. Whoever finds a new name
# here after an upgrade decides: is it in core.server.request_headers.ALLOWED, or in this list?
DROPPED = {
    "daphne-root-path": "says where the site lives",
    "x-forwarded-for": "says who the client is: only with TRUSTED_PROXIES",
    "x-forwarded-proto": "says how it came: only with TRUSTED_PROXIES",
    "x-forwarded-host": "says where the site lives; Django reads it only when told to",
    "x-forwarded-port": "the same",
    "remote-user": "says who the person is; for an authentication that is not used",
    "authorization": "a password in each request, which no page sends",
    "x-requested-with": "turns pages of accounts into JSON",
    "if-match": "for views with an ETag, of which there are none",
    "if-unmodified-since": "the same",
    "sec-websocket-origin": "of drafts of the protocol",
    "sec-websocket-protocol": "subprotocols, of which there are none",
    "hx-boosted": "what htmx says of itself; pages need to know only that it asks, and where",
    "hx-history-restore-request": "the same",
    "hx-prompt": "the same",
    "hx-ptag": "the same",
    "hx-request-type": "the same",
    "hx-source": "the same",
    "hx-target": "the same",
    "hx-trigger": "the same",
    "hx-trigger-name": "the same",
    "triggering-event": "the same",
}
# Headers of answers and of parts of a form, variables of the environment, and other words.
NO_REQUEST_HEADERS = frozenset(
    (
        *("asgi-threads", "bad-request", "content-disposition", "content-transfer-encoding"),
        *("csrf-cookie", "csrf-cookie-needs-update", "django-allow-async-unsafe"),
        *("django-superuser-password", "django-watchman-timeout", "etag"),
        *("forms-urlfield-assume-https", "headers", "info", "last-modified", "name", "no-store"),
        *("not-found", "not-modified", "path-info", "permissions", "pypy", "q", "query-string"),
        *("redirect", "remote-addr", "request", "request-method", "routing", "script-name"),
        *("sec-websocket-accept", "secret-key", "self", "server-error", "server-name"),
        *("server-port", "success", "true", "unique", "version-not-supported", "websocket"),
        "xmlhttprequest",
    )
)
RECEIVER = re.compile(r"(header|META|environ)", re.IGNORECASE)
METHODS = {"get", "pop", "getHeader", "getRawHeaders", "hasHeader", "_get_header_value"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")


def literal(node: ast.expr) -> str:
    """The text of a constant, "" for anything else."""
    value = node.value if isinstance(node, ast.Constant) else ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def names_in(node: ast.AST) -> Iterator[str]:
    """Names of headers that this expression looks up, or compares with."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        receiver, method = ast.unparse(node.func.value), node.func.attr
        is_lookup = method not in ("get", "pop") or RECEIVER.search(receiver)
        if method in METHODS and is_lookup and "response" not in receiver:
            yield literal(node.args[0])
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        receiver = ast.unparse(node.value)
        if RECEIVER.search(receiver) and "response" not in receiver:
            yield literal(node.slice)
    elif isinstance(node, ast.Compare):
        source = ast.unparse(node)
        if re.search(r"header|META|\bname\b", source) and "response" not in source:
            yield from (literal(side) for side in (node.left, *node.comparators))
    elif isinstance(node, ast.Constant):
        text = literal(node)
        if re.fullmatch(r"HTTP_[A-Z_]+", text):
            yield text


def header_of(name: str) -> str:
    """A name as a request carries it, "" for what is none."""
    found = name.removeprefix("HTTP_").replace("_", "-").lower()
    return found if NAME.fullmatch(name) else ""


def read_by(package: str) -> set[str]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    folder, found = Path(spec.origin).parent, set()
    for pattern in READERS[package]:
        for file in folder.glob(pattern):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found |= {header_of(name) for node in ast.walk(tree) for name in names_in(node)}
    return found - {""}


def test_every_header_that_is_read_is_decided_on() -> None:
    decided = {name.decode() for name in ALLOWED} | set(DROPPED) | NO_REQUEST_HEADERS
    unknown = {package: sorted(read_by(package) - decided) for package in READERS}
    assert not {package: names for package, names in unknown.items() if names}


def test_the_lists_hold_nothing_that_nobody_reads() -> None:
    """What an upgrade no longer reads goes. Some are looked up by a name that a setting holds."""
    everything = set().union(*(read_by(package) for package in READERS))
    by_setting = {"chat-socket", "remote-user", "x-forwarded-proto", "sec-websocket-origin"}
    assert set(DROPPED) - everything <= by_setting
    assert everything >= NO_REQUEST_HEADERS
    assert {name.decode() for name in ALLOWED} - everything <= by_setting


def test_nothing_is_both_allowed_and_dropped() -> None:
    assert not {name.encode() for name in DROPPED} & ALLOWED
    assert {name.encode() for name in DROPPED} >= FROM_PROXIES


# What reaches an application behind the real server
@pytest.fixture(scope="module")
def echo(site_database: dict[str, str]) -> Iterator[int]:
    with echo_server(site_database) as port:
        yield port


@pytest.fixture(scope="module")
def proxied_echo(site_database: dict[str, str]) -> Iterator[int]:
    with echo_server(site_database | {"TRUSTED_PROXIES": "10.9.9.9"}) as port:
        yield port


VALUE = "https://foreign.example.net/%2e"
SENT = dict.fromkeys((*DROPPED, "x-anything", "x_forwarded_host", "x-csrftoken"), VALUE)
SHORTENED = {name: value for name, value in SENT.items() if name != "sec-websocket-protocol"}


def check(scope: dict[str, Any], allowed: frozenset[bytes]) -> None:
    """Only allowed headers, and nothing else of the scope that a header decides."""
    names = [name for name, _ in scope["headers"]]
    assert {name.encode() for name in names} <= allowed
    assert ["x-csrftoken", VALUE] in scope["headers"]
    assert scope["root_path"] == ""
    assert scope["client"][0] == "127.0.0.1"
    assert (scope["path"], scope["scheme"] or "http") == ("/ws/", "http")
    assert not scope["subprotocols"]


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_only_allowed_headers_reach_the_application(echo: int, method: str) -> None:
    with httpx2.Client(trust_env=False) as client:
        answer = client.request(method, f"http://127.0.0.1:{echo}/ws/", headers=SENT)
    assert answer.json()["method"] == method
    check(answer.json(), ALLOWED)


@pytest.mark.parametrize("sent", [SENT, SHORTENED])
def test_only_allowed_headers_reach_a_websocket(echo: int, sent: dict[str, str]) -> None:
    with connect(f"ws://127.0.0.1:{echo}/ws/", additional_headers=sent, proxy=None) as wire:
        check(json.loads(wire.recv(timeout=10)), ALLOWED)


def test_what_proxies_say_is_kept_where_there_are_some(proxied_echo: int) -> None:
    """Whether the one who says it is such a proxy is for the middleware to find out."""
    with httpx2.Client(trust_env=False) as client:
        answer = client.get(f"http://127.0.0.1:{proxied_echo}/ws/", headers=SENT)
    check(answer.json(), ALLOWED | FROM_PROXIES)
    assert {name.encode() for name, _ in answer.json()["headers"]} >= FROM_PROXIES
