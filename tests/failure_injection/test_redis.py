"""Redis or Valkey away: one line when it begins and one when it is back."""

import re

from tests.failure_injection.conftest import Pair
from tests.support.people import Person
from tests.support.polling import eventually


def test_an_outage_of_the_layer_has_two_lines(pair: Pair, here: Person, there: Person) -> None:
    sites = (pair.one, pair.two)
    for person in (here, there):
        person.start("Is anybody there?")
    before = [len(site.log()) for site in sites]

    def lines() -> list[list[str]]:
        logs = (site.log()[start:] for site, start in zip(sites, before, strict=True))
        return [[line.split(" ", 2)[2] for line in log.splitlines()] for log in logs]

    pair.valkey.kill()
    # Also of a process in which nothing happens.
    eventually(lambda: all(lines()))
    for _ in range(5):
        with there.looking_at(here.start("Still?")):
            pass
    pair.valkey.start()
    eventually(lambda: all("is back" in " ".join(found) for found in lines()))
    for found in lines():
        assert len(found) == 2, found
        assert re.fullmatch(
            r"WARNING chat.pubsub Redis is away: connection (refused|lost)", found[0]
        )
        assert re.fullmatch(r"WARNING chat.pubsub Redis is back after [\d.]+ s", found[1])
