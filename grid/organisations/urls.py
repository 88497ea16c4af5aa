"""Routes of organisations and teams."""

from django.urls import path

from grid.organisations import views

app_name = "organisations"

urlpatterns = [
    path("teams/<str:code>/", views.TeamPage.as_view(), name="team"),
]
