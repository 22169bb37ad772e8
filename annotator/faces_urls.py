"""The pages about faces: a lead's preview of strips, and what annotators say of wrong tracks."""

from django.urls import path

from .views.preview_faces import preview_curves, preview_faces, preview_reports, preview_strips
from .views.track_reports import track_report_resolve_view, track_reports

urlpatterns = [
    path("studies/<slug:slug>/preview/<str:token>/faces", preview_faces, name="preview-faces"),
    path("studies/<slug:slug>/preview/<str:token>/curves", preview_curves, name="preview-curves"),
    path("studies/<slug:slug>/preview/<str:token>/reports", preview_reports, name="preview-reports"),
    path("studies/<slug:slug>/preview/<str:token>/<slug:side>.jpg", preview_strips, name="preview-strips"),
    path("studies/<slug:slug>/faces/", track_reports, name="track-reports"),
    path(
        "studies/<slug:slug>/faces/<int:pk>/resolve/", track_report_resolve_view, name="track-report-resolve"
    ),
]
