"""
Accounts in the Django admin, and what was done there.

Three duties are kept apart (三员分立, GB/T 22239-2019): a system administrator makes accounts, a security
administrator grants rights and postings, an auditor reads the log. Nobody is made a superuser here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from grid.people.models import User, UserType

# Which permission marks which duty; the groups that hold them come from a migration of organisations.
MAKES_ACCOUNTS = "people.add_user"
GRANTS_RIGHTS = "organisations.add_posting"
ACCOUNT = ["username", "name", "type", "phone", "language", "large_text", "is_active"]
RIGHTS = ["is_staff", "groups"]

admin.site.site_header = _("Sunshine Grid administration")
admin.site.site_title = _("Sunshine Grid")
admin.site.index_title = _("Master data")
admin.site.unregister(Group)


class NewPersonForm(AdminUserCreationForm):
    """A new account: a password now, or none, so that nobody can sign in with it yet."""

    class Meta:
        model = User
        fields = ["username", "name", "phone"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People who sign in; they are deactivated, never deleted."""

    add_form = NewPersonForm
    list_display = ["username", "name", "phone", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "groups", "type", "is_demo"]
    search_fields = ["username", "name", "phone"]
    search_help_text = _("User name, name or service telephone")
    ordering = ["username"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": (*ACCOUNT, "password", "postings_link")}),
        (_("Administration"), {"fields": tuple(RIGHTS)}),
        (_("Dates"), {"fields": ["last_login", "date_joined", "is_demo"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "name", "phone", "usable_password", "password1", "password2"]})
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the people and partner systems; the portal itself is nobody's to change."""
        found: QuerySet[User] = super().get_queryset(request).exclude(type=UserType.MACHINE)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Let each duty change only its own, and nobody his own rights."""
        closed = ["last_login", "date_joined", "is_demo", "postings_link"]
        if not request.user.has_perm(MAKES_ACCOUNTS):
            closed += [*ACCOUNT, "password"]
        if not request.user.has_perm(GRANTS_RIGHTS) or obj == request.user:
            closed += RIGHTS
        return closed

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """
        Set a password.

        :raises PermissionDenied: for another administrator's account, whose rights would come with it.
        """
        target = self.get_object(request, id)
        if not request.user.has_perm(MAKES_ACCOUNTS) or (
            target is not None and target != request.user and target.groups.exists()
        ):
            raise PermissionDenied
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: somebody who leaves is deactivated, so that what he did keeps his name."""
        return False

    @admin.display(description=_("Postings"))
    def postings_link(self, obj: User) -> str:
        """Lead to what somebody is, where and since when."""
        address = reverse("admin:organisations_posting_changelist")
        return format_html('<a href="{}?user__id__exact={}">{}</a>', address, obj.pk, _("Show the postings"))


@admin.register(LogEntry)
class LogEntryAdmin(admin.ModelAdmin):
    """What was done in the administration; to read only."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag", "get_change_message"]
    list_filter = ["action_flag", "content_type"]
    list_select_related = ["user", "content_type"]
    search_fields = ["object_repr", "user__username", "user__name"]
    date_hierarchy = "action_time"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the administration writes this itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what happened stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what happened stays as it is."""
        return False
