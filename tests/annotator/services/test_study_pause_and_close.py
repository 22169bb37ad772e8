import pytest

from annotator.models import Study
from annotator.services.studies import study_close, study_pause
from config.jobs.models import Job
from tests.annotator.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", [study_pause, study_close])
def test_the_consensus_is_brought_up_to_date_once_answers_stop(end):
    study: Study = make_study()

    end(study=study)

    assert Job.objects.filter(kind="study_consensus", params={"study": study.pk}).count() == 1
