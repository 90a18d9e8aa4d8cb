"""The simulated people by server."""

from collections.abc import Callable

from benchmarks.people.base import Person
from benchmarks.people.chainlit import Chainlit
from benchmarks.people.gradio import Gradio
from benchmarks.people.ours import Ours
from benchmarks.people.panel import Panel

# Each takes the port and the session key, which only this product needs.
PEOPLE: dict[str, Callable[[int, str], Person]] = {
    "ours": Ours,
    "panel": lambda port, _: Panel(port),
    "gradio": lambda port, _: Gradio(port),
    "chainlit": lambda port, _: Chainlit(port),
}
