"""App configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Register the app."""

    name = "governance.accounts"
    default_auto_field = "django.db.models.BigAutoField"
