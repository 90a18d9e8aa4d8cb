"""The model servers and their deadlines, from the settings and from the rows of connections."""

from dataclasses import replace
from functools import cache

from django.conf import settings

from chat.errors import ChatError, ErrorCode, error_code
from chat.llm.providers import (
    Deadlines,
    Endpoint,
    Limits,
    ModelKind,
    address_policy,
    unsupported_reason,
)
from chat.models import ChatModel, Connection
from chat.models.catalogue import Kind
from chat.models.connection import ConnectionKind, EnvironmentServer
from core.encryption import DecryptionError, decrypt

address_policy.allows_link_local = settings.ALLOW_LINK_LOCAL
# Models without a connection belong to the server in the environment.
IN_ENVIRONMENT = "ENVIRONMENT"


@cache
def endpoint() -> Endpoint:
    """Return the model server in the environment.

    INFERENCE_BASE_URL takes precedence over HF_TOKEN; the token is never sent to that server.
    """
    server = (
        EnvironmentServer.BASE_URL if settings.INFERENCE_BASE_URL else EnvironmentServer.HF_TOKEN
    )
    return environment_endpoint(server)


@cache
def environment_endpoint(server: str) -> Endpoint:
    """Return the endpoint that a setting names, of the kind `none` if it is empty."""
    if server == EnvironmentServer.BASE_URL and settings.INFERENCE_BASE_URL:
        return server_endpoint(
            settings.INFERENCE_BASE_URL.strip(), settings.INFERENCE_API_KEY.strip()
        )
    if server == EnvironmentServer.HF_TOKEN and settings.HF_TOKEN:
        return hub_endpoint(settings.HF_TOKEN.strip(), settings.HF_PROVIDER)
    return Endpoint(kind="none")


def server_endpoint(address: str, key: str) -> Endpoint:
    """Return the endpoint of a server with OpenAI's API, or of TGI by its root address."""
    return Endpoint(
        kind="openai",
        base_url=address,
        api_key=key,
        # Without TLS a new connection is cheap, and llama.cpp keeps a thread for each open one.
        keep_alive=address.startswith("https:"),
        router_map=settings.INFERENCE_HOST_MAP,
    )


def hub_endpoint(token: str, provider: str) -> Endpoint:
    """Return the endpoint of Hugging Face."""
    return Endpoint(
        kind="hf",
        token=token,
        provider=provider or "auto",
        keep_alive=True,
        router_map=settings.INFERENCE_HOST_MAP,
    )


def connection_endpoint(connection: Connection) -> Endpoint:
    """Return the endpoint of a connection. Raises ChatError `key_unreadable`."""
    if connection.environment:
        return environment_endpoint(connection.environment)
    return endpoint_with_key(connection, read_key(connection))


def endpoint_with_key(connection: Connection, key: str) -> Endpoint:
    """Return the endpoint of a connection that an administrator made, with its key in clear."""
    if connection.kind == ConnectionKind.HUGGING_FACE:
        return hub_endpoint(key, connection.provider)
    return server_endpoint(connection.address, key)


def read_key(connection: Connection) -> str:
    """Return the key of a connection, "" if it has none. Raises ChatError `key_unreadable`."""
    if not connection.encrypted_key:
        return ""
    try:
        return decrypt(connection.encrypted_key)
    except DecryptionError:
        pass
    raise ChatError("key_unreadable")


def endpoint_of(model: ChatModel) -> Endpoint:
    """Return the server of a model, whose connection must be loaded.

    Raises ChatError `key_unreadable`.
    """
    if model.connection is None:
        return endpoint()
    return connection_endpoint(model.connection)


def server_kind(model: ChatModel) -> str:
    """Return the kind of a model's server, without reading its key."""
    connection = model.connection
    if connection is None:
        return endpoint().kind
    if connection.environment:
        return environment_endpoint(connection.environment).kind
    return connection.kind


def server_of(model: ChatModel) -> str:
    """Return the fingerprint of the server that runs this model; it does not depend on the key."""
    connection = model.connection
    if connection is None:
        return endpoint().fingerprint
    if connection.environment:
        return environment_endpoint(connection.environment).fingerprint
    return endpoint_with_key(connection, "").fingerprint


@cache
def usable_environments() -> list[str]:
    """Return the values of `Connection.environment` whose models can answer.

    "" is a connection of an administrator; IN_ENVIRONMENT stands for a model without connection.
    """
    servers = (EnvironmentServer.BASE_URL, EnvironmentServer.HF_TOKEN)
    names = [item.value for item in servers if environment_endpoint(item).kind != "none"]
    return ["", *names, *([IN_ENVIRONMENT] if names else [])]


def is_usable(model: ChatModel) -> bool:
    """Return whether the model's server is set up and, as far as known, still offers it."""
    connection = model.connection
    environment = IN_ENVIRONMENT if connection is None else connection.environment
    return model.missing_since is None and environment in usable_environments()


@cache
def deadlines() -> Deadlines:
    """Return the configured deadlines."""
    return Deadlines(
        connect=settings.DEADLINE_CONNECT,
        first_token=settings.DEADLINE_FIRST_TOKEN,
        idle=settings.DEADLINE_IDLE,
        total=settings.DEADLINE_TOTAL,
    )


def deadlines_for(model: ChatModel) -> Deadlines:
    """Return the deadlines of a model, which may have its own time to the first token.

    What it has more than the site's setting, the whole answer has more too.
    """
    common = deadlines()
    own = model.first_token_seconds
    if own is None:
        return common
    longer = max(0.0, own - common.first_token)
    return replace(common, first_token=float(own), total=common.total + longer)


def unavailable_reason(model: ChatModel | None) -> ErrorCode | None:
    """Return why the model's server cannot run it, None if it can."""
    if model is None:
        return error_code("not_configured")
    try:
        server = endpoint_of(model)
    except ChatError as error:
        return error.error
    kind: ModelKind = "completion" if model.kind == Kind.COMPLETION else "chat"
    return unsupported_reason(server, kind, model.repo_id)


LIMITS = Limits(answer_chars=settings.ANSWER_CHARS, frame_bytes=settings.FRAME_BYTES)


def provider_name(model: ChatModel | None) -> str:
    """Return the name that a run records as its provider.

    That is the name of a connection which an administrator made.
    """
    connection = model.connection if model else None
    if connection is not None and not connection.environment:
        return connection.name
    server = endpoint() if connection is None else connection_endpoint(connection)
    if server.kind == "hf":
        return f"huggingface/{server.provider}"
    return "local" if settings.LOCAL_MODEL and server == endpoint() else server.kind
