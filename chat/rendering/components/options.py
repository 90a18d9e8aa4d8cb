"""What a person can choose: models and system prompts."""

from dataclasses import dataclass

from chat.selectors.sampling_ranges import SamplingRanges


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select element."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """The model that answers next; its values are shown where the person has chosen none.

    A value that is None is not sent: the server uses its own. `note` may also say that it replaces
    another model, `own_note` does not.
    """

    label: str
    note: str
    temperature: float | None
    top_p: float | None
    max_output: int
    ranges: SamplingRanges
    own_note: str = ""


@dataclass(frozen=True, slots=True)
class ModelOption(Option):
    """A model to choose from, with the data that is shown once it is chosen."""

    model: AnsweringModel
