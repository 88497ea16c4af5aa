"""Routes of supervision."""

from django.urls import path

from grid.supervision.orders import views

app_name = "supervision"

urlpatterns = [
    path("", views.orders, name="orders"),
    path("<int:pk>/", views.order, name="order"),
]
