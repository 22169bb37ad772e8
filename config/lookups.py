"""`filter(clip__among=ids)`: as `__in`, for many whole numbers and by one parameter.

Django prepares every element of `__in` by itself and writes a mark for each into the statement, which costs more than
the query where thousands of short pieces are read one after the other; and the text differs with their number, so
that PostgreSQL plans each anew.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import AutoField, BigAutoField, ForeignKey, Lookup


class Ids:
    """Whole numbers as one value."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = list(numbers)


@AutoField.register_lookup
@BigAutoField.register_lookup
@ForeignKey.register_lookup
class Among(Lookup):
    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, self.rhs.numbers)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        numbers = (*parameters, json.dumps(self.rhs.numbers))
        return f"{column} IN (SELECT value FROM json_each(%s))", numbers  # noqa: S608
