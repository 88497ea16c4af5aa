"""Routes of cases and their files."""

from django.urls import path

from grid.casework import file_views, views

app_name = "casework"

urlpatterns = [
    path("cases/<slug:number>/", views.case, name="case"),
    path("cases/<slug:number>/steps/<slug:name>/", views.step, name="step"),
    path("uploads/", file_views.receive, name="uploads"),
    path("uploads/<uuid:pk>/", file_views.upload, name="upload"),
    path("attachments/<int:pk>/", file_views.attachment, name="attachment"),
    path("attachments/<int:pk>/thumbnail/", file_views.thumbnail, name="thumbnail"),
]
