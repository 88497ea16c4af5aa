"""Routes of notices."""

from django.urls import path

from grid.notices import views

app_name = "notices"

urlpatterns = [
    path("", views.NoticeList.as_view(), name="list"),
    path("read/", views.mark_all_read, name="mark_all_read"),
    path("<int:pk>/read/", views.mark_read, name="mark_read"),
]
