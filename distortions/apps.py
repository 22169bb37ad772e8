from django.apps import AppConfig


class DistortionsConfig(AppConfig):
    name = "distortions"

    def ready(self) -> None:
        from . import receivers  # noqa: F401
