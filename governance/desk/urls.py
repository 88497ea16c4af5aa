"""Routes of the desk."""

from django.urls import path

from governance.desk import views

app_name = "desk"

urlpatterns = [path("", views.worklist_page, name="worklist")]
