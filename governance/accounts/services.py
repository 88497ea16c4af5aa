"""Write what a person chose about how the portal speaks to him."""

from grid.people.models import User


def choose_language(user: User, *, language: str) -> None:
    """Remember a person's language for every device he signs in on."""
    user.language = language
    user.save(update_fields=["language"])


def choose_large_text(user: User, *, large_text: bool) -> None:
    """Remember whether a person reads in large text."""
    user.large_text = large_text
    user.save(update_fields=["large_text"])


def change_profile(user: User, *, phone: str, language: str, large_text: bool) -> None:
    """Write what a person says about himself."""
    user.phone = phone
    user.language = language
    user.large_text = large_text
    user.save(update_fields=["phone", "language", "large_text"])
