"""What stands on an administrator's desk until somebody has seen to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from governance.desk.alerts import alerts
from grid.casework import feed
from grid.notices.models import ChannelState
from grid.notices.tasks import deliver
from grid.supervision.models import LadderRun, SetAside
from grid.worktime.models import CalendarDay
from grid.worktime.services import confirm_year
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report

NOVEMBER = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None) -> City:
    return build_city()


def titles(city: City, *, at: datetime = NOVEMBER) -> list[str]:
    return [str(alert.title) for alert in alerts(acting(city.admin), at=at)]


@pytest.fixture
def quiet(city: City) -> None:
    """Nothing wants an administrator."""
    LadderRun.objects.create(at=NOVEMBER, started_at=NOVEMBER, finished_at=NOVEMBER)
    CalendarDay.objects.create(on=date(2027, 1, 1), kind="holiday", source="国办通知")
    confirm_year(year=2027, source="国办通知", by=city.admin, at=NOVEMBER)


@pytest.mark.usefixtures("quiet")
def test_each_fault_stands_there_until_it_is_mended(city: City) -> None:
    assert titles(city) == []

    SetAside.objects.put(report(city, at=NOVEMBER), reason="KeyError", at=NOVEMBER)
    deliver()
    state = ChannelState.objects.create(channel="sms", alerted_at=NOVEMBER, failing_since=NOVEMBER)
    assert len(titles(city)) == 2

    SetAside.objects.clear(SetAside.objects.get().pk, at=NOVEMBER)
    state.delete()
    assert titles(city) == []
    assert len(titles(city, at=NOVEMBER + timedelta(minutes=6))) == 1, "the ladder stands still"


@pytest.mark.usefixtures("quiet")
def test_a_feed_that_nobody_reads_stands_there(city: City) -> None:
    report(city, at=NOVEMBER - timedelta(minutes=4))
    assert titles(city) == []
    report(city, at=NOVEMBER - timedelta(minutes=6))
    assert len(titles(city)) == 1

    feed.number()
    assert len(titles(city)) == 1
    deliver()
    assert titles(city) == []


def test_a_missing_calendar_and_a_ladder_that_never_ran_stand_there(city: City) -> None:
    assert len(titles(city)) == 2


def test_only_an_administrator_has_them_and_sees_them_on_the_desk(client: Client, city: City) -> None:
    assert alerts(acting(city.district_officer), at=NOVEMBER) == []

    for user, expected in ((city.admin, True), (city.district_officer, False)):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(reverse("desk:worklist")).content.decode()
        assert (reverse("ladder:runs") in page) is expected
