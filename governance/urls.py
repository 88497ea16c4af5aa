"""Routes of the whole portal."""

from django.contrib import admin
from django.urls import include, path

from governance.operations.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("desk/", include("governance.desk.urls")),
    path("admin/", admin.site.urls),
    path("incidents/", include("grid.incidents.urls")),
    path("areas/", include("grid.areas.urls")),
    path("organisations/", include("grid.organisations.urls")),
    path("notices/", include("grid.notices.urls")),
    path("supervision/", include("grid.supervision.orders.urls")),
    path("ladder/", include("grid.supervision.urls")),
    path("accounts/", include("governance.accounts.urls")),
    path("api/v1/", include("governance.api.urls")),
    path("", include("grid.worktime.urls")),
    path("", include("grid.casework.urls")),
    path("", include("governance.portal.urls")),
]
