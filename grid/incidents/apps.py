"""App configuration."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Register the app."""

    name = "grid.incidents"
    default_auto_field = "django.db.models.BigAutoField"
