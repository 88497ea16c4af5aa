"""Forms of administrators: texts, robots, sending again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.notices.choices import DIGEST, MessageStatus, RobotKind
from grid.notices.shipped import Key, Text
from grid.notices.texts import LONGEST
from grid.organisations.models import Organisation
from grid.worktime.choices import Channel


class TextForm(forms.Form):
    """One text in both languages."""

    subject = forms.CharField(label=_("Subject in Chinese"), max_length=120)
    text = forms.CharField(label=_("Text in Chinese"), widget=forms.Textarea({"rows": 6}))
    subject_en = forms.CharField(label=_("Subject in English"), max_length=120)
    text_en = forms.CharField(label=_("Text in English"), widget=forms.Textarea({"rows": 6}))
    active = forms.BooleanField(
        label=_("Messages are sent"),
        required=False,
        help_text=_("Without the tick nothing is sent for this; the portal still tells it."),
    )
    office_hours = forms.BooleanField(
        label=_("Only in office hours"),
        required=False,
        help_text=_("What comes up outside them goes out when offices open. What is critical never waits."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, key: Key, *args: Any, **kwargs: Any) -> None:
        """Leave out what this channel or this text does not have."""
        super().__init__(*args, **kwargs)
        _audience, code, _step, channel = key
        if channel != Channel.EMAIL:
            del self.fields["subject"], self.fields["subject_en"]
        if code == DIGEST:
            del self.fields["active"], self.fields["office_hours"]
        for name in {"subject", "subject_en", "text", "text_en"} & self.fields.keys():
            self.fields[name].error_messages["required"] = _("Write this in both languages.")
        for name in ("text", "text_en"):
            self.fields[name].widget.attrs["maxlength"] = LONGEST[Channel(channel)]

    def as_text(self) -> Text:
        """Return what was written."""
        given = self.cleaned_data
        return Text(
            text=given["text"].strip().replace("\r\n", "\n"),
            text_en=given["text_en"].strip().replace("\r\n", "\n"),
            subject=given.get("subject", "").strip(),
            subject_en=given.get("subject_en", "").strip(),
            active=given.get("active", True),
            office_hours=given.get("office_hours", True),
        )


class StepTextForm(forms.Form):
    """Which step gets a text of its own."""

    step = forms.ChoiceField(label=_("Step"))

    def __init__(self, steps: list[tuple[str, Any]], *args: Any, **kwargs: Any) -> None:
        """Take the steps to choose from."""
        super().__init__(*args, **kwargs)
        self.fields["step"].choices = steps  # type: ignore[attr-defined]


class RobotForm(forms.Form):
    """The robot of an organisation's work chat. Key and secret go in and never come out again."""

    organisation = forms.CharField(
        label=_("Code of the organisation"),
        max_length=30,
        help_text=_("The code stands in the list of organisations."),
    )
    kind = forms.ChoiceField(label=_("Work chat"), choices=RobotKind, widget=forms.RadioSelect)
    key = forms.CharField(
        label=_("Key of the robot"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_(
            "What follows key= (WeCom) or access_token= (DingTalk) in the address that the chat shows. "
            "Leave it empty to keep the key that is there."
        ),
    )
    secret = forms.CharField(
        label=_("Secret for signing"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("DingTalk only, where the robot demands a signature. It begins with SEC."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def clean_organisation(self) -> Organisation:
        """
        Return the organisation of the code.

        :raises ValidationError: when there is none.
        """
        found = Organisation.objects.filter(code=self.cleaned_data["organisation"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("There is no organisation with this code."))
        return found

    def clean_key(self) -> str:
        """
        Return the key alone.

        :raises ValidationError: when something else was pasted, as the whole address.
        """
        key: str = self.cleaned_data["key"].strip()
        if any(sign in key for sign in "/?&= "):
            raise forms.ValidationError(_("Enter the key alone, not the whole address."))
        return key


class SendAgainForm(forms.Form):
    """Why a message should be sent again."""

    reason = forms.CharField(
        label=_("Why it should be sent again"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For example: the operator confirms that it never went out. It is kept with your name."),
    )


class LogForm(forms.Form):
    """Which messages the log shows."""

    channel = forms.ChoiceField(
        label=_("Message channel"),
        required=False,
        choices=[("", _("All")), *((c.value, c.label) for c in Channel if c != Channel.PORTAL)],
    )
    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *MessageStatus.choices]
    )
    day = forms.DateField(
        label=_("Written on"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
