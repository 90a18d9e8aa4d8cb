"""Every address while the database is stopped, and while it cannot be written."""

import re
import signal

from chat.realtime.connection_registry import RECONNECT
from tests.failure_injection.world import World, form_of, is_worded, requests_of
from tests.support.people import Person

# Pages that ask the database nothing.
WITHOUT_DATABASE = {
    "/healthz": 200,
    "/favicon.ico": 302,
    "/accounts/inactive/": 200,
    "/accounts/confirm-email/": 200,
    "/accounts/password/reset/": 200,
    "/accounts/password/reset/done/": 200,
    "/accounts/password/reset/key/done/": 200,
}


def test_a_stopped_database_is_told_at_every_address(world: World, stranger: Person) -> None:
    before = len(world.site.log())
    world.database.take_away(signal.SIGINT)
    wrong = []
    for path in world.addresses:
        if path == "/readyz":
            continue
        for name, response in requests_of(world.person, path):
            status = response.status_code
            if status == WITHOUT_DATABASE.get(path) or status == 405:
                continue
            if not is_worded(response, "The database is unavailable."):
                wrong.append((name, status, response.headers.get("location")))
    assert not wrong, "\n".join(map(str, wrong))
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        assert stranger.get(path).status_code == 200
        response = stranger.post(path, htmx=False, **form_of(path))
        assert is_worded(response, "The database is unavailable."), (path, response.text)
    with world.person.socket(world.conversation) as socket:
        assert socket.close_code() == RECONNECT
    ready = world.person.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "down: connection refused")
    asset = re.search(r'href="(/static/[^"]+\.css)"', stranger.get("/accounts/login/").text)
    assert asset is not None
    assert stranger.get(asset[1]).status_code == 200
    world.database.bring_back()
    first, last = world.outage_lines(before)
    assert re.fullmatch(r"WARNING chat.database the database is away: [a-z ()0-9A-Z]+", first)
    assert re.fullmatch(r"WARNING chat.database the database works again after [\d.]+ s", last)
    assert world.database.socket_folder not in first


def test_what_needs_no_writing_works_on_while_nothing_can_be_written(
    world: World, stranger: Person
) -> None:
    usual = {path: world.person.get(path).status_code for path in world.addresses}
    before = len(world.site.log())
    world.database.set("default_transaction_read_only", "on")
    wrong = []
    refused = set()
    for path in world.addresses:
        if path in ("/readyz", "/admin/start/mail/"):  # the test mail is printed, it writes nothing
            continue
        for name, response in requests_of(world.person, path):
            if is_worded(response, "Nothing can be saved right now."):
                refused.add(name)
                continue
            is_unlike = name == f"GET {path}" and response.status_code != usual[path]
            if is_unlike or response.status_code >= 500:
                wrong.append((name, response.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    for path in ("/c/", f"/c/{world.conversation}/send/", f"/c/{world.conversation}/rename/"):
        assert {f"POST {path}", f"POST {path} by htmx"} <= refused
    assert f"GET /c/{world.conversation}/" not in refused
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        response = stranger.post(path, htmx=False, **form_of(path))
        assert is_worded(response, "Nothing can be saved right now."), (path, response.text)
    ready = world.person.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["database"] == "down: read only sql transaction (25006)"
    world.database.set("default_transaction_read_only", "off")
    first, last = world.outage_lines(before)
    reason = "the database cannot be written: read only sql transaction (25006)"
    assert first == f"WARNING chat.database {reason}"
    assert "the database works again after" in last
