"""Say to administrators why a model server refused, and what they can do about it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.errors import error_code


@dataclass(frozen=True, slots=True)
class Refusal:
    """What happened and what to do, translated; `detail` is for whoever looks into it."""

    what: str
    remedy: str
    detail: str


Words = tuple[str | Promise, str | Promise]

HUGGING_FACE: dict[str, Words] = {
    "model_not_found": (
        gettext_lazy("No provider serves this model on Hugging Face."),
        gettext_lazy("Choose one from “Offer models”, or another provider for this connection."),
    ),
    "forbidden": (
        gettext_lazy("The token may not call Inference Providers."),
        gettext_lazy(
            "Create a token at huggingface.co/settings/tokens with the permission “Make calls to "
            "Inference Providers”. A gated model also needs your consent on its page."
        ),
    ),
    "unauthorized": (
        gettext_lazy("Hugging Face rejected the token."),
        gettext_lazy("Enter a token that starts with hf_ and has not been revoked."),
    ),
    "payment": (
        gettext_lazy("The credit for Inference Providers is used up."),
        gettext_lazy("Add credit at huggingface.co/settings/billing, or wait for the next month."),
    ),
}
SERVER: dict[str, Words] = {
    "connect_refused": (
        gettext_lazy("Nothing listens at this address."),
        gettext_lazy(
            "Start the server, and check host and port. In Docker, 127.0.0.1 is the container "
            "itself: use host.docker.internal or the name of the server's container."
        ),
    ),
    "dns": (
        gettext_lazy("The name in the address is unknown."),
        gettext_lazy("Check the spelling of the host, and the name server of this machine."),
    ),
    "tls": (
        gettext_lazy("A secure connection failed."),
        gettext_lazy(
            "Use http:// for a server without TLS. For a certificate of your own, set "
            "SSL_CERT_FILE and restart the site."
        ),
    ),
    "connect_timeout": (
        gettext_lazy("The server did not answer in time."),
        gettext_lazy("Check the address and the firewall between this site and the server."),
    ),
    "first_token_timeout": (
        gettext_lazy("The model did not start its answer in time."),
        gettext_lazy("It may still be loading. Try again in a minute."),
    ),
    "unauthorized": (
        gettext_lazy("The server rejected the key."),
        gettext_lazy("Enter the key that the server expects, without blanks around it."),
    ),
    "forbidden": (
        gettext_lazy("The key may not use this model."),
        gettext_lazy("Check the rights of the key at the server."),
    ),
    "payment": (
        gettext_lazy("The credit at the model provider is used up."),
        gettext_lazy("Add credit there, or choose another model."),
    ),
    "lookup_blocked": (
        gettext_lazy("A setting prevents the question which provider serves this model."),
        gettext_lazy(
            "Remove HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE, HF_ENDPOINT and "
            "HUGGINGFACE_CO_STAGING, or set HF_PROVIDER=auto."
        ),
    ),
    "model_not_found": (
        gettext_lazy("The server knows no such model or address."),
        gettext_lazy("Choose a name from “Offer models”, and check the path of the address."),
    ),
    "no_model_list": (
        gettext_lazy("The server listed no models."),
        gettext_lazy("Check the path of the address, which often ends with /v1, or add a model."),
    ),
    "not_a_stream": (
        gettext_lazy("The server did not send an answer of a model."),
        gettext_lazy("Check the path of the address, which often ends with /v1."),
    ),
    "redirect": (
        gettext_lazy("The server redirects to another address."),
        gettext_lazy("Enter the address that it redirects to; it is not followed with the key."),
    ),
    "address_refused": (
        gettext_lazy("The address belongs to a metadata service or a link-local network."),
        gettext_lazy("Enter another address. ALLOW_LINK_LOCAL allows link-local networks."),
    ),
    "address_credentials": (
        gettext_lazy("The address contains a user name or a password."),
        gettext_lazy(
            "Remove what stands in front of “@”, and set INFERENCE_API_KEY, or enter the key in "
            "its own field."
        ),
    ),
    "name_refused": (
        gettext_lazy("The name of this model is an address, which Hugging Face can't have."),
        gettext_lazy("Make a connection of that address, and enter the model's name there."),
    ),
    "key_unusable": (
        gettext_lazy("The key contains a blank, a line break or a character that is not ASCII."),
        gettext_lazy("Copy the key again and enter it without them."),
    ),
    "key_unreadable": (
        gettext_lazy("The saved key can't be read any more."),
        gettext_lazy("SECRET_KEY or ENCRYPTION_KEY has changed. Enter the key again."),
    ),
    "not_configured": (
        gettext_lazy("This connection is not set up."),
        gettext_lazy("Enter an address that starts with http:// or https://, or a token."),
    ),
    "completion_unsupported": (
        gettext_lazy("This model completes text, which this address doesn't support."),
        gettext_lazy("Use Hugging Face, or the root address of a TGI server, without /v1."),
    ),
    "rate_limited": (
        gettext_lazy("The server is getting too many requests."),
        gettext_lazy("Wait a moment and try again."),
    ),
    "bad_request": (
        gettext_lazy("The server rejected the request."),
        gettext_lazy("The model may not chat. Choose another one, or look at the server's log."),
    ),
    "upstream_error": (
        gettext_lazy("The server reported an error."),
        gettext_lazy("Its own log says more."),
    ),
}


def explain(code: str, kind: str = "", status: int | None = None) -> Refusal:
    """Return the words for an error code; `kind` is that of the server's endpoint, "" if unknown.

    They never tell the reader to ask an administrator.
    """
    words = (HUGGING_FACE if kind == "hf" else {}).get(code) or SERVER.get(code)
    what, remedy = words or (_(error_code(code).sentence), "")
    detail = code if status is None else f"{code}, HTTP {status}"
    return Refusal(str(what), str(remedy), detail)
