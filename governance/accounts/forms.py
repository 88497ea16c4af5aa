"""Forms of an account."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from grid.notices.services import CHOOSABLE
from grid.people.models import User

# Each language by its own name: whoever needs it can read it.
ENDONYMS = [("zh-hans", "中文"), ("en", "English")]


class SignInForm(AuthenticationForm):
    """Username and password."""

    error_messages = {
        "invalid_login": _("The username or the password is not right. Capital and small letters differ."),
        "inactive": _("This account is closed. Your system administrator can open it again."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the fields the way the portal does."""
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Username")
        self.fields["username"].widget.attrs.update(autocomplete="username", autofocus=True)
        self.fields["password"].label = _("Password")
        self.fields["password"].widget.attrs.update(autocomplete="current-password")


class ProfileForm(forms.ModelForm):
    """What a person may change about his own account; his name stands in timelines, so it is not his."""

    language = forms.ChoiceField(label=_("Language"), choices=ENDONYMS, widget=forms.RadioSelect)
    channels = forms.MultipleChoiceField(
        label=_("Messages beside the portal"),
        choices=[(channel.value, channel.label) for channel in CHOOSABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "The portal always tells you. What is late or critical also comes by every channel that the city "
            "has chosen for it."
        ),
    )

    class Meta:
        model = User
        fields = ["phone", "language", "large_text"]
        help_texts = {
            "phone": _("Shown to colleagues who work on the same case; text messages go to it."),
            "large_text": _("Letters of 20 px and larger buttons, on every device you sign in on."),
        }
        widgets = {
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        }


class ChangePasswordForm(PasswordChangeForm):
    """Old password once, new password twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the fields, and put the rules where they are needed."""
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Your password until now")
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = " ".join(
            password_validation.password_validators_help_texts()
        )
        self.fields["new_password2"].label = _("New password once more")
        self.fields["new_password2"].help_text = ""
