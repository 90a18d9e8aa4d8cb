"""“Test”: ask a model one word, show what came, and note what the model can do."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from chat.admin.network import call_server
from chat.admin.offers import read_listing
from chat.errors import ChatError
from chat.llm.endpoints import connection_endpoint, endpoint_of
from chat.llm.probe import ProbeResult, probe
from chat.llm.providers import Endpoint, redact_address
from chat.models import ChatModel, Connection
from chat.rendering.components.run_details import format_seconds
from chat.rendering.components.server_refusals import Refusal, explain
from chat.services.offered_models import is_chat_model, models_of


@dataclass(frozen=True, slots=True)
class Report:
    """A test for its page: what was asked, and either `lines` about the answer or a refusal."""

    model: str
    server: str
    address: str
    lines: list[tuple[str, str]]
    refusal: Refusal | None = None


def run_model_test(model: ChatModel) -> Report:
    """Ask a model of the catalogue, and note whether it thinks and takes a system prompt."""
    endpoint: Endpoint | None = None
    try:
        endpoint = endpoint_of(model)
        result = call_server(probe(endpoint, model.repo_id, model.kind))
    except ChatError as error:
        result = ProbeResult(code=error.code)
    if not result.code:
        ChatModel.objects.filter(pk=model.pk).update(
            can_think=result.can_think, has_system_role=result.has_system_role
        )
    server = str(model.connection or _("The server that the environment sets"))
    return to_report(model.repo_id, server, endpoint, result)


def run_connection_test(connection: Connection) -> Report:
    """Ask the first model of a connection, or else the first that its server lists."""
    own = models_of(connection).filter(enabled=True, missing_since__isnull=True)
    if model := own.order_by("-is_default", "position").first():
        if model.connection is not None:
            return run_model_test(model)
        repo_id, kind = model.repo_id, model.kind
    else:
        listing = read_listing(connection)
        names = [item.repo_id for item in listing.models if is_chat_model(item.repo_id)]
        if not names:
            endpoint = endpoint_or_none(connection)
            refusal = listing.refusal or explain("no_model_list")
            return Report("", str(connection), address_of(endpoint), [], refusal)
        repo_id, kind = names[0], "chat"
    return run_name_test(connection, repo_id, kind)


def run_name_test(connection: Connection, repo_id: str, kind: str) -> Report:
    """Ask a model of this name."""
    endpoint: Endpoint | None = None
    try:
        endpoint = connection_endpoint(connection)
        result = call_server(probe(endpoint, repo_id, kind))
    except ChatError as error:
        result = ProbeResult(code=error.code)
    return to_report(repo_id, str(connection), endpoint, result)


def endpoint_or_none(connection: Connection) -> Endpoint | None:
    """Return the endpoint of a connection, None if its key cannot be read."""
    try:
        return connection_endpoint(connection)
    except ChatError:
        return None


def address_of(endpoint: Endpoint | None) -> str:
    """Return the address that is asked, without credentials and values of its query."""
    if endpoint is None or endpoint.kind == "none":
        return ""
    return "router.huggingface.co" if endpoint.kind == "hf" else redact_address(endpoint.base_url)


def to_report(repo_id: str, server: str, endpoint: Endpoint | None, result: ProbeResult) -> Report:
    """Return the report of a test."""
    kind = endpoint.kind if endpoint else ""
    refusal = explain(result.code, kind, result.upstream_status) if result.code else None
    lines = [] if refusal else result_lines(result, server)
    return Report(repo_id, server, address_of(endpoint), lines, refusal)


def result_lines(result: ProbeResult, server: str) -> list[tuple[str, str]]:
    """Return labels and values, both translated."""
    served_by = f"{server} ({result.served_by})" if result.served_by else server
    return [
        (_("Served by"), served_by),
        (_("First words"), result.text),
        (_("Time to first token"), format_seconds(result.first_ms)),
        (_("Whole answer"), format_seconds(result.total_ms)),
        (_("Token counts"), counts(result)),
        (_("Thinks before it answers"), _("yes") if result.can_think else _("no")),
        (_("System prompt"), system_role(result)),
        (_("Finish reason"), result.finish_reason),
    ]


def counts(result: ProbeResult) -> str:
    """Return the token counts, and whether the server sent them."""
    if result.is_cut:
        return _("not seen: the test ended the long answer")
    if not result.is_exact:
        return _("estimated, because the server sends none")
    values = {"read": result.prompt_tokens, "written": result.answer_tokens}
    return _("exact: %(read)d read, %(written)d written") % values


def system_role(result: ProbeResult) -> str:
    """Return whether the model takes a system prompt."""
    if result.has_system_role is None:
        return _("does not apply")
    return _("accepted") if result.has_system_role else _("refused")
