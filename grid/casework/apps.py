"""App configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CaseworkConfig(AppConfig):
    """Let every kind introduce itself."""

    name = "grid.casework"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `kind.py` of every app."""
        autodiscover_modules("kind")
