"""Master data of the tree in the Django admin: every change goes through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.areas import services
from grid.areas.models import Area, AreaChange

PLACE = ("code", "parent", "code_kept")
FIXED = ("tier", "code_system")
FACTS = ("name", "name_en", "valid_from", "households", "population", "external_codes")
DRAWN = ("outline", "schematic")
ENDED = ("valid_until", "successor", "end_reason")


class AreaForm(forms.ModelForm):
    """Edit one area; the services judge it before anything is kept."""

    class Meta:
        model = Area
        fields = [*FIXED, *PLACE, *FACTS, *DRAWN, *ENDED]

    def clean(self) -> dict[str, Any]:
        """Try the change in a transaction that is taken back, so that its errors come back with the form."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        with transaction.atomic():
            try:
                self.apply(by=None)
            except ValidationError as error:
                for field, errors in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
                    self.add_error(field if field in self.fields else None, errors)
            transaction.set_rollback(True)
        return cleaned

    def apply(self, *, by: Any) -> Area:
        """
        Insert the area, or move, correct, draw and end it where the form says something new.

        :raises ValidationError: from the services.
        """
        data, changed, at = self.cleaned_data, set(self.changed_data), timezone.now()
        if self.instance.pk is None:
            return services.insert_area(**data, by=by, at=at)
        area = Area.objects.get(pk=self.instance.pk)
        if changed & {"code", "parent"}:
            if data["parent"] is None:
                raise ValidationError(
                    _("The top of a tree keeps its code and its place; end it and add its successor.")
                )
            code, keep = data["code"], data["code_kept"]
            area = services.move_area(area, to=data["parent"], code=code, keep_code=keep, by=by, at=at)
        area = services.correct_area(area, by=by, at=at, **{name: data[name] for name in FACTS})
        if changed & set(DRAWN):
            drawn = {name: data[name] for name in DRAWN}
            area, _warnings = services.set_outline(area, **drawn, by=by, at=at)
        if "valid_until" in changed and data["valid_until"]:
            area = services.end_area(
                area,
                on=data["valid_until"],
                successor=data["successor"],
                reason=data["end_reason"],
                by=by,
                at=at,
            )
        return area


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    """The tree; areas end, they are never deleted."""

    form = AreaForm
    list_display = ["code", "name", "name_en", "tier", "parent", "valid_until"]
    list_filter = ["tier", "code_system"]
    search_fields = ["code", "name", "name_en"]
    list_select_related = ["parent"]
    raw_id_fields = ["parent", "successor"]
    fieldsets = [
        (None, {"fields": (*FIXED, *PLACE)}),
        (gettext_lazy("Facts"), {"fields": FACTS}),
        (gettext_lazy("Outline"), {"fields": DRAWN}),
        (gettext_lazy("End"), {"fields": ENDED}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Area]:
        """Return the areas in the order of the tree, without outlines."""
        found: QuerySet[Area] = super().get_queryset(request).defer("outline")
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> list[str]:
        """Keep the tier and the code system as they were set."""
        return list(FIXED) if obj else []

    def save_model(self, request: HttpRequest, obj: Area, form: AreaForm, change: bool) -> None:
        """Write through the services, in the name of who is signed in."""
        obj.pk = form.apply(by=request.user).pk
        obj.refresh_from_db()

    def has_delete_permission(self, request: HttpRequest, obj: Area | None = None) -> bool:
        """Refuse: what no longer exists has an end and a successor."""
        return False


@admin.register(AreaChange)
class AreaChangeAdmin(admin.ModelAdmin):
    """Who changed what; to read only."""

    list_display = ["at", "area", "verb", "by"]
    list_filter = ["verb"]
    list_select_related = ["area", "by"]
    search_fields = ["area__code", "area__name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the services write this."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AreaChange | None = None) -> bool:
        """Refuse: what happened stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AreaChange | None = None) -> bool:
        """Refuse: what happened stays as it is."""
        return False
