"""The names of the environment: read in one file, written down in two, safe when missing."""

import re
import subprocess
import sys

import pytest

from tests.support.site import ROOT, environment

SETTINGS = (ROOT / "config" / "settings.py").read_text()
NAMES = sorted(set(re.findall(r'env\.\w+\(\s*"([A-Z][A-Z0-9_]*)"', SETTINGS)))
# Set by GitHub, not by people.
OF_CODESPACES = {"CODESPACE_NAME", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"}


def loaded(*lines: str, **values: str) -> subprocess.CompletedProcess[str]:
    """What a process says that loads the settings and runs these lines."""
    return run_python(
        "-c", "\n".join(["from django.conf import settings as s", "s.DEBUG", *lines]), **values
    )


def run_python(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(SECRET_KEY="only-for-tests-" + "x" * 40) | values,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_names_are_found() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "SITE_URL", "HF_TOKEN", "PORT", "LIMITS"} <= set(NAMES)


@pytest.mark.parametrize("file", [".env.example", "README.md"])
def test_every_name_is_written_down(file: str) -> None:
    text = (ROOT / file).read_text()
    known = set(re.findall(r"\b[A-Z][A-Z0-9_]{3,}\b", text))
    assert set(NAMES) - OF_CODESPACES - known == set()


def test_the_example_names_nothing_that_is_not_read() -> None:
    text = (ROOT / ".env.example").read_text()
    offered = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.M))
    composed = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert offered - set(NAMES) - composed == set()


@pytest.mark.parametrize("currency", ["", " ", "dollars of the US", "U\nSD"])
def test_an_impossible_currency_is_said(currency: str) -> None:
    done = loaded(CURRENCY=currency)
    assert done.returncode != 0
    assert "CURRENCY must be" in done.stderr


def test_without_a_secret_key_nothing_starts() -> None:
    done = loaded(SECRET_KEY="")
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
    assert "set it to a long random string" in done.stderr


@pytest.mark.parametrize(("said", "found"), [("?prepare_threshold=none", "None"), ("", "0")])
def test_an_address_may_forbid_prepared_statements(said: str, found: str) -> None:
    done = loaded(
        "import django; django.setup()",
        "from django.db import connection as c",
        "from core.db.connection import KeptConnection as K",
        "print(K(c.settings_dict, 'default').get_connection_params()['prepare_threshold'])",
        DATABASE_URL=f"postgresql://someone@127.0.0.1:1/chat{said}",
    )
    assert done.stdout == f"{found}\n", done.stderr


def test_a_bad_address_is_said_before_anything_starts() -> None:
    done = loaded(SITE_URL="chat.example.org")
    assert done.returncode != 0
    assert "SITE_URL is 'chat.example.org'" in done.stderr


def test_a_bad_proxy_is_said_before_anything_starts() -> None:
    done = loaded(TRUSTED_PROXIES="10.0.0.0/8,caddy")
    assert done.returncode != 0
    assert "TRUSTED_PROXIES contains 'caddy'" in done.stderr


@pytest.mark.parametrize(
    "command", ["manage.py migrate", "-m core.server.serve config.asgi:application"]
)
def test_a_command_ends_with_one_line_and_without_traceback(command: str) -> None:
    """The commands of the image: migrations and the web process."""
    values = {"SITE_URL": "https://chat.example.org", "DEBUG": "on", "SECRET_KEY": "short"}
    done = run_python(*command.split(), **values)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Wrong settings: Others can reach this site (https://chat.ex")
    assert done.stderr.count("\n") == 1
    assert "SECRET_KEY is too easy to guess. Set it to at least 50 random characters" in done.stderr


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DEBUG": "on"}, "DEBUG is on, "),
        ({"SECRET_KEY": "0123456789" * 4 + "abcdefghi"}, "SECRET_KEY is too easy to guess. "),
        ({"SECRET_KEY": "abcd" * 20}, "SECRET_KEY is too easy to guess. "),
        ({"ALLOWED_HOSTS": "www.example.org,*"}, "ALLOWED_HOSTS is *, "),
        ({"CSRF_TRUSTED_ORIGINS": "*"}, "CSRF_TRUSTED_ORIGINS is *, "),
    ],
)
def test_what_is_unsafe_before_others_is_refused_by_name(
    values: dict[str, str], words: str
) -> None:
    for public in ({"SITE_URL": "https://chat.example.org"}, {"HOST": "0.0.0.0"}):  # noqa: S104
        done = loaded(**public, **values)
        assert done.returncode != 0
        assert f"so it does not start. {words}" in done.stderr
    for private in ({"SITE_URL": "http://127.0.0.1:8000"}, {"CODESPACE_NAME": "odd-fox"}, {}):
        done = loaded(**private, **values)
        assert done.returncode == 0, done.stderr
    # A Codespace is nobody else's, but the address that is set may be.
    done = loaded(CODESPACE_NAME="odd-fox", SITE_URL="https://chat.example.org", **values)
    assert words in done.stderr


def test_a_site_with_tls() -> None:
    done = loaded(
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)",
        "print(s.SECURE_SSL_REDIRECT, s.SIGNUP_OPEN, s.CSRF_TRUSTED_ORIGINS, s.DEBUG)",
        SITE_URL="https://chat.example.org",
        TRUSTED_PROXIES="10.0.0.0/8",
    )
    assert done.stdout == ("True True True\nTrue False ['https://chat.example.org'] False\n"), (
        done.stderr
    )


def test_defaults_on_ones_own_machine() -> None:
    done = loaded(
        "print(s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS, s.SIGNUP_OPEN, s.DEBUG)",
        "print(s.DEADLINE_CONNECT, s.DEADLINE_FIRST_TOKEN, s.DEADLINE_IDLE, s.DEADLINE_TOTAL)",
        "print(s.DRAIN_SECONDS, s.LIMITS, s.HF_PROVIDER, s.ACCOUNT_EMAIL_VERIFICATION)",
        "print(s.SECURE_PROXY_SSL_HEADER)",
        LIMITS="on",
    )
    assert done.stdout.splitlines() == [
        "False 0 True False",
        "10 60 30 600",
        "30 True auto none",
        "None",
    ], done.stderr


def test_a_server_that_everybody_reaches_is_closed_to_strangers() -> None:
    done = loaded("print(s.SIGNUP_OPEN)", HOST="0.0.0.0")  # noqa: S104
    assert done.stdout == "False\n", done.stderr


def test_signup_can_be_said() -> None:
    values = {"SITE_URL": "https://chat.example.org", "SIGNUP": "open"}
    assert loaded("print(s.SIGNUP_OPEN)", **values).stdout == "True\n"
    assert loaded("print(s.SIGNUP_OPEN)", SIGNUP="closed").stdout == "False\n"


def test_the_implicit_token_of_the_hub_client_is_off() -> None:
    done = loaded("import os; print(os.environ['HF_HUB_DISABLE_IMPLICIT_TOKEN'])")
    assert done.stdout == "1\n", done.stderr


def test_the_deploy_checks_pass_with_the_names_that_django_looks_for() -> None:
    done = loaded(
        "import django; django.setup()",
        "from django.core.management import call_command",
        "from django.utils.module_loading import import_string as found",
        "def name(path):",
        "    own = found(path).__mro__ if path.startswith('core.web.async_middleware.') else ()",
        "    names = [f'{one.__module__}.{one.__name__}' for one in own]",
        "    return next((name for name in names if name.startswith('django.')), path)",
        "s.MIDDLEWARE = [name(path) for path in s.MIDDLEWARE]",
        "assert 'django.middleware.csrf.CsrfViewMiddleware' in s.MIDDLEWARE",
        "s.SILENCED_SYSTEM_CHECKS = ['security.W005', 'security.W021']",
        "call_command('check', deploy=True, fail_level='WARNING')",
        SITE_URL="https://chat.example.org",
        TRUSTED_PROXIES="10.0.0.0/8",
    )
    assert done.returncode == 0, done.stderr
