"""Routes of the REST API, version 1."""

from django.urls import path, re_path

from grid.casework import api, holdings_api

app_name = "api"

urlpatterns = [
    path("cases/<slug:number>/", api.CaseView.as_view(), name="case"),
    path("cases/<slug:number>/holdings/", holdings_api.HoldingsView.as_view(), name="holdings"),
    path("cases/<slug:number>/steps/", api.StepsView.as_view(), name="steps"),
    path("cases/<slug:number>/steps/<slug:name>/", api.StepView.as_view(), name="step"),
    path("uploads/", api.UploadsView.as_view(), name="uploads"),
    re_path(r"^.*$", api.NoSuchPath.as_view(), name="nothing"),
]
