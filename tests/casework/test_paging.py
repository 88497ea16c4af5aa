"""Paging: every row once, whatever comes and goes, at the same cost everywhere."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grid.casework.models import Case, Channel, Phase
from grid.casework.paging import UpTo, count_up_to, keyset
from grid.organisations.models import Organisation, OrganisationType

NOW = datetime(2026, 9, 17, 1, 0, tzinfo=UTC)
BY_DUE = (("next_due_at", "asc nulls last"), ("id", "asc"))
NEWEST = (("registered_at", "desc"), ("id", "desc"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return Organisation.objects.create(code="city", name="清江浦区", type=OrganisationType.GOVERNMENT)


@pytest.fixture
def cases(lead):
    """Make 23 cases: due dates in threes, so that equals stand at the edges, and seven without any."""
    return make(lead, [NOW + timedelta(hours=n // 3) for n in range(16)] + [None] * 7)


def make(lead, due_times):
    start = Case.objects.count()
    return Case.objects.bulk_create(
        Case(
            kind="incident",
            number=f"SJ{start + n:06d}",
            title="路灯不亮",
            phase=Phase.INTAKE,
            status="reported",
            lead=lead,
            channel=Channel.PATROL,
            received_on=NOW.date(),
            registered_at=NOW + timedelta(minutes=n // 2),
            next_due_at=due_at,
        )
        for n, due_at in enumerate(due_times)
    )


def walk(order, size, direction="next", cursor=""):
    pages = [keyset(Case.objects.all(), order=order, cursor=cursor, size=size)]
    while getattr(pages[-1], direction):
        pages.append(keyset(Case.objects.all(), order=order, cursor=getattr(pages[-1], direction), size=size))
    return pages


def ids(page):
    return [row.pk for row in page.rows]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 16, 22, 23, 24])
@pytest.mark.parametrize("order", [BY_DUE, NEWEST, (("next_due_at", "desc nulls last"), ("id", "desc"))])
def test_every_row_comes_once_and_in_order_forwards_and_back(cases, order, size):
    by_hand = {
        BY_DUE: lambda c: (c.next_due_at is None, c.next_due_at or NOW, c.pk),
        NEWEST: lambda c: (-c.registered_at.timestamp(), -c.pk),
    }.get(order, lambda c: (c.next_due_at is None, -(c.next_due_at or NOW).timestamp(), -c.pk))
    expected = [c.pk for c in sorted(cases, key=by_hand)]

    forwards = walk(order, size)
    assert [pk for page in forwards for pk in ids(page)] == expected
    assert all(len(page.rows) == size for page in forwards[:-1])

    back = walk(order, size, "previous", forwards[-2].next if len(forwards) > 1 else "")
    assert [ids(page) for page in back[::-1]] == [ids(page) for page in forwards]


def test_a_row_that_comes_or_goes_before_the_cursor_moves_no_other_across_the_edge(cases, lead):
    first = keyset(Case.objects.all(), order=BY_DUE, size=5)
    expected = ids(keyset(Case.objects.all(), order=BY_DUE, cursor=first.next, size=5))

    make(lead, [NOW - timedelta(days=1)])
    Case.objects.filter(pk=first.rows[2].pk).delete()

    assert ids(keyset(Case.objects.all(), order=BY_DUE, cursor=first.next, size=5)) == expected


def test_going_back_to_fewer_rows_than_a_page_holds_shows_the_first_page(cases):
    first = keyset(Case.objects.all(), order=BY_DUE, size=5)
    second = keyset(Case.objects.all(), order=BY_DUE, cursor=first.next, size=5)
    Case.objects.filter(pk=cases[0].pk).delete()

    page = keyset(Case.objects.all(), order=BY_DUE, cursor=second.previous, size=5)

    assert ids(page) == ids(keyset(Case.objects.all(), order=BY_DUE, size=5))
    assert page.previous == ""


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "null", "\x00", "W10:1:1"])
def test_a_cursor_that_somebody_made_up_leads_to_the_first_page(cases, cursor):
    page = keyset(Case.objects.all(), order=BY_DUE, cursor=cursor, size=5)

    assert ids(page) == ids(keyset(Case.objects.all(), order=BY_DUE, size=5))
    assert page.restarted


def test_a_cursor_of_one_order_is_no_good_for_another(cases):
    cursor = keyset(Case.objects.all(), order=NEWEST, size=5).next

    assert keyset(Case.objects.all(), order=BY_DUE, cursor=cursor, size=5).restarted


def test_a_page_whose_rows_are_gone_starts_again_and_says_so(cases):
    cursor = keyset(Case.objects.all(), order=BY_DUE, size=20).next
    Case.objects.filter(pk__in=[c.pk for c in cases[20:]]).delete()

    page = keyset(Case.objects.all(), order=BY_DUE, cursor=cursor, size=20)

    assert page.restarted
    assert len(page.rows) == 20


def test_an_empty_list_is_one_empty_page():
    page = keyset(Case.objects.all(), order=BY_DUE, size=5)

    assert (page.rows, page.next, page.previous, page.restarted) == ([], "", "", False)


def test_a_deep_page_of_the_worklist_reads_the_index_from_its_place_on(lead):
    make(lead, [NOW + timedelta(minutes=n) for n in range(3000)])
    with connection.cursor() as sql:
        sql.execute("ANALYZE casework_case")
    open_cases = Case.objects.open()
    cursor = keyset(open_cases, order=BY_DUE, size=2500).next

    with CaptureQueriesContext(connection) as queries:
        page = keyset(open_cases, order=BY_DUE, cursor=cursor, size=20)

    assert len(page.rows) == 20
    assert len(queries) == 1
    with connection.cursor() as sql:
        sql.execute("EXPLAIN (ANALYZE, FORMAT TEXT) " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in sql.fetchall())
    assert "case_open_by_due" in plan
    assert "Sort" not in plan
    assert sum(int(n) for n in re.findall(r"Rows Removed by Filter: (\d+)", plan)) < 10, plan


def test_only_the_first_field_may_be_null():
    with pytest.raises(ValueError, match="first field"):
        keyset(Case.objects.all(), order=(("id", "asc"), ("next_due_at", "asc nulls last")))


def test_counts_are_exact_up_to_the_limit_and_then_say_more(cases):
    assert str(count_up_to(Case.objects.all(), 23)) == "23"
    assert str(count_up_to(Case.objects.all(), 22)) == "22+"
    assert str(UpTo(1000, more=True)) == "1,000+"
    assert str(UpTo(1000, more=False)) == "1,000"


def test_a_count_reads_no_more_rows_than_its_limit(cases):
    with CaptureQueriesContext(connection) as queries:
        count_up_to(Case.objects.select_related("lead").order_by("-registered_at"), 5)

    assert len(queries) == 1
    assert "LIMIT 6" in queries[0]["sql"]
    assert "ORDER BY" not in queries[0]["sql"]
