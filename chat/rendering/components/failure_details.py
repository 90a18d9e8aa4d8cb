"""Describe a failure for administrators: what was asked and what came, in our own words.

This is the one place that says more about an error than its sentence. It never shows text that a
server sent.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.llm.endpoints import server_kind
from chat.models import Run
from chat.provider_error import DEADLINE_SETTINGS, Evidence
from chat.rendering.components.server_refusals import Refusal, explain


@dataclass(frozen=True, slots=True)
class FailureDetails:
    """Sentences about a failure, and the address of its model's page in the admin, "" for none."""

    sentences: list[str]
    model_url: str


@dataclass(frozen=True, slots=True)
class FailureNote:
    """What stands in place of the sentence for everyone: the refusal, and the details."""

    refusal: Refusal
    details: FailureDetails


def to_failure_details(run: Run) -> FailureDetails | None:
    """Describe how the run failed, None if there is nothing to add to its error's sentence."""
    sentences = failure_sentences(run)
    return FailureDetails(sentences, model_url(run)) if sentences else None


def failure_html(run: Run) -> SafeString:
    """Render the note of a failed answer for administrators."""
    details = FailureDetails(failure_sentences(run), model_url(run))
    kind = server_kind(run.model) if run.model else ""
    refusal = explain(run.error_code, kind, (run.evidence or {}).get("status"))
    context = {"failure": FailureNote(refusal, details)}
    html = render_to_string("chat/_failure_note.html", context)
    return mark_safe(html)  # noqa: S308 (made by a template)


def model_url(run: Run) -> str:
    """Return the address of the page of the run's model, "" if the model is deleted."""
    return reverse("admin:chat_chatmodel_change", args=[run.model_id]) if run.model_id else ""


def failure_sentences(run: Run) -> list[str]:
    """Say what was asked and what came, as far as it is known."""
    if not run.evidence:
        return []
    evidence = Evidence.from_json(run.evidence)
    code = run.error_code or run.finish_reason
    sentences = [*answer_sentences(code, evidence), *deadline_sentences(code, evidence)]
    return sentences + window_sentences(run, evidence)


def answer_sentences(code: str, evidence: Evidence) -> list[str]:
    """Say which address was asked and what it answered."""
    sentences = []
    if evidence.asked:
        sentences.append(
            _("%(address)s was asked. It answered with status %(status)s.")
            % {"address": evidence.asked, "status": evidence.status}
        )
    if code == "not_a_stream":
        media_type = evidence.content_type or _("an unknown content type")
        sentences.append(
            _("The answer was of the type %(type)s, and neither a stream nor a chat completion.")
            % {"type": media_type}
        )
    if code == "model_not_found":
        sentences.append(
            _("The server has no model of this name, or it serves no chats at this address.")
        )
    if evidence.parameter:
        sentences.append(
            _("The server refused the parameter “%(name)s”.") % {"name": evidence.parameter}
        )
    return sentences


def deadline_sentences(code: str, evidence: Evidence) -> list[str]:
    """Say which deadline passed, and how to change it."""
    if not evidence.seconds or code not in DEADLINE_SETTINGS:
        return []
    seconds = float(round(evidence.seconds, 1))
    shown = number_format(int(seconds) if seconds.is_integer() else seconds)
    values = {"seconds": shown, "setting": DEADLINE_SETTINGS[code]}
    sentences = [_("The deadline of %(seconds)s s passed (%(setting)s).") % values]
    if code == "first_token_timeout":
        sentences.append(_("A slow model can have its own time to the first token."))
    if evidence.kept_alive:
        sentences.append(
            _("The server kept the connection alive meanwhile, which doesn't extend the deadline.")
        )
    return sentences


def window_sentences(run: Run, evidence: Evidence) -> list[str]:
    """Say which context window the server named, and which one the catalogue has."""
    if evidence.window is None:
        return []
    sentence = _("The server says that the context window of this model is %(window)s tokens.")
    sentences = [sentence % {"window": number_format(evidence.window, force_grouping=True)}]
    if run.model and run.model.context_window != evidence.window:
        sentence = _("The catalogue says %(window)s tokens; correct it on the model's page.")
        window = number_format(run.model.context_window, force_grouping=True)
        sentences.append(sentence % {"window": window})
    return sentences
