"""Routes of the ladder itself, for whoever keeps it running."""

from django.urls import path

from grid.supervision import views

app_name = "ladder"

urlpatterns = [
    path("", views.ladder, name="runs"),
    path("<int:pk>/again/", views.take_again, name="take_again"),
]
