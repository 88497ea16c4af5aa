"""App configuration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    """Register the app."""

    name = "grid.organisations"
    verbose_name = _("Organisations and postings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add teams, offices and a reader's home to the tree; models can only be loaded from here on."""
        teams = "grid.organisations.teams"
        import_string("grid.areas.nodes.show_beside_nodes")(
            "organisations/_beside_node.html",
            import_string(f"{teams}.beside_nodes"),
            actions="organisations/_node_actions.html",
        )
        import_string("grid.areas.nodes.show_on_page")(
            "organisations/_governor.html", import_string(f"{teams}.governor_of")
        )
        import_string("grid.areas.nodes.find_home_with")(self.name, import_string(f"{teams}.home_area"))
