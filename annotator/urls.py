from django.urls import URLPattern, URLResolver

app_name = "annotator"
urlpatterns: list[URLPattern | URLResolver] = []
