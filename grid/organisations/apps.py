"""App configuration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string


class OrganisationsConfig(AppConfig):
    """Register the app."""

    name = "grid.organisations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the team of a grid beside its node of the tree; models can only be loaded from here on."""
        show = import_string("grid.areas.nodes.show_beside_nodes")
        show("organisations/_beside_node.html", import_string("grid.organisations.teams.beside_nodes"))
