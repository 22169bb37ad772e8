from rest_framework.routers import SimpleRouter

from . import api, api_faces

router = SimpleRouter(trailing_slash=False)
router.register("people", api.PersonViewSet, basename="api-people")
router.register("clips", api.ClipViewSet, basename="api-clips")
router.register("tracks", api_faces.TracksViewSet, basename="api-tracks")
router.register("pairs", api.PairViewSet, basename="api-pairs")

urlpatterns = router.urls
