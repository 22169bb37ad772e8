from django.urls import path

from . import mistake_views, views

app_name = "training"
urlpatterns = [
    path("runs/", views.runs, name="runs"),
    path("runs/new/", views.run_new, name="run-new"),
    path("runs/new/policy/", views.policy_new, name="policy-new"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("runs/<int:pk>/sheets/<int:update>.png", views.sheet, name="run-sheet"),
    path("runs/<int:pk>/clips", views.clips, name="run-clips"),
    path("runs/<int:pk>/mistakes/", mistake_views.mistakes, name="run-mistakes"),
    path("runs/<int:pk>/mistakes/<slug:sha256>.mp4", mistake_views.mistake_clip, name="run-mistake-clip"),
    path("runs/<int:pk>/score", mistake_views.score, name="run-score"),
    path("runs/<int:pk>/cancel", views.cancel, name="run-cancel"),
    path("runs/<int:pk>/resume", views.resume, name="run-resume"),
]
