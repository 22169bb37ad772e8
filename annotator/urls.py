from django.urls import URLPattern, URLResolver, path

from . import faces_urls, page_urls
from .views import media, workbench

app_name = "annotator"
urlpatterns: list[URLPattern | URLResolver] = [
    path("w/<slug:slug>/", workbench.workbench, name="workbench"),
    path("w/<slug:slug>/examples/<int:number>.mp4", workbench.workbench_example, name="workbench-example"),
    path("w/media/<str:token>/clip.mp4", media.media_clip, name="media-clip"),
    path("w/media/<str:token>/ref.jpg", media.media_reference, name="media-reference"),
    path("w/media/<str:token>/faces.jpg", media.media_faces, name="media-faces"),
    *faces_urls.urlpatterns,
    *page_urls.urlpatterns,
]
