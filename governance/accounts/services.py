"""Write what a person chose about how the portal speaks to him."""

from collections.abc import Iterable

from django.db import transaction

from grid.notices.services import choose_channels
from grid.people.models import User


def choose_language(user: User, *, language: str) -> None:
    """Remember a person's language for every device he signs in on."""
    user.language = language
    user.save(update_fields=["language"])


def choose_large_text(user: User, *, large_text: bool) -> None:
    """Remember whether a person reads in large text."""
    user.large_text = large_text
    user.save(update_fields=["large_text"])


@transaction.atomic
def change_profile(
    user: User, *, phone: str, language: str, large_text: bool, channels: Iterable[str]
) -> None:
    """Write what a person says about himself, and by which channels he wants messages."""
    user.phone = phone
    user.language = language
    user.large_text = large_text
    user.save(update_fields=["phone", "language", "large_text"])
    choose_channels(user, wanted=channels)
