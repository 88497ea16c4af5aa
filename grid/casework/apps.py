"""App configuration."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Register the app."""

    name = "grid.casework"
    default_auto_field = "django.db.models.BigAutoField"
