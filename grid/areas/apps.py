"""App configuration."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """Register the app."""

    name = "grid.areas"
    default_auto_field = "django.db.models.BigAutoField"
