from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from config.accounts.api import TokenLogin
from config.accounts.guessing import LoginForm
from config.web.nothing_here import NothingHere
from config.web.views import home

urlpatterns = [
    path("", home, name="home"),
    path(
        "login/",
        auth_views.LoginView.as_view(authentication_form=LoginForm, redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/token", TokenLogin.as_view(), name="api-token"),
    path("api/v1/", include("datasets.api_urls")),
    path("api/v1/", include("annotator.api_urls")),
    re_path("^api/", NothingHere.as_view()),
    path("jobs/", include("config.jobs.urls")),
    path("", include("datasets.urls")),
    path("", include("distortions.urls")),
    path("", include("annotator.urls")),
    path("", include("training.urls")),
]
