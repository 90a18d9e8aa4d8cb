"""What made an answer and what it cost, as lines to read."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from chat.models import Message, Run


@dataclass(frozen=True, slots=True)
class DetailLine:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RunDetails:
    """`prompt` is the exact wording that the answer was made with."""

    lines: list[DetailLine]
    prompt: str
    written_at: datetime


def to_run_details(message: Message, run: Run | None) -> RunDetails:
    """The last run of an answer; an answer without one (imported) has only its time."""
    if run is None:
        return RunDetails([], "", message.created_at)
    version = run.prompt_version
    lines = [*made_by(run), *sampling(run), *cost(run), *ending(message, run)]
    return RunDetails(
        [DetailLine(label, value) for label, value in lines if value],
        version.text if version else "",
        run.created_at,
    )


def made_by(run: Run) -> list[tuple[str, str]]:
    version = run.prompt_version
    name = f"{_(version.prompt.name)}, v{version.number}" if version else _("none")
    label = f"{run.model.label} ({run.repo_id})" if run.model else run.repo_id
    return [
        (_("Model"), label),
        (_("Provider"), provider(run.provider)),
        (_("System prompt"), name),
    ]


def provider(recorded: str) -> str:
    """`openai` is a format, not the company."""
    words = {"openai": _("OpenAI-compatible server"), "local": _("this machine")}
    return words.get(recorded, recorded)


def sampling(run: Run) -> list[tuple[str, str]]:
    return [
        (_("Temperature"), number(run.temperature)),
        (_("Top p"), number(run.top_p)),
        (_("Repeat penalty"), number(run.frequency_penalty)),
        (_("Longest answer"), _("%(count)s tokens") % {"count": number(run.max_tokens)}),
    ]


def cost(run: Run) -> list[tuple[str, str]]:
    return [
        (_("Tokens read"), tokens(run.prompt_tokens, run.tokens_exact)),
        (_("Tokens written"), tokens(run.answer_tokens, run.tokens_exact)),
        (_("Time to first token"), seconds(run.first_token_ms)),
        (_("Time to last token"), seconds(run.last_token_ms)),
        (_("Speed"), speed(run)),
    ]


def ending(message: Message, run: Run) -> list[tuple[str, str]]:
    return [
        (_("State"), str(message.get_status_display())),
        (_("Finish reason"), run.finish_reason),
        (_("Error"), run.error_code),
    ]


def number(value: float | None) -> str:
    return "" if value is None else number_format(round(value, 2), use_l10n=True)


def tokens(count: int | None, exact: bool) -> str:
    if count is None:
        return ""
    kind = _("exact") if exact else _("estimated")
    return f"{number_format(count, force_grouping=True)} ({kind})"


def seconds(milliseconds: int | None) -> str:
    """Milliseconds below one second, else seconds with two decimals."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{number_format(milliseconds / 1000, 2)} s"


def speed(run: Run) -> str:
    """Tokens a second between the first and the last one."""
    if not run.answer_tokens or run.first_token_ms is None or run.last_token_ms is None:
        return ""
    took = run.last_token_ms - run.first_token_ms
    if took <= 0:
        return ""
    rate = number_format(run.answer_tokens * 1000 / took, 1)
    return _("%(rate)s tokens a second") % {"rate": rate}
