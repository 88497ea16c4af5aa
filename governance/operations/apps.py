"""App configuration."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Register the app."""

    name = "governance.operations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from governance.operations import checks  # noqa: F401  (a check needs the models loaded)
