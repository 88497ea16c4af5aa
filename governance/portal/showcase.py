"""Examples for the page that shows every component in every state."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework.models.case import Urgency


class ExampleForm(forms.Form):
    """Every kind of field of a Django form."""

    title = forms.CharField(
        label=_("What is it about?"),
        max_length=60,
        help_text=_("In a few words, as you would tell a colleague."),
    )
    story = forms.CharField(label=_("What did you see?"), widget=forms.Textarea, required=False)
    urgency = forms.ChoiceField(
        label=_("How urgent is it?"),
        widget=forms.RadioSelect(
            attrs={
                "hints": {
                    "red": _("Danger to people; within 2 hours"),
                    "yellow": _("Within 24 hours"),
                    "blue": _("Within 72 hours"),
                }
            }
        ),
        choices=Urgency.choices,
    )
    category = forms.ChoiceField(
        label=_("Kind of incident"),
        choices=[
            ("", ""),
            (
                _("Fire safety"),
                [("c1", _("Blocked escape route")), ("c2", _("Charging cable through a window"))],
            ),
            (_("Public facilities"), [("g1", _("Missing manhole cover")), ("g2", _("Broken street lamp"))]),
        ],
    )
    people = forms.IntegerField(
        label=_("People concerned"), min_value=0, widget=forms.NumberInput(attrs={"hint": _("people")})
    )
    seen_on = forms.DateField(label=_("Seen on"), widget=forms.DateInput(attrs={"type": "date"}))
    photo = forms.FileField(
        label=_("Photos"), required=False, widget=forms.ClearableFileInput(attrs={"accept": "image/*"})
    )
    done = forms.BooleanField(
        label=_("I settled it on the spot"), required=False, help_text=_("Then it needs no verification.")
    )


class ExampleSerializer(serializers.Serializer):
    """A step's data, drawn by the same component."""

    reason = serializers.CharField(label=_("Reason"), style={"base_template": "textarea.html", "rows": 3})
    outcome = serializers.ChoiceField(
        label=_("Outcome"),
        choices=[("solved", _("Solved")), ("partly", _("Partly solved")), ("explained", _("Explained"))],
        style={"type": "radio"},
    )
    visited_on = serializers.DateField(label=_("Visited on"), required=False)


def timeline(at: datetime) -> list[dict[str, Any]]:
    """Return a timeline with a person, the machine, facts, a change and a file."""
    return [
        {
            "seq": 4,
            "verb": _("Told the superior"),
            "who": _("The portal itself"),
            "at": at - timedelta(minutes=20),
            "machine": True,
            "facts": [(_("Deadline"), _("Handling within 24 hours"))],
        },
        {
            "seq": 3,
            "verb": _("Dispatch"),
            "who": "周敏",
            "organisation": "长西街道综合治理中心",
            "at": at - timedelta(hours=20),
            "changed": [(_("Leading organisation"), "长西街道综合治理中心", "区城市管理局")],
            "text": "井盖破损，请市政养护班今天到场围护并更换。",
        },
        {
            "seq": 2,
            "verb": _("Accept"),
            "who": "李文静",
            "organisation": "越河社区",
            "at": at - timedelta(hours=23),
            "audience": _("Staff only"),
        },
        {
            "seq": 1,
            "verb": _("Report"),
            "who": "王建国",
            "organisation": "越河社区第三网格",
            "at": at - timedelta(hours=24),
            "happened_on": (at - timedelta(hours=24)).date(),
            "text": "人行道井盖塌陷，旁边有小学。",
            "attachments": [{"url": "#", "name": "现场记录.pdf", "size": 182_000, "is_image": False}],
        },
    ]


def showcase(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the components page."""
    at = timezone.now()
    wrong_serializer = ExampleSerializer(data={"reason": "", "visited_on": "2026-02-31"})
    wrong_serializer.is_valid()
    here = reverse("portal:components")
    return {
        "form": ExampleForm(auto_id="fresh_%s"),
        "wrong_form": ExampleForm({"title": "井盖", "people": "-1", "seen_on": ""}, auto_id="wrong_%s"),
        "serializer": ExampleSerializer(),
        "wrong_serializer": wrong_serializer,
        "at": at,
        "dues": [
            ("green", at + timedelta(days=2, hours=3, seconds=5)),
            ("yellow", at + timedelta(hours=7, minutes=20, seconds=5)),
            ("orange", at + timedelta(minutes=95, seconds=5)),
            ("red", at - timedelta(hours=5)),
        ],
        "entries": timeline(at),
        "items": [{"label": _("Desk"), "url": here}, {"label": "长西街道", "url": here}],
        "tabs": [
            {"label": _("To do"), "url": here, "here": True, "count": 12},
            {"label": _("Overdue"), "url": here, "count": 3},
            {"label": _("All"), "url": here, "count": "1,000+"},
        ],
        "actions": [
            {"url": here, "label": _("Export"), "icon": "download"},
            {"url": here, "label": _("Report an incident"), "icon": "plus-lg", "primary": True},
        ],
        "rows": [
            (_("Number"), "SJ-2026-0001234-7"),
            (_("Place"), "长西街道 · 越河社区 · 第三网格"),
            (_("Leading organisation"), "区城市管理局"),
        ],
        "explanation": [
            ("2026-09-17", _("The day of receipt does not count.")),
            ("2026-10-01–07", _("National Day: skipped.")),
            ("2026-10-09", _("Last day.")),
        ],
        "banners": ["info", "success", "warning", "error"],
        "urgencies": ["red", "yellow", "blue"],
        "lights": ["paused", "met", "met_late", "none"],
        "hidden": {},
    }
