"""What a person does in the browser, by the names that they see."""

import re

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

PASSWORD = "correct horse 7 battery"
# A refused or expected failure is answered with a status that Chromium reports in the console.
EXPECTED = re.compile(
    r"Failed to load resource|WebSocket connection to .* failed|htmx:ws:error: \[object Event\]"
    r"|Failed to fetch"
)


class Person:
    """One browser window. `complaints` are errors of scripts and of the security policy."""

    def __init__(self, page: Page, site: str, email: str) -> None:
        self.page, self.site, self.email = page, site, email
        self.complaints: list[str] = []
        self.listen(page)

    def listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self.heard)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    def sign_up(self) -> None:
        self.page.goto(f"{self.site}/accounts/signup/")
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Confirm password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign up").click()
        self.page.wait_for_url(f"{self.site}/")

    def sign_in(self) -> None:
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def sign_out(self) -> None:
        self.page.locator("summary.account").click()
        self.page.get_by_role("button", name="Sign out").click()
        self.page.wait_for_url("**/accounts/login/**")

    def choose_language(self, code: str) -> None:
        """For pages and sockets: not every Chromium sends an extra header with a websocket."""
        self.page.context.add_cookies(
            [{"name": "django_language", "value": code, "url": self.site}]
        )

    def rename_elsewhere(self, title: str) -> None:
        """Rename the open conversation as another tab does."""
        path = self.page.evaluate("location.pathname")
        status = self.page.evaluate(
            """async ([path, title]) => (await chat.post(`${path}rename/`, { title })).status""",
            [path, title],
        )
        assert status < 300

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def answer(self) -> Locator:
        """The last answer."""
        return self.page.locator("article[data-role=assistant]").last

    @property
    def questions(self) -> Locator:
        return self.page.locator("article[data-role=user]")

    def body(self, article: Locator) -> Locator:
        return article.locator(".message-body")

    def sees(self, text: str) -> None:
        expect(self.body(self.answer)).to_contain_text(text)

    def sees_status(self, status: str, timeout: float = 15_000) -> None:
        expect(self.answer).to_have_attribute("data-status", status, timeout=timeout)

    def second_tab(self) -> "Person":
        """Another tab of the same window, at the same address."""
        page = self.page.context.new_page()
        other = Person(page, self.site, self.email)
        other.complaints = self.complaints
        page.goto(self.page.url)
        return other
