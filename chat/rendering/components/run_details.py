"""Describe the run behind an answer for its details panel: settings, cost and outcome."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from chat.models import Message, Run
from chat.rendering.components.failure_details import FailureDetails, to_failure_details


@dataclass(frozen=True, slots=True)
class DetailLine:
    """A label and its value, both translated."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RunDetails:
    """Details of a run; `prompt` is the exact text of the system prompt that it used.

    `instructions` is that of the custom instructions. `failure` is for administrators only.
    """

    lines: list[DetailLine]
    prompt: str
    written_at: datetime
    failure: FailureDetails | None = None
    instructions: str = ""


def to_run_details(message: Message, run: Run | None, *, for_staff: bool = False) -> RunDetails:
    """Describe the last run of an answer; without one (an imported answer), only its time."""
    if run is None:
        return RunDetails([], "", message.created_at)
    version = run.prompt_version
    lines = [*source_lines(run), *sampling_lines(run), *cost_lines(run)]
    lines += outcome_lines(message, run)
    return RunDetails(
        [DetailLine(label, value) for label, value in lines if value],
        version.text if version else "",
        run.created_at,
        to_failure_details(run) if for_staff else None,
        run.instructions,
    )


def source_lines(run: Run) -> list[tuple[str, str]]:
    version = run.prompt_version
    name = f"{_(version.prompt.name)}, v{version.number}" if version else _("none")
    label = f"{run.model.label} ({run.repo_id})" if run.model else run.repo_id
    return [
        (_("Model"), label),
        (_("Provider"), provider_label(run.provider)),
        (_("System prompt"), name),
        (_("Custom instructions"), _("used") if run.instructions else _("none")),
    ]


def provider_label(provider: str) -> str:
    """Return the label of a provider; `openai` stands for the API format, not the company."""
    labels = {"openai": _("OpenAI-compatible server"), "local": _("this machine")}
    return labels.get(provider, provider)


def sampling_lines(run: Run) -> list[tuple[str, str]]:
    return [
        (_("Temperature"), format_number(run.temperature)),
        (_("Top p"), format_number(run.top_p)),
        (_("Frequency penalty"), format_number(run.frequency_penalty)),
        (
            _("Maximum answer length"),
            _("%(count)s tokens") % {"count": format_number(run.max_tokens)},
        ),
    ]


def cost_lines(run: Run) -> list[tuple[str, str]]:
    return [
        (_("Tokens read"), format_tokens(run.prompt_tokens, run.tokens_exact)),
        (_("Tokens written"), format_tokens(run.answer_tokens, run.tokens_exact)),
        (_("Of these for thinking"), format_tokens(run.thinking_tokens, run.tokens_exact)),
        (_("Cost"), format_cost(run.cost)),
        (_("Time to first token"), format_seconds(run.first_token_ms)),
        (_("Time to last token"), format_seconds(run.last_token_ms)),
        (_("Speed"), format_speed(run)),
    ]


def outcome_lines(message: Message, run: Run) -> list[tuple[str, str]]:
    return [
        (_("Status"), str(message.get_status_display())),
        (_("Finish reason"), run.finish_reason),
        (_("Error"), run.error_code),
    ]


def format_number(value: float | None) -> str:
    """Return the number with at most two decimals in the current locale, "" for None."""
    return "" if value is None else number_format(round(value, 2), use_l10n=True)


def format_tokens(count: int | None, exact: bool) -> str:
    """Return a token count that says whether it is exact or estimated, "" for None."""
    if count is None:
        return ""
    kind = _("exact") if exact else _("estimated")
    return f"{number_format(count, force_grouping=True)} ({kind})"


def format_cost(cost: Decimal | None) -> str:
    """Return a cost with two digits that say something, and the currency; "" for None."""
    if cost is None:
        return ""
    digits = 2 if cost >= 1 or not cost else 1 - cost.adjusted()
    amount = number_format(cost, min(digits, 8), force_grouping=True)
    return f"{amount}\N{NO-BREAK SPACE}{settings.CURRENCY}"


def format_seconds(milliseconds: int | None) -> str:
    """Return a duration in milliseconds below one second, else in seconds with two decimals."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{number_format(milliseconds / 1000, 2)} s"


def format_speed(run: Run) -> str:
    """Return the tokens per second between the first and the last token, "" if unknown."""
    if not run.answer_tokens or run.first_token_ms is None or run.last_token_ms is None:
        return ""
    elapsed_ms = run.last_token_ms - run.first_token_ms
    if elapsed_ms <= 0:
        return ""
    rate = number_format(run.answer_tokens * 1000 / elapsed_ms, 1)
    return _("%(rate)s tokens per second") % {"rate": rate}
