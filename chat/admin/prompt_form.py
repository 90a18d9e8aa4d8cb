"""The form that edits a system prompt and saves its next version."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import PromptVersion, SystemPrompt
from chat.services import system_prompts
from chat.text import NEWLINES


class TextField(forms.CharField):
    """Text of several lines. A browser sends each newline as two characters; it counts as one."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return NEWLINES.sub("\n", text) if isinstance(text, str) else text


class SystemPromptForm(forms.ModelForm):  # type: ignore[type-arg]
    """The newest wording as a draft; saving another wording makes another version.

    `shown` is the number of the version that the page was made from. `overtaken` is the number of
    the newest one where somebody wrote it meanwhile and this page changes no text. `publishes` says
    that the text of this page is to be published with the save. To be cleaned in a transaction.
    """

    text = TextField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Saving a changed text makes a new version. Answers use it only after it is published."
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note on this change"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    overtaken: int | None = None
    publishes = False

    class Meta:
        model = SystemPrompt
        fields = ("name", "enabled", "is_default")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = system_prompts.newest_version(self.instance)
        self.fields["text"].initial = newest.text if newest else ""
        self.fields["shown"].initial = newest.number if newest else 0

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if "\x00" in text:
            raise forms.ValidationError(_("The text holds characters that cannot be stored."))
        return text

    def clean_is_default(self) -> bool:
        """The default moves to another prompt; it cannot just be taken away."""
        wanted: bool = self.cleaned_data["is_default"]
        if self.instance.is_default and not wanted and self.instance.pk:
            raise forms.ValidationError(_("Make another prompt the default instead."))
        return wanted

    def clean(self) -> dict[str, Any]:
        super().clean()
        newest = system_prompts.lock_newest_version(self.instance)
        # Not a change for the history.
        self.fields["shown"].initial = self.cleaned_data.get("shown")
        if newest and "text" in self.cleaned_data:
            self.check_shown(newest)
        self.publishes = self.data.get("_publish") == "newest" and not self.overtaken
        if self.cleaned_data.get("is_default"):
            self.check_default()
        return self.cleaned_data

    def check_shown(self, newest: PromptVersion) -> None:
        """A text follows the version that its author saw, not one that came meanwhile."""
        shown, text = self.cleaned_data.get("shown") or 0, self.cleaned_data["text"]
        if shown == newest.number or text == newest.text:
            return
        if PromptVersion.objects.filter(prompt=newest.prompt_id, number=shown, text=text).exists():
            self.overtaken = newest.number
            self.fields["text"].initial = self.data[self.add_prefix("text")]
            return
        sentence = _(
            "Somebody saved version %(number)d meanwhile. Compare it with your text, "
            "then save again."
        )
        self.add_error("text", sentence % {"number": newest.number})
        # The page that says so shows the newest version too.
        data = {name: self.data[name] for name in self.data}
        self.data = data | {self.add_prefix("shown"): newest.number}

    def check_default(self) -> None:
        """A default that is not published would be no prompt at all."""
        if not self.instance.published_id and not self.publishes:
            self.add_error("is_default", _("Publish this prompt before you make it the default."))
        if not self.cleaned_data.get("enabled"):
            first = _("Enable this prompt before you make it the default.")
            other = _("Choose another default prompt first.")
            self.add_error("enabled", other if self.instance.is_default else first)

    def _get_validation_exclusions(self) -> set[str]:
        # "One default" is kept by moving it in one transaction when the form is saved.
        names: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return names | {"is_default"}
