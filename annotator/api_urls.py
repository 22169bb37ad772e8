from django.urls import path

from .api import slots

urlpatterns = [
    path("studies/<slug:slug>/slots/claim", slots.SlotClaim.as_view(), name="api-slots-claim"),
    path("studies/<slug:slug>/slots/last", slots.SlotLast.as_view(), name="api-slots-last"),
    path("slots/heartbeat", slots.SlotHeartbeat.as_view(), name="api-slots-heartbeat"),
    path("slots/release", slots.SlotRelease.as_view(), name="api-slots-release"),
    path("slots/submit", slots.SlotSubmit.as_view(), name="api-slots-submit"),
]
