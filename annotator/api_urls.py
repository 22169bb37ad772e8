from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import faces, gold, slots
from .api.releases import ReleaseViewSet
from .api.studies import JudgmentViewSet, StudyViewSet

router = SimpleRouter(trailing_slash=False)
router.register("studies", StudyViewSet, basename="api-studies")
router.register("releases", ReleaseViewSet, basename="api-releases")
router.register("judgments", JudgmentViewSet, basename="api-judgments")

urlpatterns = [
    path("studies/<slug:slug>/slots/claim", slots.SlotClaim.as_view(), name="api-slots-claim"),
    path("studies/<slug:slug>/slots/last", slots.SlotLast.as_view(), name="api-slots-last"),
    path("studies/<slug:slug>/gold", gold.StudyGold.as_view(), name="api-studies-gold"),
    path("slots/heartbeat", slots.SlotHeartbeat.as_view(), name="api-slots-heartbeat"),
    path("slots/release", slots.SlotRelease.as_view(), name="api-slots-release"),
    path("slots/submit", slots.SlotSubmit.as_view(), name="api-slots-submit"),
    path("slots/<str:token>/faces", faces.SlotFaces.as_view(), name="api-slots-faces"),
    path("slots/<str:token>/curves", faces.SlotCurves.as_view(), name="api-slots-curves"),
    path("slots/<str:token>/reports", faces.SlotReports.as_view(), name="api-slots-reports"),
    *router.urls,
]
