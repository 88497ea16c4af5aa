"""Routes of notices."""

from django.urls import path

from grid.notices import administration, text_pages, views

app_name = "notices"

urlpatterns = [
    path("", views.NoticeList.as_view(), name="list"),
    path("read/", views.mark_all_read, name="mark_all_read"),
    path("<int:pk>/read/", views.mark_read, name="mark_read"),
    path("channels/", administration.channel_list, name="channels"),
    path("channels/robots/new/", administration.robot, name="robot_new"),
    path("channels/robots/<int:pk>/", administration.robot, name="robot"),
    path("messages/", administration.log, name="log"),
    path("messages/trouble/", administration.trouble, name="trouble"),
    path("messages/<int:pk>/", administration.message, name="message"),
    path("messages/<int:pk>/again/", administration.send_again, name="send_again"),
    path("texts/", text_pages.texts, name="texts"),
    path("texts/<slug:audience>/<slug:code>/<slug:channel>/", text_pages.text, name="text"),
    path("texts/<slug:audience>/<slug:code>/<slug:channel>/preview/", text_pages.preview, name="preview"),
    path("texts/<slug:audience>/<slug:code>/<slug:channel>/reset/", text_pages.reset, name="reset"),
    path("texts/<slug:audience>/<slug:code>/<slug:channel>/step/", text_pages.for_step, name="for_step"),
]
