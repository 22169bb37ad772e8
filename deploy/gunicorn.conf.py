"""How the site is served: `gunicorn --config deploy/gunicorn.conf.py config.wsgi:application`.

One process a core, since a claim or a submit is mostly Python; a few threads each, so that an answer is not kept
waiting by somebody's clip or upload. More processes than cores only cost memory. Measured in
docs/experiments/claim-submit.md.
"""

import os
from pathlib import Path

bind = os.environ.get("LIKENESS_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "0")) or min(os.cpu_count() or 2, 8)
threads = int(os.environ.get("LIKENESS_WEB_THREADS", "4"))

# The code is loaded once and shared: a worker costs little memory and is back at once when it died.
preload_app = True
# The heartbeat file of a worker belongs in memory: on a slow disk it would make the master kill it.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Browsers and nginx reuse a connection between two answers; nothing waits on an open one.
keepalive = 75
timeout = 60
graceful_timeout = 30
loglevel = os.environ.get("LIKENESS_WEB_LOG_LEVEL", "warning")
