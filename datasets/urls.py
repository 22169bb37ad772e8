from django.urls import path

from .views import clip, library, media, people, references, upload

app_name = "datasets"
urlpatterns = [
    path("library/", library.clips, name="clips"),
    path("library/upload/", upload.upload, name="upload"),
    path("library/upload/file", upload.upload_file, name="upload-file"),
    path("library/<int:pk>/", clip.clip, name="clip"),
    path("library/<int:pk>/edit", clip.clip_edit, name="clip-edit"),
    path("library/<int:pk>/status", clip.clip_status, name="clip-status"),
    path("library/<int:pk>/again", clip.clip_again, name="clip-again"),
    path("library/<int:pk>/remove", clip.clip_remove, name="clip-remove"),
    path("library/<int:pk>/playback.mp4", media.clip_playback, name="clip-playback"),
    path("library/<int:pk>/poster.jpg", media.clip_poster, name="clip-poster"),
    path("library/<int:pk>/filmstrip.jpg", media.clip_filmstrip, name="clip-filmstrip"),
    path("people/", people.people, name="people"),
    path("people/new", people.person_new, name="person-new"),
    path("people/references/<int:pk>.jpg", media.reference_image, name="reference"),
    path("people/references/<int:pk>/delete", references.reference_delete, name="reference-delete"),
    path("people/<slug:key>/", people.person, name="person"),
    path("people/<slug:key>/remove", people.person_remove, name="person-remove"),
    path("people/<slug:key>/references", references.references_add, name="references-add"),
    path("people/<slug:key>/order", references.references_order, name="references-order"),
]
