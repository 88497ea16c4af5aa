"""App configuration."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Register the app."""

    name = "grid.notices"
    default_auto_field = "django.db.models.BigAutoField"
