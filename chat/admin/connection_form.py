"""The form of a connection. It takes a key, and never shows one."""

from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from chat.llm.providers import is_refused_url, is_usable_key
from chat.models import Connection
from chat.models.connection import ConnectionKind
from core.encryption import encrypt


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Edits a connection; an empty key leaves the saved one as it is, for the same server only."""

    key = forms.CharField(
        label=gettext_lazy("Key or token"),
        required=False,
        max_length=4096,
        widget=forms.PasswordInput(
            render_value=False, attrs={"class": "vTextField", "autocomplete": "off"}
        ),
    )
    remove_key = forms.BooleanField(label=gettext_lazy("Remove the saved key"), required=False)

    class Meta:
        model = Connection
        fields = ("name", "kind", "address", "provider")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.encrypted_key:
            self.fields.pop("remove_key", None)
        elif "key" in self.fields:
            self.fields["key"].help_text = _(
                "A key is saved. It is never shown again. Leave this empty to keep it."
            )

    @sensitive_variables("key")
    def clean_key(self) -> str:
        """Refuse a key that no header can hold."""
        key: str = self.cleaned_data["key"].strip()
        if not is_usable_key(key):
            raise forms.ValidationError(
                _("The key contains a blank, a line break or a character that is not ASCII.")
            )
        return key

    def clean(self) -> dict[str, Any]:
        super().clean()
        kind = self.cleaned_data.get("kind")
        if kind == ConnectionKind.HUGGING_FACE:
            self.cleaned_data["address"] = ""
            self.check_token()
        elif kind is not None:
            self.check_address(kind)
        self.check_recipient()
        return self.cleaned_data

    def check_recipient(self) -> None:
        """Refuse to send the saved key to another server than the one that it was entered for."""
        if not (self.instance.encrypted_key and "key" in self.cleaned_data):
            return
        if self.cleaned_data["key"] or self.cleaned_data.get("remove_key"):
            return
        kind, address = (self.cleaned_data.get(name) for name in ("kind", "address"))
        if kind is None or address is None:
            return
        if recipient(kind, address) != recipient(self.instance.kind, self.instance.address):
            sentence = _(
                "The saved key belongs to another server. Enter the key of this one, or select "
                "“Remove the saved key”."
            )
            self.add_error("key", sentence)

    def check_token(self) -> None:
        """Refuse Hugging Face without a token."""
        keeps = self.instance.encrypted_key and not self.cleaned_data.get("remove_key")
        if "key" in self.cleaned_data and not (self.cleaned_data["key"] or keeps):
            self.add_error("key", _("Hugging Face needs a token."))

    def check_address(self, kind: str) -> None:
        """Check the address, and save it in one form; only TGI's root has no path."""
        try:
            self.cleaned_data["address"] = usable_address(
                self.cleaned_data.get("address", ""), is_root=kind == ConnectionKind.TGI
            )
        except forms.ValidationError as error:
            self.add_error("address", error)

    @sensitive_variables("key")
    def save(self, commit: bool = True) -> Any:
        """Encrypt the key, if there is one."""
        if key := self.cleaned_data.get("key"):
            self.instance.encrypted_key = encrypt(key)
        elif self.cleaned_data.get("remove_key"):
            self.instance.encrypted_key = ""
        return super().save(commit)


def recipient(kind: str, address: str) -> tuple[str, ...]:
    """Return what tells the server that gets the key of a valid address: scheme, host and port."""
    if kind == ConnectionKind.HUGGING_FACE:
        return (kind,)
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").rstrip("."), str(port)


def usable_address(text: str, *, is_root: bool) -> str:
    """Return the address of a server. Raises ValidationError."""
    try:
        parts = urlsplit(text.strip())
        is_complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        is_complete = has_port = False
    if not (is_complete and has_port):
        raise forms.ValidationError(_("Enter an address that starts with http:// or https://."))
    if parts.username or parts.password:
        raise forms.ValidationError(_("Enter the key in its own field, not in the address."))
    if is_refused_url(text):
        raise forms.ValidationError(
            _("This address belongs to a metadata service or a link-local network.")
        )
    path = parts.path.rstrip("/")
    if is_root:
        path = path.removesuffix("/v1")
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, path, parts.query, ""))
