from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.models import Invitation, Member, Role, Study
from annotator.selectors.study_lists import work_of
from annotator.services.judgments import judgment_submit
from annotator.services.members import (
    invitation_accept,
    invitation_create,
    invitation_revoke,
    member_add,
    member_remove,
)
from annotator.services.refusals import InvitationInvalid
from annotator.services.slots import slot_claim, slots_heartbeat
from tests.annotator.factories import (
    make_annotator,
    make_answer,
    make_study,
    make_user,
    member_of,
    new_key,
)

pytestmark = pytest.mark.django_db


def invite(study, **fields):
    values = {"max_uses": 1, "valid_for": timedelta(days=1), **fields}
    return invitation_create(study=study, created_by=make_user(is_lead=True), **values)


def test_a_link_makes_a_member_in_its_role():
    study = make_study()
    invitation = invite(study, role=Role.REVIEWER)
    guest = make_user()
    member = invitation_accept(token=invitation.token, user=guest)
    assert (member.study, member.role) == (study, Role.REVIEWER)


def test_a_link_works_as_often_as_it_says():
    study = make_study()
    invitation = invite(study, max_uses=2)
    first = make_user()
    invitation_accept(token=invitation.token, user=first)
    invitation_accept(token=invitation.token, user=first)
    invitation_accept(token=invitation.token, user=make_user())
    with pytest.raises(InvitationInvalid):
        invitation_accept(token=invitation.token, user=make_user())
    assert Member.objects.filter(study=study).count() == 2


def test_a_link_ends_by_time_or_by_hand():
    study = make_study()
    late, withdrawn = invite(study), invite(study)
    Invitation.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    invitation_revoke(invitation=withdrawn)
    for token in [late.token, withdrawn.token, "none"]:
        with pytest.raises(InvitationInvalid):
            invitation_accept(token=token, user=make_user())


def test_what_a_removed_member_held_goes_to_the_next():
    study = make_study(n_pairs=1, overlap=1)
    leaving, staying = make_annotator(study), make_annotator(study)
    held = slot_claim(study=study, annotator=leaving)
    assert slot_claim(study=study, annotator=staying) is None
    member_remove(member=member_of(study, leaving))
    taken = slot_claim(study=study, annotator=staying)
    assert taken.slot.slot_id == held.slot.slot_id
    with pytest.raises(Member.DoesNotExist):
        slot_claim(study=study, annotator=leaving)


def test_the_page_of_a_removed_member_keeps_nothing():
    study = make_study(n_pairs=1, overlap=1)
    leaving, staying = make_annotator(study), make_annotator(study)
    token = str(slot_claim(study=study, annotator=leaving).token)
    member_remove(member=member_of(study, leaving))
    assert slots_heartbeat(annotator=leaving, tokens=[token]) == {token: False}
    assert slot_claim(study=study, annotator=staying) is not None


def test_whoever_is_invited_to_lead_may_lead():
    """The library and the study pages are for leads; a study's lead without them could do nothing."""
    study = make_study()
    guest = make_user()
    invitation = invitation_create(
        study=study, created_by=make_user(is_lead=True), role=Role.LEAD, valid_for=timedelta(days=1)
    )

    invitation_accept(token=invitation.token, user=guest)

    guest.refresh_from_db()
    assert guest.is_lead


def answer_next(study, annotator):
    """Return what the annotator is told of their progress after the next answer."""
    token = str(slot_claim(study=study, annotator=annotator).token)
    return judgment_submit(
        annotator=annotator, token=token, idempotency_key=new_key(), answer=make_answer(), active_ms=1000
    ).progress


def told(study, annotator):
    """Return `done` and `total` as the workbench has them with the next pair, and as the list of studies has them."""
    progress = slot_claim(study=Study.objects.get(pk=study.pk), annotator=annotator).progress
    (work,) = work_of(annotator)
    return (progress["done"], progress["total"]), (work.done, work.total)


def test_what_a_removed_member_answered_is_not_left_for_the_others():
    study = make_study(n_pairs=4, overlap=1)
    leaving, staying = make_annotator(study), make_annotator(study)
    answer_next(study, leaving)
    answer_next(study, leaving)
    assert told(study, staying) == ((0, 2), (0, 2))

    member_remove(member=member_of(study, leaving))

    assert told(study, staying) == ((0, 2), (0, 2))
    assert answer_next(study, staying)["total"] == 2
    member_add(study=study, user=leaving)
    assert told(study, staying) == ((1, 2), (1, 2))


def test_what_an_annotator_answered_before_they_review_is_not_left_for_the_others():
    study = make_study(n_pairs=4, overlap=1)
    promoted, staying = make_annotator(study), make_annotator(study)
    answer_next(study, promoted)

    member_add(study=study, user=promoted, role=Role.REVIEWER)

    assert member_of(study, promoted).n_done == 0
    assert told(study, staying) == ((0, 3), (0, 3))
    member_add(study=study, user=promoted)
    assert member_of(study, promoted).n_done == 1
    assert told(study, staying) == ((0, 3), (0, 3))
