"""Keep the demo's sign-ins, whose password everybody knows, out of production."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured


def refuse_demo_accounts() -> None:
    """
    Refuse to start where the settings forbid demo accounts and the database holds some.

    The processes call this before they serve. Without an answer from the database nothing starts.

    :raises ImproperlyConfigured: naming the accounts.
    """
    if settings.DEMO_ACCOUNTS_ALLOWED:
        return
    found = demo_accounts()
    if found:
        raise ImproperlyConfigured(explain(found))


def demo_accounts() -> list[str]:
    """Return the first user names of demo accounts."""
    return list(
        get_user_model()
        .objects.filter(is_demo=True)
        .order_by("username")
        .values_list("username", flat=True)[:10]
    )


def explain(usernames: list[str]) -> str:
    """Say why the portal does not start, and what to do."""
    return (
        f"This database holds demo accounts ({', '.join(usernames)}), whose password is published. "
        "The portal does not start on it with production settings: use a database without the demo."
    )
