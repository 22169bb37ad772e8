import pytest
from django.core.management import call_command

from config.accounts.models import User


@pytest.mark.django_db
def test_whoever_sets_a_site_up_leads_there(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one")
    call_command("createsuperuser", "--noinput", "--username=first", "--email=first@example.org", verbosity=0)

    assert User.objects.get(username="first").is_lead


@pytest.mark.django_db
def test_an_administrator_can_make_a_lead(admin_client):
    user = User.objects.create(username="somebody")
    page = f"/admin/accounts/user/{user.pk}/change/"
    assert admin_client.get(page).status_code == 200

    form = {"username": "somebody", "is_lead": "on", "is_active": "on"}
    assert admin_client.post(page, form).status_code == 302

    user.refresh_from_db()
    assert user.is_lead
