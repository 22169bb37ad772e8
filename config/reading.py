"""Objects of a model from the rows of a hand-written statement."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class RowReader(Generic[M]):
    """What `Model.objects.raw` does, made ready once instead of for every question: a third of its time."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._fields = model._meta.concrete_fields

    def columns(self, alias: str) -> str:
        """Return the model's columns for a SELECT, in the order in which `read` wants them."""
        return ", ".join(f'{alias}."{field.column}"' for field in self._fields)

    def read(self, row: Sequence[Any]) -> M:
        """Return the object; what the row holds beyond the model's columns is left aside."""
        values = list(row[: len(self._fields)])
        for place, convert, column in self._converters:
            values[place] = convert(values[place], column, connection)
        return self._model.from_db(connection.alias, [field.attname for field in self._fields], values)

    @cached_property
    def _converters(self) -> list[tuple[int, Callable[..., Any], Any]]:
        columns = [field.get_col(self._model._meta.db_table) for field in self._fields]
        return [
            (place, convert, column)
            for place, column in enumerate(columns)
            for convert in (
                *connection.ops.get_db_converters(column),
                *column.get_db_converters(connection),
            )
        ]
