"""Routes of incidents."""

from django.urls import path

from grid.incidents import views

app_name = "incidents"

urlpatterns = [
    path("report/", views.report, name="report"),
    path("reported/<str:number>/", views.reported, name="reported"),
    path("responsibilities/", views.responsibilities, name="responsibilities"),
]
