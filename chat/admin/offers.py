"""“Offer models”: list what a server has, and add what an administrator selects."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.admin.network import call_server
from chat.errors import ChatError
from chat.llm.endpoints import connection_endpoint
from chat.llm.providers import ListedModel, list_models
from chat.models import ChatModel, Connection
from chat.rendering.components.server_refusals import Refusal, explain
from chat.services.offered_models import (
    add_models,
    is_chat_model,
    models_of,
    record_listing,
    should_replace_default,
)
from chat.services.system_prompts import make_default_model

# So many models are shown at once; the search finds the others.
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A line of the page; `model` is the one of the catalogue, None if it is not there.

    `context_window` is a number of tokens in the current language, "" if the server does not say.
    """

    repo_id: str
    context_window: str
    can_chat: bool
    model: ChatModel | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a server lists, or why it does not."""

    models: Sequence[ListedModel] = ()
    refusal: Refusal | None = None


def read_listing(connection: Connection) -> Listing:
    """Ask the server for its models; writes nothing."""
    kind = connection.kind
    try:
        endpoint = connection_endpoint(connection)
        listed = call_server(list_models(endpoint))
    except ChatError as error:
        status = getattr(error, "upstream_status", None)
        return Listing(refusal=explain(error.code, kind, status))
    if listed:
        return Listing(listed)
    return Listing(refusal=explain("no_model_list", kind))


def to_rows(connection: Connection, listing: Listing, query: str) -> list[ListedRow]:
    """Return the lines whose names contain all words of the query; models that chat come first."""
    words = query.lower().split()
    known = {model.repo_id: model for model in models_of(connection)}
    rows = [
        ListedRow(item.repo_id, in_words(item.context_window), is_chat_model(item.repo_id), model)
        for item in listing.models
        for model in (known.get(item.repo_id),)
        if all(word in item.repo_id.lower() for word in words)
    ]
    return sorted(rows, key=lambda row: not row.can_chat)


def in_words(tokens: int | None) -> str:
    """Return a number of tokens in the current language, "" for None."""
    return "" if tokens is None else number_format(tokens, force_grouping=True)


def offer(
    request: HttpRequest, connection: Connection, listing: Listing, names: Sequence[str]
) -> list[ChatModel]:
    """Add the named models that the server lists, note what it lists, and say what was done.

    Who may not change models does not change the default either.
    """
    selected = [item for item in listing.models if item.repo_id in set(names)]
    with transaction.atomic():
        added = add_models(connection, selected)
        record_listing(connection, listing.models)
        may_change = request.user.has_perm("chat.change_chatmodel")
        default = added[0] if added and may_change and should_replace_default() else None
        if default is not None:
            make_default_model(default)
    if not added:
        messages.warning(request, _("Nothing was added: select a model that is not offered yet."))
        return added
    sentence = ngettext("%(count)d model was added.", "%(count)d models were added.", len(added))
    messages.success(request, sentence % {"count": len(added)})
    if default is not None:
        messages.success(
            request, _("The default model is now %(model)s.") % {"model": default.label}
        )
    return added


def offer_single(request: HttpRequest, connection: Connection) -> Listing:
    """Look at a new connection, and offer its model at once if there is exactly one."""
    listing = read_listing(connection)
    if listing.refusal is not None:
        words = f"{listing.refusal.what} {listing.refusal.remedy}"
        messages.warning(request, words)
    elif len(listing.models) == 1 and not models_of(connection).exists():
        offer(request, connection, listing, [listing.models[0].repo_id])
    return listing
