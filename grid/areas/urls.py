"""Routes of the tree."""

from django.urls import path

from grid.areas import views

app_name = "areas"

urlpatterns = [
    path("", views.TreePage.as_view(), name="tree"),
    path("nodes/<int:pk>/", views.NodePart.as_view(), name="node"),
    path("outlines.geojson", views.OutlinesPart.as_view(), name="outlines"),
    path("<int:pk>/", views.AreaPage.as_view(), name="detail"),
]
