"""Routes of cases and their files."""

from django.urls import path

from grid.casework import file_views, track_views, views

app_name = "casework"

urlpatterns = [
    path("cases/<slug:number>/", views.case, name="case"),
    path("cases/<slug:number>/steps/<slug:name>/", views.step, name="step"),
    path("cases/<slug:number>/code/", track_views.code, name="code"),
    path("track/", track_views.track, name="track"),
    path("track/leave/", track_views.leave, name="leave"),
    path("track/<slug:number>/", track_views.tracked, name="tracked"),
    path("uploads/", file_views.receive, name="uploads"),
    path("uploads/<uuid:pk>/", file_views.upload, name="upload"),
    path("attachments/<int:pk>/", file_views.attachment, name="attachment"),
    path("attachments/<int:pk>/thumbnail/", file_views.thumbnail, name="thumbnail"),
]
