"""App configuration."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Register the app."""

    name = "grid.supervision"
    default_auto_field = "django.db.models.BigAutoField"
