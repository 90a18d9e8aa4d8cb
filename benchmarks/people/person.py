"""The protocols by name."""

from collections.abc import Callable

from benchmarks.people.base import Person
from benchmarks.people.chainlit import Chainlit
from benchmarks.people.gradio import Gradio
from benchmarks.people.ours import Ours
from benchmarks.people.panel import Panel

# From the port and the session of this product, which the others do without.
PEOPLE: dict[str, Callable[[int, str], Person]] = {
    "ours": Ours,
    "panel": lambda port, _: Panel(port),
    "gradio": lambda port, _: Gradio(port),
    "chainlit": lambda port, _: Chainlit(port),
}
