"""The data that steps ask for: DRF serializers that the API uses as they are and the pages draw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from grid.casework.models import Upload

LONGEST_AGO = timedelta(days=366)


class UploadsField(serializers.ListField):
    """Ids of files that this user sent before and that no case has claimed yet."""

    child = serializers.UUIDField()

    def __init__(self, **kwargs: Any) -> None:
        """Be optional, ten at most."""
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", 10)
        kwargs.setdefault("label", _("Photos and files"))
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """
        Return the uploads, in the order sent.

        :raises ValidationError: when one is unknown, of somebody else, or already used.
        """
        ids = super().run_validation(data)
        if not ids:
            return []
        actor = self.context["actor"]
        found = {u.pk: u for u in Upload.objects.filter(pk__in=ids, user=actor.user, attachment=None)}
        missing = [i for i in ids if i not in found]
        if missing:
            raise serializers.ValidationError(
                _("A file is no longer there or was already used. Send it again.")
            )
        return [found[i] for i in dict.fromkeys(ids)]


class CodeField(serializers.Field):
    """A code of the portal's own, as a deadline's: a value of the entry, not text that somebody typed."""

    default_error_messages = {"invalid": _("This is no code.")}

    def to_internal_value(self, data: Any) -> str:
        """
        Return the code.

        :raises ValidationError: when it is no short text.
        """
        if not isinstance(data, str) or not 0 < len(data) <= 40:
            self.fail("invalid")
        return str(data)

    def to_representation(self, value: Any) -> str:
        """Return the code as it is."""
        return str(value)


class PersonalField(serializers.CharField):
    """A name, a telephone number or the like: kept encrypted with a party, never in an entry."""

    personal = True


class StepData(serializers.Serializer):
    """What every step may carry: nothing but what its subclass declares."""


def text_field(**kwargs: Any) -> serializers.CharField:
    """Return a field for text of some lines, at most 2,000 characters."""
    kwargs.setdefault("max_length", 2000)
    kwargs.setdefault("style", {"base_template": "textarea.html", "rows": 3})
    return serializers.CharField(**kwargs)


class HappenedOnField(serializers.DateField):
    """A day that somebody states: not in the future, and not so long ago that the year must be a slip."""

    def __init__(self, **kwargs: Any) -> None:
        """Be optional: without it the day of the portal's clock counts."""
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        kwargs.setdefault("label", _("Happened on"))
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """
        Return the day; a phone's clock up to a day ahead is clamped, not refused.

        :raises ValidationError: when the day is further in the future.
        """
        if data == "":
            data = None
        day = super().run_validation(data)
        if day is None or day is serializers.empty:
            return day
        today = timezone.localdate(self.context["at"])
        if day > today + timedelta(days=1):
            raise serializers.ValidationError(_("This day is in the future."))
        if day < today - LONGEST_AGO:
            raise serializers.ValidationError(_("This day is more than a year ago. Check the year."))
        return min(day, today)


class ObservedAtField(serializers.DateTimeField):
    """The instant at which a phone saw something."""

    def __init__(self, **kwargs: Any) -> None:
        """Be optional."""
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        kwargs.setdefault("label", _("Seen at"))
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """
        Return the instant; a clock up to a day ahead is clamped, not refused.

        :raises ValidationError: when the instant is further in the future.
        """
        if data == "":
            data = None
        try:
            seen = super().run_validation(data)
        except OverflowError:
            self.fail("overflow")
        if seen is None or seen is serializers.empty:
            return seen
        now = self.context["at"]
        if seen > now + timedelta(days=1):
            raise serializers.ValidationError(_("This date is in the future."))
        return min(seen, now)
