from django.urls import path

from . import views

app_name = "jobs"
urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("<uuid:uid>/", views.job, name="job"),
    path("<uuid:uid>/cancel", views.job_stop, name="job-cancel"),
    path("<uuid:uid>/resume", views.job_again, name="job-resume"),
]
