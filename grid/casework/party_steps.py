"""The steps by which a person who brought a matter is noted, and gets a code to follow it by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework import tracking
from grid.casework.data import PersonalField, StepData
from grid.casework.models import NOT_TOLD, Party
from grid.casework.personal import blind_index, is_masked
from grid.casework.table import Step
from grid.casework.who import any_of, over_area, reporter
from grid.organisations.models import Role

if TYPE_CHECKING:
    from grid.casework.actors import Actor
    from grid.casework.who import Who

Words = str | Promise
# Steps after which the page shows a code, once.
GIVING = ("note_party", "reissue_code")
PHONE = re.compile(r"^\+?\d[\d -]{5,18}\d$")


class PartyData(StepData):
    """Who brought the matter, and how to reach this person. Nothing of it stands in the entry."""

    name = PersonalField(label=_("Name of the person"), max_length=40)
    phone = PersonalField(label=_("Telephone"), max_length=20, style={"type": "tel", "inputmode": "tel"})
    email = PersonalField(label=_("E-mail"), max_length=254, required=False, allow_blank=True)
    language = serializers.ChoiceField(label=_("Language of messages"), choices=settings.LANGUAGES)

    def validate_name(self, value: str) -> str:
        """
        Return the name.

        :raises ValidationError: when it is one that the portal masked.
        """
        if is_masked(value):
            raise serializers.ValidationError(_("This name is masked. Write it out."))
        return value

    def validate_phone(self, value: str) -> str:
        """
        Return the number.

        :raises ValidationError: when it is none, or stands on this matter already.
        """
        if not PHONE.match(value):
            raise serializers.ValidationError(
                _("This is no telephone number. Digits, spaces and hyphens only.")
            )
        here = Party.objects.filter(case=self.context["case"], phone_index=blind_index(value), erased_at=None)
        if here.exists():
            raise serializers.ValidationError(
                _("This number is noted on the matter already. Issue a new code instead.")
            )
        return value

    def validate_email(self, value: str) -> str:
        """
        Return the address.

        :raises ValidationError: when it is none.
        """
        return str(serializers.EmailField().run_validation(value)) if value else ""


class NotedField(serializers.PrimaryKeyRelatedField):
    """A person noted on the matter, shown masked."""

    def get_queryset(self) -> Any:
        """Return the people noted on the case; whoever is accused or a witness in it follows nothing."""
        noted = Party.objects.filter(case=self.context["case"], erased_at=None)
        return noted.exclude(capacity__in=NOT_TOLD).order_by("pk")

    def display_value(self, instance: Party) -> str:
        """Return the name and the number with most of both hidden."""
        return instance.label


class ReissueData(StepData):
    """Whose code is replaced, and by what the clerk knew this person."""

    party = NotedField(label=_("For whom"))
    known_by = serializers.ChoiceField(
        label=_("How you made sure who it is"),
        choices=[
            ("identity", _("Identity card")),
            ("phone", _("Called back on the noted number")),
            ("in_person", _("Known in person")),
        ],
    )


def party_steps(
    *, open_statuses: Iterable[str], all_statuses: Iterable[str], working: Who
) -> tuple[Step, ...]:
    """Return the rows that every kind has for the people who bring a matter."""
    noting = any_of(reporter(), working, over_area(Role.COMMUNITY_CLERK))
    return (
        Step(
            "note_party",
            _("Note who brought it"),
            noting,
            note_party,
            frozenset(open_statuses),
            data=PartyData,
            when=not_sealed,
            hint=_("The person gets a code with which to follow the matter. Name and number are encrypted."),
            public_text=_("A code to follow the matter was given out."),
        ),
        Step(
            "reissue_code",
            _("Issue a new code"),
            noting,
            reissue_code,
            frozenset(all_statuses),
            data=ReissueData,
            when=somebody_noted,
            hint=_("For a code that was lost. The old one stops working at once."),
            public_text=_("A new code was given out; the one before no longer works."),
        ),
    )


def not_sealed(detail: Any, actor: Actor) -> Words | None:
    """Say that a sealed matter is not followed through the public door."""
    return _("A sealed matter cannot be followed on the public pages.") if detail.case.sealed else None


def somebody_noted(detail: Any, actor: Actor) -> Words | None:
    """Say that nobody has a code yet; a page knows that already, other callers ask."""
    known = getattr(detail.case, "has_parties", None)
    has = Party.objects.filter(case=detail.case, erased_at=None).exists() if known is None else known
    return not_sealed(detail, actor) if has else _("Nobody is noted on this matter yet.")


def note_party(
    detail: Any, *, by: Actor, at: datetime, name: str, phone: str, language: str, email: str = ""
) -> None:
    """Note who brought a matter and give this person a code."""
    party = Party.objects.create(
        case=detail.case,
        capacity="brought_it",
        name=name,
        phone=phone,
        email=email,
        phone_index=blind_index(phone),
        language=language,
    )
    tracking.issue(party, at=at)


def reissue_code(detail: Any, *, by: Actor, at: datetime, party: Party, known_by: str) -> None:
    """Replace a lost code; the old one is void."""
    party.case = detail.case
    tracking.issue(party, at=at)
