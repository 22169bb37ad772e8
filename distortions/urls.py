from django.urls import path

from .views import batch, batches, preview, result

app_name = "distortions"
urlpatterns = [
    path("batches/", batches.batches, name="batches"),
    path("batches/new/", batches.batch_new, name="batch-new"),
    path("batches/new/plan", batches.batch_plan, name="batch-plan"),
    path("batches/new/preview", preview.preview_new, name="preview-new"),
    path("batches/previews/<uuid:uid>/", preview.preview_part, name="preview"),
    path("batches/previews/<uuid:uid>/<slug:recipe>.jpg", preview.strip_picture, name="strip"),
    path("batches/<int:pk>/", batch.batch, name="batch"),
    path("batches/<int:pk>/pause", batch.pause, name="batch-pause"),
    path("batches/<int:pk>/resume", batch.resume, name="batch-resume"),
    path("batches/<int:pk>/cancel", batch.cancel, name="batch-cancel"),
    path("batches/<int:pk>/<int:number>/", result.result, name="result"),
    path("batches/<int:pk>/<int:number>/faces.jpg", result.picture, name="result-picture"),
]
