"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Register the app."""

    name = "governance.desk"
    default_auto_field = "django.db.models.BigAutoField"
