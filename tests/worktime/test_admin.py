"""The admin of deadline rules keeps to the statute."""

from datetime import date

import pytest
from django.urls import reverse

from grid.people.models import User
from grid.worktime.models import DeadlineRule
from grid.worktime.services import ship_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def statute(spec):
    (rule,) = ship_rules([spec()])
    return rule


@pytest.fixture
def signed_in(client):
    client.force_login(
        User.objects.create_superuser("worktime-admin"), "django.contrib.auth.backends.ModelBackend"
    )
    return client


def form_of(statute, **changes):
    names = ("code", "kind", "label", "label_en", "basis", "basis_en", "length", "unit", "binds", "extend_by")
    values = {name: getattr(statute, name) for name in names}
    values |= {"extend_max": 30, "rolls": "on", "base": statute.pk, "valid_from": "2026-01-01"}
    return values | {"category": "", "organisation": "", "area": "", "valid_until": ""} | changes


def test_a_longer_local_rule_comes_back_with_the_reason_at_its_field(signed_in, statute):
    answer = signed_in.post(reverse("admin:worktime_deadlinerule_add"), form_of(statute, length=61))

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["length"]
    assert DeadlineRule.objects.filter(code=statute.code).count() == 1


def test_a_shorter_local_rule_is_written(signed_in, statute):
    answer = signed_in.post(reverse("admin:worktime_deadlinerule_add"), form_of(statute, length=45))

    assert answer.status_code == 302
    assert DeadlineRule.objects.in_force(statute.code, on=date(2026, 6, 1)).length == 45


def test_what_a_statute_says_cannot_be_typed_over(signed_in, statute):
    url = reverse("admin:worktime_deadlinerule_change", args=[statute.pk])

    answer = signed_in.post(url, form_of(statute, length=90, label="办理"))

    assert answer.status_code == 302
    statute.refresh_from_db()
    assert (statute.length, statute.label) == (60, "办理")


def test_an_end_that_meets_the_next_statute_is_refused_without_a_crash(signed_in, statute, spec):
    statute.valid_until = date(2027, 1, 1)
    statute.save()
    ship_rules([spec(valid_from=date(2027, 1, 1), length=50)])
    url = reverse("admin:worktime_deadlinerule_change", args=[statute.pk])

    answer = signed_in.post(url, {"label": "办理", "label_en": "Handling", "valid_until": "2028-01-01"})

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["valid_until"]


@pytest.mark.parametrize("model", ["deadlinerule", "rungrule", "calendarday", "calendaryear"])
def test_every_list_opens(signed_in, statute, model):
    assert signed_in.get(reverse(f"admin:worktime_{model}_changelist")).status_code == 200
