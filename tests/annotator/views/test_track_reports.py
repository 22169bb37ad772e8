import pytest
from django.test import Client

from annotator.models import ReportState, Study, TrackReport
from annotator.services.faces import track_report_resolve, tracks_report
from config.accounts.models import User
from datasets.services.deletion import person_delete
from tests.annotator.factories import make_annotator, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(lead: User) -> Study:
    return make_study(1, created_by=lead)


@pytest.fixture
def report(study: Study) -> TrackReport:
    item = study.items.get()
    person = item.pair.clip_a.subjects.earliest("pk")
    return tracks_report(
        item=item, annotator=make_annotator(study), person_id=person.pk, remark="<b>It is Bo.</b>"
    )


def test_a_study_says_how_many_reports_wait(browser: Client, study: Study, report: TrackReport) -> None:
    page = browser.get(f"/studies/{study.slug}/").content.decode()
    assert f'href="/studies/{study.slug}/faces/"' in page
    assert "1 report of wrong faces" in page


def test_a_study_without_reports_does_not_speak_of_them(browser: Client, study: Study) -> None:
    assert "of wrong faces" not in browser.get(f"/studies/{study.slug}/").content.decode()


def test_lists_reports_with_the_clips_to_correct(browser: Client, study: Study, report: TrackReport) -> None:
    page = browser.get(f"/studies/{study.slug}/faces/").content.decode()
    assert report.person is not None
    assert report.person.name in page
    assert "&lt;b&gt;It is Bo.&lt;/b&gt;" in page
    for clip in (report.item.pair.clip_a, report.item.pair.clip_b):
        assert f'href="/library/{clip.pk}/"' in page


def test_a_lead_resolves_a_report(browser: Client, lead: User, study: Study, report: TrackReport) -> None:
    response = browser.post(f"/studies/{study.slug}/faces/{report.pk}/resolve/")
    report.refresh_from_db()
    assert response.headers["Location"] == f"/studies/{study.slug}/faces/"
    assert (report.state, report.resolved_by) == (ReportState.RESOLVED, lead)
    assert report.resolved_at is not None
    page = browser.get(f"/studies/{study.slug}/faces/").content.decode()
    assert "0 open" in page
    assert "Resolved lately" in page


def test_who_resolved_a_report_first_did(study: Study, report: TrackReport, lead: User) -> None:
    track_report_resolve(report=report, by=lead)
    track_report_resolve(report=report, by=make_user())
    report.refresh_from_db()
    assert report.resolved_by == lead


def test_a_report_of_another_study_is_not_there(browser: Client, lead: User, report: TrackReport) -> None:
    other = make_study(1, created_by=lead)
    assert browser.post(f"/studies/{other.slug}/faces/{report.pk}/resolve/").status_code == 404


def test_a_report_goes_with_its_person(lead: User, report: TrackReport) -> None:
    assert report.person is not None
    person_delete(person=report.person, by=lead)
    assert not TrackReport.objects.exists()


def test_what_was_resolved_can_be_reported_anew(study: Study, report: TrackReport, lead: User) -> None:
    track_report_resolve(report=report, by=lead)
    again = tracks_report(item=report.item, annotator=report.annotator, person_id=report.person_id)
    assert again.pk != report.pk
    assert TrackReport.objects.filter(state=ReportState.OPEN).get() == again
