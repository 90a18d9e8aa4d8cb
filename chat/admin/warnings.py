"""Warn about models and prompts that leave no room for a question."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from chat.models import ChatModel, SystemPrompt
from chat.services import system_prompts


def warn_about_room(
    request: HttpRequest,
    *,
    models: QuerySet[ChatModel] | None = None,
    prompts: QuerySet[SystemPrompt] | None = None,
) -> None:
    """Warn about each pair that leaves no room for a question.

    Without arguments, checks all enabled models and all prompts in use.
    """
    models = ChatModel.objects.filter(enabled=True) if models is None else models
    prompts = system_prompts.usable_prompts() if prompts is None else prompts
    for model, prompt in system_prompts.find_cramped_pairs(models, prompts):
        sentence = _(
            "%(model)s has no room for a question with the prompt “%(prompt)s”. Shorten the prompt "
            "or lower the model's maximum answer length."
        )
        messages.warning(request, sentence % {"model": model, "prompt": prompt})
