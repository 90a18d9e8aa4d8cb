"""The form that edits a system prompt and saves its next version."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import PromptVersion, SystemPrompt
from chat.services import system_prompts
from chat.text import NEWLINES


class TextField(forms.CharField):
    """Text of several lines; a newline, which browsers send as CR LF, counts as one character."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return NEWLINES.sub("\n", text) if isinstance(text, str) else text


class SystemPromptForm(forms.ModelForm):  # type: ignore[type-arg]
    """Edits a prompt, starting from its newest version; a changed text becomes a new version.

    - `base_version`: the number of the version that the page showed, 0 for none.
    - `newer_version`: the number of a version that somebody else has saved meanwhile, if this page
      leaves the text as it was; otherwise None.
    - `publishes`: whether saving also publishes the newest version.

    Validate it in a transaction, because `clean` locks the prompt.
    """

    text = TextField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Saving a change creates a new version. Answers use it only once it is published."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note on this change"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    base_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    newer_version: int | None = None
    publishes = False

    class Meta:
        model = SystemPrompt
        fields = ("name", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = system_prompts.newest_version(self.instance)
        self.fields["text"].initial = newest.text if newest else ""
        self.fields["base_version"].initial = newest.number if newest else 0

    def clean_text(self) -> str:
        """Refuse NUL, which PostgreSQL cannot store."""
        text: str = self.cleaned_data["text"]
        if "\x00" in text:
            raise forms.ValidationError(_("The text contains characters that cannot be saved."))
        return text

    def clean(self) -> dict[str, Any]:
        super().clean()
        newest = system_prompts.lock_newest_version(self.instance)
        # Otherwise the admin's history would list the hidden field as changed.
        self.fields["base_version"].initial = self.cleaned_data.get("base_version")
        if newest and "text" in self.cleaned_data:
            self.check_base_version(newest)
        self.publishes = self.data.get("_publish") == "newest" and not self.newer_version
        if not self.cleaned_data.get("enabled") and system_prompts.is_default(self.instance):
            self.add_error("enabled", _("Choose another default prompt first."))
        return self.cleaned_data

    def check_base_version(self, newest: PromptVersion) -> None:
        """Refuse to overwrite a version that the author of this text has not seen."""
        base, text = self.cleaned_data.get("base_version") or 0, self.cleaned_data["text"]
        if base == newest.number or text == newest.text:
            return
        if PromptVersion.objects.filter(prompt=newest.prompt_id, number=base, text=text).exists():
            self.newer_version = newest.number
            self.fields["text"].initial = self.data[self.add_prefix("text")]
            return
        sentence = _(
            "Someone else saved version %(number)d in the meantime. Compare it with your text, "
            "then save again."
        )
        self.add_error("text", sentence % {"number": newest.number})
        # The page with this error also lists the newest version, so saving again may replace it.
        data = {name: self.data[name] for name in self.data}
        self.data = data | {self.add_prefix("base_version"): newest.number}
