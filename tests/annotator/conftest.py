from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_figures_of_another_test() -> Iterator[None]:
    """Empty the cache: figures are kept by the ids of studies, and tests use the same ids again."""
    cache.clear()
    yield
    cache.clear()
