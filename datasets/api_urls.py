from rest_framework.routers import SimpleRouter

from . import api

router = SimpleRouter(trailing_slash=False)
router.register("people", api.PersonViewSet, basename="api-people")
router.register("clips", api.ClipViewSet, basename="api-clips")
router.register("pairs", api.PairViewSet, basename="api-pairs")
router.register("releases", api.ReleaseViewSet, basename="api-releases")

urlpatterns = router.urls
