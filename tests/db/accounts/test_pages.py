"""The base of every page, and the pages of refusal."""

import json
import re

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.context import site
from core.web.bundles import BUNDLES

REFUSALS = ("error.html", "429.html")

INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]+src=)|(?:href|src)=.https?:")


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_a_sentence_and_shows_a_way_home(name: str) -> None:
    """Rendered without a request and without a database, as the 500 page may have to be."""
    html = render_to_string(name, {"heading": "Page not found", "sentence": "Not yours."})
    assert re.search(r"<h1>[^<]+</h1>", html)
    assert re.search(r'<p class="lead">[^<]+</p>', html)
    assert '<a class="button" href="/">' in html


def test_a_refusal_says_the_sentence_it_is_given() -> None:
    assert "Just this one." in render_to_string("error.html", {"sentence": "Just this one."})


def test_no_inline_script_or_style_anywhere() -> None:
    for name in ("base.html", *REFUSALS):
        html = render_to_string(name)
        assert (
            re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]+src=)|href=.https?:", html) == []
        )


def test_scripts_are_deferred_and_the_policy_comes_first() -> None:
    scripts = re.findall(r'<script src="([^"]+)" defer></script>', render_to_string("base.html"))
    names = [script.rsplit("/", 1)[1] for script in scripts]
    assert names == ["trusted-types.js", "session.js", "preferences.js", "file-drop.js"]
    assert BUNDLES["page.js"][:6] == [
        *("js/trusted-types.js", "js/session.js", "js/preferences.js", "js/file-drop.js"),
        *("vendor/htmx/htmx.min.js", "vendor/htmx/hx-ws.min.js"),
    ]


def test_htmx_leaves_reconnecting_to_the_page() -> None:
    page = render_to_string("chat/page.html")
    (text,) = re.findall(r"name=\"htmx-config\" content='([^']+)'", page)
    config = json.loads(text)
    assert config["extensions"] == "ws"
    assert config["history"] == "reload"
    assert config["ws"] == {"pauseOnBackground": False, "reconnect": False}


@pytest.mark.django_db
def test_account_pages_load_no_htmx(client: Client) -> None:
    assert "htmx" not in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize(
    ("cookie", "theme"),
    [("dark", "dark"), ("light", "light"), ("", "auto"), ('"><script>', "auto")],
)
def test_the_theme_is_in_the_first_byte(
    cookie: str, theme: str, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    with django_assert_num_queries(0):
        context = site(request)
    assert f'data-theme="{theme}"' in render_to_string("base.html", dict(context))


@pytest.mark.parametrize(
    ("name", "cookie", "value"),
    [
        ("appearance", "classic", "classic"), ("appearance", "", "default"),
        ("appearance", '"><script>', "default"),
        ("sidebar", "closed", "closed"), ("sidebar", "dark", "open"),
    ],
)  # fmt: skip
def test_appearance_and_sidebar_too(name: str, cookie: str, value: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES[name] = cookie
    assert f'data-{name}="{value}"' in render_to_string("base.html", dict(site(request)))
