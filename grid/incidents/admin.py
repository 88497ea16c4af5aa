"""Master data of incidents; incidents themselves are never edited here."""

from django.contrib import admin
from django.http import HttpRequest

from grid.incidents.models import Category, Responsibility


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """Categories: what is no longer wanted is made inactive, never deleted."""

    list_display = ("code", "name", "name_en", "urgency", "is_active")
    list_filter = ("is_active", "urgency")
    search_fields = ("code", "name", "name_en")
    list_select_related = ("parent",)

    def has_delete_permission(self, request: HttpRequest, obj: Category | None = None) -> bool:
        """Refuse: old incidents keep their category."""
        return False


@admin.register(Responsibility)
class ResponsibilityAdmin(admin.ModelAdmin):
    """The responsibility list: a line that changes ends, and a new one begins."""

    list_display = ("category", "tier", "area", "lead_organisation", "basis", "valid_from", "valid_until")
    list_filter = ("tier", "category__parent")
    search_fields = ("category__code", "category__name", "lead_organisation__name", "basis")
    list_select_related = ("category", "area", "lead_organisation")
    raw_id_fields = ("area", "lead_organisation")
    filter_horizontal = ("assisting",)
    date_hierarchy = "valid_from"
