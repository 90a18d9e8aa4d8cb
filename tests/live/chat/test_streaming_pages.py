"""Pages that are loaded while the answer is being written."""

from concurrent.futures import ThreadPoolExecutor

from tests.fake_llm import Delay, Delta, Gate, Repeat, UpstreamThread, answer
from tests.support.people import Person
from tests.support.site import Site

PIECES = (
    "# Head\n\nSome *text* with `code`, ",
    "and | a | row |\n\n- item\n",
    "\n```py\nx = 1\n```\n\n",
)


def test_reloading_again_and_again_does_not_disturb_the_answer(
    site: Site, visitor: Person, upstream: UpstreamThread
) -> None:
    """Pages are made on other threads than the one that writes the answer."""
    steps = tuple(step for piece in PIECES for step in (Delta(piece), Delay(0.001)))
    upstream.script(answer(Repeat(steps, times=250)))
    key = visitor.start("Tell me a long story.")

    def reload_until_done(_: int) -> int:
        reader = Person(visitor.url, visitor.email, visitor.http)
        for loads in range(1, 500):
            page = reader.page(key)
            if 'data-status="streaming"' not in page and 'data-status="pending"' not in page:
                return loads
        return 0

    before = len(site.log())
    with ThreadPoolExecutor(4) as pool:
        loads = list(pool.map(reload_until_done, range(4)))
    assert min(loads) > 0
    page = visitor.page(key)
    assert 'data-status="complete"' in page
    assert "failed" not in site.log()[before:]


def test_the_page_of_a_reload_shows_what_there_is_so_far(
    visitor: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Light ", "scatters", Gate(), " in air."))
    key = visitor.start("Why is the sky blue?")
    upstream.wait_gate()
    with visitor.socket(key) as socket:
        socket.until_text("scatters")
    page = visitor.page(key)
    assert "Light scatters" in page
    assert 'data-status="streaming"' in page
    upstream.release()
    with visitor.socket(key) as socket:
        socket.until_status("complete")
    assert "Light scatters in air." in visitor.page(key)
