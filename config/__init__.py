import os

# Arrow's own allocator keeps what it once had, 20 MB and more of it in every process that writes or reads a release.
# Arrow looks here when it is loaded, so this is said before anything of ours is.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from .celery import app as celery_app

__all__ = ["celery_app"]
