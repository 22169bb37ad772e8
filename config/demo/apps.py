from django.apps import AppConfig


class DemoConfig(AppConfig):
    """`manage.py demo`: a whole Likeness on one laptop, started and stopped by one command."""

    name = "config.demo"
    label = "demo"
