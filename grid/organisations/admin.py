"""Organisations, postings and absences in the Django admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.organisations.models import Absence, Organisation, Posting
from grid.organisations.services import superiors_of
from grid.people.models import User


class OrganisationForm(ModelForm):
    """An organisation whose superiors are not below it."""

    def clean(self) -> dict[str, Any]:
        """Refuse a superior that is below the organisation, in either line."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for line in ("parent", "functional_superior"):
            superior = cleaned.get(line)
            if (
                self.instance.pk
                and superior
                and self.instance.pk in {superior.pk, *superiors_of(superior.pk)}
            ):
                self.add_error(line, _("%(name)s is below this organisation.") % {"name": superior.label})
        return cleaned


class PostingForm(ModelForm):
    """A posting that somebody else grants."""

    granted_by: Any = None

    def clean_user(self) -> User:
        """
        Return the person.

        :raises ValidationError: when somebody would grant himself a posting (三员分立).
        """
        user: User = self.cleaned_data["user"]
        if user == self.granted_by:
            raise ValidationError(_("Nobody grants a posting to himself."))
        return user


class AbsenceForm(ModelForm):
    """An absence in which nobody stands in for somebody else by his own entry."""

    entered_by: Any = None

    def clean_stand_in(self) -> User | None:
        """
        Return the stand-in.

        :raises ValidationError: when somebody would give himself the rights of a posting (三员分立).
        """
        stand_in: User | None = self.cleaned_data["stand_in"]
        if stand_in is not None and stand_in == self.entered_by:
            raise ValidationError(_("Nobody grants a posting to himself."))
        return stand_in


class NowFilter(admin.SimpleListFilter):
    """Keep what runs today."""

    title = gettext_lazy("running")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer today and ended."""
        return [("yes", gettext_lazy("Today")), ("no", gettext_lazy("Ended or not yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by the first and the last day."""
        today = timezone.localdate()
        running = Q(starts_on__lte=today) & (Q(ends_on=None) | Q(ends_on__gte=today))
        if self.value() is None:
            return queryset
        return queryset.filter(running) if self.value() == "yes" else queryset.exclude(running)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    """Bodies that can lead a case; they end, they are never deleted."""

    form = OrganisationForm
    list_display = ["name", "code", "type", "parent", "functional_superior", "valid_until"]
    list_filter = ["type", ("governs", admin.EmptyFieldListFilter)]
    list_select_related = ["parent", "functional_superior"]
    search_fields = ["code", "name", "name_en"]
    autocomplete_fields = ["parent", "functional_superior", "area", "governs"]
    fieldsets = [
        (None, {"fields": ["code", "name", "name_en", "type", "phone"]}),
        (gettext_lazy("Authority"), {"fields": ["parent", "functional_superior", "area", "governs"]}),
        (gettext_lazy("Validity"), {"fields": ["valid_from", "valid_until"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what no longer exists has a last day."""
        return False


class AbsenceInline(admin.TabularInline):
    """When somebody is away from a posting, and who stands in."""

    model = Absence
    form = AbsenceForm
    extra = 0
    autocomplete_fields = ["stand_in"]

    def get_formset(self, request: HttpRequest, obj: Posting | None = None, **kwargs: Any) -> Any:
        """Tell the forms who enters it."""
        form = type("AbsenceForm", (AbsenceForm,), {"entered_by": request.user})
        return super().get_formset(request, obj, form=form, **kwargs)


@admin.register(Posting)
class PostingAdmin(admin.ModelAdmin):
    """Who serves where, as what; rights follow from it. A posting ends, it is never deleted."""

    form = PostingForm
    list_display = ["user", "organisation", "role", "area", "whole_city", "leads", "starts_on", "ends_on"]
    list_filter = [NowFilter, "role", "leads", "full_time", "whole_city"]
    list_select_related = ["user", "organisation", "area"]
    search_fields = ["user__username", "user__name", "organisation__code", "organisation__name", "area__code"]
    autocomplete_fields = ["user", "organisation", "area"]
    date_hierarchy = "starts_on"
    ordering = ["-starts_on", "-id"]
    inlines = [AbsenceInline]
    fieldsets = [
        (None, {"fields": ["user", "organisation", "role", "leads", "full_time"]}),
        (gettext_lazy("Place"), {"fields": ["area", "whole_city"]}),
        (gettext_lazy("Time"), {"fields": ["starts_on", "ends_on"]}),
    ]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Let the page of a person lead to his postings."""
        return lookup == "user__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_form(
        self, request: HttpRequest, obj: Posting | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Tell the form who grants."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"granted_by": request.user})

    def has_change_permission(self, request: HttpRequest, obj: Posting | None = None) -> bool:
        """Let nobody change a posting of his own."""
        own = obj is not None and obj.user_id == request.user.pk
        return not own and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what ended has a last day."""
        return False


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin):
    """Who is away and who stands in."""

    form = AbsenceForm
    list_display = ["posting", "stand_in", "starts_on", "ends_on"]
    list_filter = [NowFilter]
    list_select_related = ["posting__user", "posting__organisation", "stand_in"]
    search_fields = ["posting__user__name", "posting__organisation__name", "stand_in__name"]
    autocomplete_fields = ["posting", "stand_in"]
    date_hierarchy = "starts_on"

    def get_form(
        self, request: HttpRequest, obj: Absence | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Tell the form who enters it."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"entered_by": request.user})
