"""Warn about models and prompts that leave no room for a question."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from chat.models import ChatModel, SystemPrompt
from chat.services import system_prompts


def warn_of_cramped(
    request: HttpRequest,
    *,
    models: QuerySet[ChatModel] | None = None,
    prompts: QuerySet[SystemPrompt] | None = None,
) -> None:
    """Say which of these leave no room for a question; by default all that people may meet."""
    models = ChatModel.objects.filter(enabled=True) if models is None else models
    prompts = system_prompts.usable_prompts() if prompts is None else prompts
    for model, prompt in system_prompts.find_cramped_pairs(models, prompts):
        sentence = _(
            "%(model)s has no room for a question with the prompt “%(prompt)s”. "
            "Shorten the prompt or the longest answer of the model."
        )
        messages.warning(request, sentence % {"model": model, "prompt": prompt})
