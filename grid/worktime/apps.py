"""App configuration."""

from django.apps import AppConfig


class WorktimeConfig(AppConfig):
    """Register the app."""

    name = "grid.worktime"
    default_auto_field = "django.db.models.BigAutoField"
