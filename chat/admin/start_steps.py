"""The first steps of an administrator, each of which looks by itself whether it is done."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.llm.endpoints import unavailable_reason
from chat.models import ChatModel, Suggestion, SystemPrompt
from chat.rendering.components.server_refusals import explain

# So much of the default prompt is shown, in characters.
EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is the case, and where to change it.

    `text` may quote a prompt. `test_url` is where a POST tries it, "" if there is nothing to try.
    """

    key: str
    title: str
    is_done: bool
    text: str
    link: str
    url: str
    test: str = ""
    test_url: str = ""


def find_steps() -> list[Step]:
    """Return all steps in the order in which a new administrator takes them."""
    return [answers_step(), prompt_step(), people_step(), mail_step(), suggestions_step()]


def answers_step() -> Step:
    """Return the step that connects a model server."""
    model = usable_default()
    title, reason = _("Where answers come from"), unavailable_reason(model)
    connect = _("Connect a model server"), reverse("admin:chat_connection_add")
    if model is None or reason is not None:
        text = explain(reason.code, "").what if reason else _("No model can answer yet.")
        return Step("answers", title, False, text, *connect)
    test = _("Test"), reverse("admin:chat_chatmodel_test", args=[model.pk])
    if model.is_local:
        text = _("A small demonstration model answers. It makes many mistakes.")
        return Step("answers", title, False, text, *connect, *test)
    text = _("%(model)s answers in new chats.") % {"model": model.label}
    return Step(
        "answers", title, True, text, _("Models"), reverse("admin:chat_chatmodel_changelist"), *test
    )


def usable_default() -> ChatModel | None:
    """Return the model that new chats use, with its connection."""
    defaults = ChatModel.objects.filter(is_default=True, enabled=True)
    return defaults.select_related("connection").first()


def prompt_step() -> Step:
    """Return the step that reads the default prompt; it is done once somebody wrote one."""
    default = SystemPrompt.objects.filter(is_default=True, enabled=True)
    prompt = default.select_related("published").first()
    title = _("The default prompt")
    if prompt is None or prompt.published is None:
        text, url = _("New chats have no system prompt."), reverse("admin:chat_systemprompt_add")
        return Step("prompt", title, False, text, _("Write one"), url)
    version = prompt.published
    text = version.text if len(version.text) <= EXCERPT else f"{version.text[:EXCERPT]}…"
    url = reverse("admin:chat_systemprompt_change", args=[prompt.pk])
    return Step("prompt", title, version.number > 1, text, _("Read and change it"), url)


def people_step() -> Step:
    """Return the step about sign-up, which the environment decides."""
    text = (
        _("Everybody who can open this site may sign up (SIGNUP=open).")
        if settings.SIGNUP_OPEN
        else _("Nobody can sign up by themselves (SIGNUP=closed). Add people here.")
    )
    return Step(
        "people",
        _("Who may join"),
        True,
        text,
        _("Users"),
        reverse("admin:accounts_user_changelist"),
    )


def mail_step() -> Step:
    """Return the step that sends mail."""
    is_printed = settings.EMAIL_BACKEND.endswith(".console.EmailBackend")
    text = (
        _("Mail is printed to the log, so nobody can reset a password alone. Set EMAIL_URL.")
        if is_printed
        else _("Mail is sent from %(address)s.") % {"address": settings.DEFAULT_FROM_EMAIL}
    )
    url = reverse("start_page_mail")
    return Step("mail", _("Mail"), not is_printed, text, "", "", _("Send me a test mail"), url)


def suggestions_step() -> Step:
    """Return the step about the questions that an empty chat suggests."""
    count = Suggestion.objects.filter(enabled=True).count()
    text = ngettext(
        "An empty chat suggests %(count)d question.",
        "An empty chat suggests %(count)d questions.",
        count,
    )
    url = reverse("admin:chat_suggestion_changelist")
    title = _("Suggested questions")
    return Step("suggestions", title, count > 0, text % {"count": count}, _("Change them"), url)
