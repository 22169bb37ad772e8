"""Which of the servers that a larger installation uses answer on this machine.

A test that needs one asks for its fixture (tests/conftest.py) and is skipped, with the address that did not
answer, where there is none. With LIKENESS_EXPECT_SERVICES=1 a missing one is a failure instead.
"""

import os
from functools import cache

POSTGRES_URL = os.environ.get("LIKENESS_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/likeness")
REDIS_URL = os.environ.get("LIKENESS_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
RABBITMQ_URL = os.environ.get("LIKENESS_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")

ANSWER_WITHIN_S = 2


def are_expected() -> bool:
    return os.environ.get("LIKENESS_EXPECT_SERVICES", "") not in ("", "0")


@cache
def postgres_problem() -> str | None:
    """Return why PostgreSQL cannot be used, None when it can."""
    import psycopg

    server = POSTGRES_URL.rsplit("/", 1)[0] + "/postgres"
    try:
        psycopg.connect(server, connect_timeout=ANSWER_WITHIN_S).close()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer at {POSTGRES_URL}: {_first_line(error)}"
    return None


@cache
def redis_problem() -> str | None:
    """Return why Redis cannot be used, None when it can."""
    import redis

    try:
        with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=ANSWER_WITHIN_S) as client:
            client.ping()
    except redis.RedisError as error:
        return f"Redis does not answer at {REDIS_URL}: {_first_line(error)}"
    return None


@cache
def rabbitmq_problem() -> str | None:
    """Return why RabbitMQ cannot be used, None when it can."""
    import kombu

    try:
        with kombu.Connection(RABBITMQ_URL, connect_timeout=ANSWER_WITHIN_S) as connection:
            connection.ensure_connection(max_retries=1, timeout=ANSWER_WITHIN_S)
    except (OSError, kombu.exceptions.OperationalError) as error:
        return f"RabbitMQ does not answer at {RABBITMQ_URL}: {_first_line(error)}"
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
