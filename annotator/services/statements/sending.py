"""How the statements get to the database, and what differs between the two."""

import json
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

Rows = list[tuple[Any, ...]]

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Statement:
    """A statement that is always the same but for its parameters; `{words}` in it are filled in from the dialect.

    PostgreSQL plans it once for each connection: planning the larger ones takes several times what they take.
    """

    name: str
    template: str

    @cached_property
    def text(self) -> str:
        return self.template.format_map(_POSTGRES if is_postgres() else _SQLITE)

    @cached_property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(_PLACEHOLDER.findall(self.text)))

    @property
    def preparation(self) -> str:
        numbered = _PLACEHOLDER.sub(lambda match: f"${self._names.index(match[1]) + 1}", self.text)
        return f"PREPARE likeness_{self.name} AS {numbered.replace('%%', '%')}"

    @cached_property
    def execution(self) -> str:
        return f"EXECUTE likeness_{self.name} ({', '.join(f'%({name})s' for name in self._names)})"


def send(*statements: Statement | str, **parameters: Any) -> list[Rows]:
    """Run the statements one after another and return the rows of each.

    PostgreSQL gets all of them in one message: one way there and back, which costs more than most of them do. That
    wants parameters that are put in here (Django's default), for a message with parameters beside it holds one
    statement.
    """
    with connection.cursor() as cursor:
        if is_postgres():
            messages = ["; ".join(_for_postgres(statement) for statement in statements)]
        else:
            messages = [each if isinstance(each, str) else each.text for each in statements]
        results = []
        for message in messages:
            cursor.execute(message, parameters)
            results.append(_rows_of(cursor))
            while is_postgres() and cursor.nextset():
                results.append(_rows_of(cursor))
        return results


def _for_postgres(statement: Statement | str) -> str:
    if isinstance(statement, str):
        return statement
    # Behind a pooler that gives each transaction another connection nothing can be kept, cursors neither.
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        return statement.text
    names = _prepared.setdefault(connection.connection, set())
    if statement.name not in names:
        with connection.cursor() as cursor:
            cursor.execute(statement.preparation)
        names.add(statement.name)
    return statement.execution


def _rows_of(cursor: Any) -> Rows:
    return cursor.fetchall() if cursor.description else []


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


_POSTGRES = {
    "now": "statement_timestamp()",
    "lease_end": "statement_timestamp() + make_interval(secs => %(seconds)s)",
    "skip_locked": "FOR UPDATE OF slot SKIP LOCKED",
    "by_annotator": "",
    "join_ids": "string_agg(subject.person_id::text, ',')",
}
# Times as Django writes them, less three digits: text, which sorts as time does.
_SQLITE = {
    "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    "lease_end": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || %(seconds)s || ' seconds')",
    "skip_locked": "",
    "by_annotator": "INDEXED BY slots_by_annotator",
    "join_ids": "group_concat(subject.person_id)",
}


def uuid_out(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


def uuid_in(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def json_in(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
