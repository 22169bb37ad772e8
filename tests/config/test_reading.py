"""Objects read from hand-written statements are those that the ORM reads."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from annotator.models import Study
from config.reading import RowReader
from tests.annotator.factories import make_study, make_user

pytestmark = pytest.mark.django_db


def read(model: type[Model]) -> Model:
    reader = RowReader(model)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {reader.columns('one')}, 'beyond' FROM {table} AS one")
        return reader.read(cursor.fetchone())


def fields(instance: Model) -> dict[str, object]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


@pytest.mark.parametrize("model", [get_user_model(), Study])
def test_a_row_is_read_as_the_orm_reads_it(model: type[Model]) -> None:
    if model is Study:
        make_study(filter={"person_counts": [2]})
    else:
        make_user(last_login=timezone.now(), is_simulated=True)
    by_orm, by_hand = model._default_manager.get(), read(model)
    assert fields(by_hand) == fields(by_orm)
    assert not by_hand._state.adding
    assert by_hand.get_deferred_fields() == set()
