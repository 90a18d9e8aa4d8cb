"""A page with our scripts under our policy, served from static/ without Django."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from django.conf import settings

from core.web.middleware import POLICY_WITH_TRUSTED_TYPES

SCRIPTS = ("js/trusted-types.js", "js/preferences.js", "vendor/htmx/htmx.min.js")
PAGE = (
    '<!doctype html><html lang="en"><title>Test</title>'
    '<meta name="htmx-config" content=\'{"extensions":"ws","includeIndicatorCSS":false}\'>'
    + "".join(f'<script src="/{path}" defer></script>' for path in SCRIPTS)
    + '<script src="/vendor/htmx/hx-ws.min.js" defer></script>'
    "{script}"
    '<link rel="stylesheet" href="/css/tokens.css"><link rel="stylesheet" href="/css/base.css">'
    '<body><div id="target">as it was</div><div id="other"></div>'
    '<button hx-get="/fragment" hx-target="#target">Load</button>'
    '<svg class="icon" id="icon"><use href="/icons.svg#plus"/></svg>'
    "</body></html>"
)
FRAGMENT = (
    '<p id="loaded">loaded</p>'
    '<hx-partial hx-target="#other" hx-swap="innerHTML"><b>beside</b></hx-partial>'
)

# Run by the page itself: what a debugger evaluates is exempt from the policy.
ATTEMPTS = """
const attempt = (make) => { try { make(); return "done"; } catch (error) { return error.name; } };
window.outcomes = {
  eval: attempt(() => eval("1")),
  function: attempt(() => new Function("return 1")()),
  text: attempt(() => { document.createElement("script").text = "1"; }),
  src: attempt(() => { document.createElement("script").src = "/js/preferences.js"; }),
  worker: attempt(() => new Worker("/js/preferences.js")),
  policy: attempt(() => trustedTypes.createPolicy("another", { createHTML: (html) => html })),
};
"""
TEXTS = {
    "/": ("text/html", PAGE.replace("{script}", "")),
    "/attempts": (
        "text/html",
        PAGE.replace("{script}", '<script src="/attempts.js" defer></script>'),
    ),
    "/fragment": ("text/html", FRAGMENT),
    "/attempts.js": ("text/javascript", ATTEMPTS),
}


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path not in TEXTS:
            super().do_GET()
            return
        kind, body = TEXTS[self.path]
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY_WITH_TRUSTED_TYPES)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Requests of a test are nobody's news."""


@contextmanager
def static_site() -> Iterator[str]:
    """The address of the page, on a free port."""
    handler = partial(Handler, directory=str(settings.BASE_DIR / "static"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
