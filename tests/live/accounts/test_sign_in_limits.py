"""Guessing passwords on a site that really runs: strangers are slowed down, owners not kept out.

The proxy that the site trusts is this machine, so that each browser has an address of its own.
"""

import itertools
import re
from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.people import Socket
from tests.support.site import Site

PASSWORD, NEW = "correct-horse-9", "better-battery-7"
LOGIN, CHANGE = "/accounts/login/", "/accounts/password/change/"
TOO_MANY = "Too many attempts with this email."
MISMATCH = "Incorrect email or password."
opened: list[httpx2.Client] = []
addresses = (f"10.{a}.{b}.7" for a, b in itertools.product(range(1, 250), range(250)))


@pytest.fixture(scope="module")
def guarded(site_database: dict[str, str]) -> Iterator[Site]:
    with Site(site_database | {"LIMITS": "on", "TRUSTED_PROXIES": "127.0.0.1"}) as site:
        yield site


@pytest.fixture(autouse=True)
def _close_browsers() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


class Browser:
    """One browser at an address of its own."""

    def __init__(self, site: Site, address: str = "") -> None:
        self.site = site
        forwarded = {"X-Forwarded-For": address or next(addresses)}
        self.http = httpx2.Client(base_url=site.url, headers=forwarded, trust_env=False, timeout=30)
        opened.append(self.http)

    def post(self, path: str, host: str = "", **fields: str) -> httpx2.Response:
        """A form as the page sends it."""
        if "chat_csrf" not in self.http.cookies:
            self.http.get(LOGIN)
        headers = {"X-CSRFToken": self.http.cookies["chat_csrf"], "Origin": self.site.url}
        return self.http.post(path, data=fields, headers=headers | ({"Host": host} if host else {}))

    def sign_up(self, email: str) -> None:
        form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
        assert self.post("/accounts/signup/", **form).status_code == 302

    def sign_in(self, email: str, password: str = PASSWORD, host: str = "") -> str:
        """ "in", or the sentence of the page that comes back."""
        answer = self.post(LOGIN, host, login=email, password=password)
        if answer.status_code == 302:
            return "in"
        return next(said for said in (TOO_MANY, MISMATCH) if said in answer.text)

    def sign_out(self) -> httpx2.Response:
        return self.post("/accounts/logout/")

    def change_password(self, old: str, new: str) -> int:
        form = {"oldpassword": old, "password1": new, "password2": new}
        return self.post(CHANGE, **form).status_code


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@guessing.example.org"


@pytest.fixture
def owner(guarded: Site, email: str) -> Browser:
    """Somebody who signed up, and signed out again."""
    browser = Browser(guarded)
    browser.sign_up(email)
    browser.sign_out()
    return browser


def guess(site: Site, email: str, times: int = 5) -> None:
    """A stranger's wrong passwords, from an address of its own each."""
    for _ in range(times):
        assert Browser(site).sign_in(email, "wrong") == MISMATCH


def test_five_guesses_at_an_account_whatever_the_host_or_the_case(
    guarded: Site, owner: Browser, email: str
) -> None:
    port = guarded.port
    hosts = [f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost", "127.0.0.1"]
    emails = [email, email.upper(), f" {email} ", email.title(), email.swapcase()]
    for host, typed in zip(hosts, emails, strict=True):
        assert Browser(guarded).sign_in(typed, "wrong", host) == MISMATCH
    for host, typed in zip(hosts, emails, strict=True):
        assert Browser(guarded).sign_in(typed, "wrong", host) == TOO_MANY


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("port", ["20000", "20001", "1", "99999", "080"])
def test_a_host_with_a_foreign_port_is_refused(guarded: Site, name: str, port: str) -> None:
    answer = Browser(guarded).http.get(LOGIN, headers={"Host": f"{name}:{port}"})
    assert answer.status_code == 400
    assert "available at this address" in answer.text
    with pytest.raises(InvalidStatus) as refused:
        Socket.open(guarded.url, "/ws/", additional_headers={"Host": f"{name}:{port}"})
    assert refused.value.response.status_code == 403


def test_a_known_device_passes_what_a_stranger_has_used_up(
    guarded: Site, owner: Browser, email: str
) -> None:
    guess(guarded, email)
    for stranger in (Browser(guarded), Browser(guarded)):
        assert stranger.sign_in(email, "wrong") == TOO_MANY
        assert stranger.sign_in(email, PASSWORD) == TOO_MANY
    assert owner.sign_in(email) == "in"


def test_a_known_device_has_a_limit_of_its_own(guarded: Site, owner: Browser, email: str) -> None:
    second = Browser(guarded)
    assert second.sign_in(email) == "in"
    second.sign_out()
    for _ in range(5):
        assert owner.sign_in(email, "wrong") == MISMATCH
    assert owner.sign_in(email) == TOO_MANY
    assert second.sign_in(email) == "in"


def test_a_device_is_known_to_the_accounts_that_signed_in_on_it(
    guarded: Site, owner: Browser, email: str
) -> None:
    other = f"{uuid4().hex}@guessing.example.org"
    stranger = Browser(guarded)
    stranger.sign_up(other)
    stranger.sign_out()
    guess(guarded, email)
    assert stranger.sign_in(email) == TOO_MANY
    # A family's browser: both pass.
    owner.sign_up(f"{uuid4().hex}@guessing.example.org")
    owner.sign_out()
    assert owner.sign_in(email) == "in"


def test_a_cookie_that_was_made_up_is_no_device(guarded: Site, owner: Browser, email: str) -> None:
    stranger = Browser(guarded)
    guess(guarded, email)
    known = owner.http.cookies["chat_device"]
    body, _, rest = known.partition(":")
    for cookie in ("x", known[:-1], f"{body[:-2]}AA:{rest}", '[["a","b"]]', ""):
        stranger.http.cookies.set("chat_device", cookie)
        assert stranger.sign_in(email) == TOO_MANY


def test_a_new_password_makes_other_devices_unknown(
    guarded: Site, owner: Browser, email: str
) -> None:
    second = Browser(guarded)
    assert second.sign_in(email) == "in"
    assert second.change_password(PASSWORD, NEW) == 302
    second.sign_out()
    guess(guarded, email)
    assert owner.sign_in(email, NEW) == TOO_MANY
    assert second.sign_in(email, NEW) == "in"


def test_a_stranger_keeps_nobody_from_what_asks_for_the_password(
    guarded: Site, owner: Browser, email: str
) -> None:
    assert owner.sign_in(email) == "in"
    guess(guarded, email)
    assert Browser(guarded).sign_in(email) == TOO_MANY
    again = owner.post("/accounts/reauthenticate/", password=PASSWORD, next="/accounts/email/")
    assert (again.status_code, again.headers["Location"]) == (302, "/accounts/email/")
    assert owner.change_password(PASSWORD, NEW) == 302


def test_a_stolen_session_cannot_guess_without_end(
    guarded: Site, owner: Browser, email: str
) -> None:
    assert owner.sign_in(email) == "in"
    answers = [owner.post("/accounts/reauthenticate/", password="wrong").text for _ in range(6)]
    assert [TOO_MANY in text for text in answers] == [False] * 5 + [True]


def test_one_address_guesses_at_few_accounts(guarded: Site, owner: Browser, email: str) -> None:
    """Its own word on where it comes from changes nothing: the proxy's entry is the last."""
    address = next(addresses)
    said = []
    for number in range(12):
        stranger = Browser(guarded, f"9.9.9.{number}, {address}")
        said.append(stranger.sign_in(f"{uuid4().hex}@guessing.example.org", "wrong"))
    assert said == [MISMATCH] * 10 + [TOO_MANY] * 2
    assert Browser(guarded).sign_in(email) == "in"


def test_a_locked_account_looks_like_one_that_does_not_exist(
    guarded: Site, owner: Browser, email: str
) -> None:
    nobody = f"{uuid4().hex}@guessing.example.org"
    pages = []
    for address in (email, nobody):
        guess(guarded, address)
        answer = Browser(guarded).post(LOGIN, login=address, password=PASSWORD)
        assert "chat_device" not in answer.headers.get("Set-Cookie", "")
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.text)
        pages.append((answer.status_code, page.replace(address, "")))
    assert pages[0] == pages[1]


def test_the_cookie_of_a_device_is_closed_to_scripts_and_to_other_sites(guarded: Site) -> None:
    browser = Browser(guarded)
    form = {"email": f"{uuid4().hex}@guessing.example.org"}
    answer = browser.post("/accounts/signup/", **form, password1=PASSWORD, password2=PASSWORD)
    (cookie,) = [one for one in answer.headers.get_list("Set-Cookie") if "chat_device=" in one]
    for word in ("HttpOnly", "SameSite=Lax", "Path=/accounts/", "Max-Age=34560000"):
        assert word in cookie


def test_signing_out_clears_what_the_browser_keeps(guarded: Site, owner: Browser) -> None:
    owner.sign_up(f"{uuid4().hex}@guessing.example.org")
    token = owner.http.cookies["chat_csrf"]
    answer = owner.sign_out()
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert owner.http.cookies["chat_csrf"] != token
