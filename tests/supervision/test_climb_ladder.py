"""The command: its clock, its dry run, its complaints."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from grid.casework.models import Case, Deadline, Event, Rung
from grid.supervision.models import LadderRun
from grid.supervision.tasks import climb_ladder
from tests.factories.city import City
from tests.factories.incidents import report

AT = datetime(2026, 10, 6, 1, 0, tzinfo=UTC)


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=AT)


def run(*arguments: str) -> str:
    out = StringIO()
    with translation.override("en"):
        call_command("climb_ladder", *arguments, stdout=out)
    return out.getvalue()


def test_the_clock_that_is_given_counts(case: Case) -> None:
    said = run("--at", "2026-10-09T08:59+08:00")
    assert "1 matters, 1 deadlines" in said
    assert case.number in said
    assert Event.objects.get(verb="climb").data["level"] == 2

    run("--at", "2026-10-09T09:00+08:00")
    event = Event.objects.filter(verb="climb").latest("seq")
    assert event.data["level"] == 3
    assert event.at == datetime(2026, 10, 9, 1, 0, tzinfo=UTC)


def test_a_time_without_zone_is_meant_in_the_city(case: Case) -> None:
    run("--at", "2026-10-09T09:00")

    assert Event.objects.get(verb="climb").at == datetime(2026, 10, 9, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", ["tomorrow", "2026-13-01", "2026-10-09T25:00", "0001-01-01", "9999-12-31T23:59"]
)
def test_a_bad_time_is_refused_and_names_the_option(db: None, at: str) -> None:
    with pytest.raises(CommandError, match="--at"):
        run("--at", at)

    assert not LadderRun.objects.exists()


def test_a_dry_run_shows_who_would_be_told_and_writes_nothing(city: City, case: Case) -> None:
    said = run("--at", "2026-10-09T09:00+08:00", "--dry-run")

    assert case.number in said
    assert city.street_officer.name in said
    assert "Nothing was written" in said
    assert not Rung.objects.exists()
    assert not Event.objects.filter(verb="climb").exists()


def test_a_dry_run_lists_no_sealed_matter(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(sealed=True)

    assert case.number not in run("--at", "2026-10-09T09:00+08:00", "--dry-run")


def test_a_case_that_is_set_aside_makes_the_command_fail_and_is_named(case: Case) -> None:
    Deadline.objects.filter(case=case).update(code="GONE")
    with pytest.raises(CommandError, match=case.number):
        run("--at", "2026-10-09T09:00+08:00")


def test_a_sealed_case_that_is_set_aside_is_named_neither_in_the_terminal_nor_in_the_log(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    Deadline.objects.filter(case=case).update(code="GONE")
    Case.objects.filter(pk=case.pk).update(sealed=True)

    with pytest.raises(CommandError, match="A sealed matter") as refused:
        run("--at", "2026-10-09T09:00+08:00")

    assert case.number not in str(refused.value)
    assert case.number not in caplog.text


def test_without_a_time_the_portals_clock_counts(city: City) -> None:
    case = report(city, at=timezone.now() - timedelta(hours=73))

    climb_ladder()

    assert Event.objects.filter(case=case, verb="climb").count() == 1
    assert run().startswith("0 matters")
