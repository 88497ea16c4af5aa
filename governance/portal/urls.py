"""Routes of the front door."""

from django.urls import path

from governance.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("help/components/", views.components, name="components"),
    path("language/", views.set_language, name="set_language"),
    path("large-text/", views.set_large_text, name="large_text"),
]
