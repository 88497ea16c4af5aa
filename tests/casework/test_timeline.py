"""The timeline: append-only, without gaps, and every alteration shows."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from grid.casework import files, seals, timeline
from grid.casework.models import Attachment, Case, Event, EventText, Seal, Upload
from grid.casework.steps import take_step
from tests.factories.city import City, acting, build_city
from tests.factories.incidents import report
from tests.factories.long_case import uploaded

AT = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(db: None, settings: object, tmp_path: Path) -> City:
    settings.SEAL_DIR = tmp_path / "seals"  # type: ignore[attr-defined]
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    return build_city()


@pytest.fixture
def cases(city: City) -> list[Case]:
    """Two cases of three entries each, sealed."""
    made = [report(city, at=AT), report(city, at=AT + timedelta(minutes=1))]
    for case in made:
        take_step(
            case.pk, "comment", by=acting(city.worker), data={"text": "第一"}, at=AT + timedelta(minutes=2)
        )
        take_step(
            case.pk, "comment", by=acting(city.worker), data={"text": "第二"}, at=AT + timedelta(minutes=3)
        )
    seals.seal(at=AT + timedelta(hours=1))
    for case in made:
        case.refresh_from_db()
    return made


def faults() -> list[str]:
    return [str(f) for f in seals.verify()]


def tamper(*statements: tuple[str, list[object]]) -> None:
    """Change rows as somebody with the database's own password could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for sql, values in statements:
            cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_an_untouched_timeline_verifies(cases: list[Case]) -> None:
    call_command("verify_timeline")
    assert faults() == []


@pytest.mark.parametrize(
    "sql",
    ["UPDATE casework_event SET verb = 'x'", "DELETE FROM casework_event", "DELETE FROM casework_eventtext"],
)
def test_the_database_refuses_to_change_entries(cases: list[Case], sql: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_refuses_a_gap(city: City, cases: list[Case]) -> None:
    last = Event.objects.filter(case=cases[0]).last()
    assert last is not None
    with pytest.raises(DatabaseError, match="does not follow"), transaction.atomic():
        Event.objects.create(
            case=cases[0], seq=last.seq + 2, verb="comment", user=city.worker, at=AT, hash="0" * 64
        )


def test_a_cut_tail_shows(cases: list[Case]) -> None:
    case = cases[0]
    last, before = Event.objects.filter(case=case).order_by("-seq")[:2]
    tamper(
        ("DELETE FROM casework_feed WHERE event_id = %s", [last.pk]),
        ("DELETE FROM casework_eventtext WHERE event_id = %s", [last.pk]),
        ("DELETE FROM casework_event WHERE id = %s", [last.pk]),
        (
            "UPDATE casework_case SET event_count = %s, event_head = %s WHERE id = %s",
            [before.seq, before.hash, case.pk],
        ),
    )
    assert faults() == [f"{case.number}: entry 3 was sealed and is gone or altered"]


def test_a_whole_case_that_is_gone_shows(cases: list[Case]) -> None:
    pk = cases[0].pk
    tables = ["casework_deadline", "casework_holding", "casework_round", "incidents_incident"]
    tamper(
        (
            "DELETE FROM casework_eventtext"
            " WHERE event_id IN (SELECT id FROM casework_event WHERE case_id = %s)",
            [pk],
        ),
        (
            "DELETE FROM casework_feed WHERE event_id IN (SELECT id FROM casework_event WHERE case_id = %s)",
            [pk],
        ),
        ("DELETE FROM casework_event WHERE case_id = %s", [pk]),
        *[(f"DELETE FROM {table} WHERE case_id = %s", [pk]) for table in tables],
        ("DELETE FROM casework_case WHERE id = %s", [pk]),
    )
    assert faults() == [f"{cases[0].number}: the case was sealed and is gone"]


def test_two_swapped_entries_show(cases: list[Case]) -> None:
    second, third = Event.objects.filter(case=cases[0], seq__in=[2, 3]).order_by("seq")
    swap = "UPDATE casework_event SET seq = %s WHERE id = %s"
    tamper((swap, [99, second.pk]), (swap, [2, third.pk]), (swap, [3, second.pk]))

    assert any("entry 2 was altered or is out of place" in f for f in faults())


def test_an_altered_text_shows(cases: list[Case]) -> None:
    text = EventText.objects.filter(event__case=cases[0], event__seq=2).get()
    tamper(("UPDATE casework_eventtext SET text = %s WHERE id = %s", ["改过", text.pk]))

    assert faults() == [f"{cases[0].number}: the text of entry 2 was altered"]


def test_an_altered_entry_shows_even_when_the_chain_is_recomputed_without_the_key(cases: list[Case]) -> None:
    case, head = cases[0], ""
    statements: list[tuple[str, list[object]]] = []
    for event in Event.objects.filter(case=case).order_by("seq"):
        event.at -= timedelta(days=1)
        head = timeline.hash_of(event, head)
        statements.append(
            ("UPDATE casework_event SET at = %s, hash = %s WHERE id = %s", [event.at, head, event.pk])
        )
    statements.append(("UPDATE casework_case SET event_head = %s WHERE id = %s", [head, case.pk]))
    tamper(*statements)
    assert faults() == [f"{case.number}: entry 3 was sealed and is gone or altered"]

    # Somebody who also rewrites the sealed head cannot make its mac without the key.
    tamper(("UPDATE casework_sealedhead SET head = %s WHERE case_ref = %s", [head, case.pk]))
    assert faults() == [
        f"seal {Seal.objects.get().pk}: the seal does not fit its heads, or was made without the key"
    ]


def test_a_seal_that_is_gone_from_the_database_stands_in_its_file(cases: list[Case]) -> None:
    tamper(("DELETE FROM casework_sealedhead", []), ("DELETE FROM casework_seal", []))

    assert any("gone from the database" in f for f in faults())


def test_a_seal_file_that_says_otherwise_shows(cases: list[Case], settings: object) -> None:
    path = next(Path(settings.SEAL_DIR).glob("seal-*.json"))  # type: ignore[attr-defined]
    body = json.loads(path.read_text())
    path.write_text(json.dumps(body | {"mac": "0" * 64}))

    assert any("file outside the database" in f for f in faults())


def test_a_lawful_erasure_passes_and_leaves_a_stub(city: City, cases: list[Case]) -> None:
    data = {"entries": [2], "basis": "个人信息保护法第四十七条"}
    take_step(cases[0].pk, "erase", by=acting(city.district_officer), data=data, at=AT + timedelta(hours=2))

    assert faults() == []
    text = EventText.objects.get(event__case=cases[0], event__seq=2)
    assert (text.text, text.salt, text.erased_at) == ("", "", AT + timedelta(hours=2))


def test_an_erasure_takes_the_text_out_of_the_facts_and_the_files_with_it(city: City) -> None:
    case = report(city, at=AT, title="张三家漏水", address="张三家", description="张三 13900000000")
    upload = uploaded(city.clerk, at=AT)
    more = {"text": "见照片", "uploads": [str(upload.pk)]}
    take_step(case.pk, "comment", by=acting(city.clerk), data=more, at=AT + timedelta(minutes=1))
    path = upload.file.path
    data = {"entries": [1, 2], "basis": "个人信息保护法第四十七条"}

    take_step(case.pk, "erase", by=acting(city.district_officer), data=data, at=AT + timedelta(hours=2))
    files.sweep(at=AT + timedelta(hours=3))

    case.refresh_from_db()
    assert (case.title, case.address, case.description) == (case.number, "", "")
    assert Attachment.objects.get(case=case).erased_at == AT + timedelta(hours=2)
    assert not Path(path).exists()
    assert Upload.objects.get(pk=upload.pk).name == ""
    assert faults() == []


def test_an_erasure_leaves_what_was_corrected_since(city: City) -> None:
    case = report(city, at=AT, description="张三 13900000000")
    data = {"description": "一楼漏水", "reason": "电话不应写在这里"}
    take_step(case.pk, "correct", by=acting(city.clerk), data=data, at=AT + timedelta(minutes=1))

    data = {"entries": [1], "basis": "个人信息保护法第四十七条"}
    take_step(case.pk, "erase", by=acting(city.district_officer), data=data, at=AT + timedelta(hours=2))

    case.refresh_from_db()
    assert case.description == "一楼漏水"


@pytest.mark.parametrize("value", ["-0", "1e-310", "119.02000000000000123", "-1e-7"])
def test_no_number_that_can_be_sent_looks_like_an_alteration(city: City, value: str) -> None:
    report(city, at=AT, longitude=value, latitude=value if abs(float(value)) < 90 else "33.6")

    assert faults() == []


def test_a_text_emptied_without_an_erasure_shows(cases: list[Case]) -> None:
    texts = EventText.objects.filter(event__case=cases[0], event__seq=2)
    texts.update(text="", salt="", erased_at=AT)

    assert faults() == [f"{cases[0].number}: the text of entry 2 was emptied without an erasure"]


def test_the_command_fails_when_something_does_not_fit(cases: list[Case]) -> None:
    tamper(("UPDATE casework_event SET verb = 'x' WHERE case_id = %s AND seq = 1", [cases[0].pk]))

    with pytest.raises(CommandError):
        call_command("verify_timeline")


def test_only_chains_that_moved_are_sealed_again(city: City, cases: list[Case]) -> None:
    take_step(cases[1].pk, "comment", by=acting(city.worker), data={"text": "三"}, at=AT + timedelta(hours=2))

    seal = seals.seal(at=AT + timedelta(days=1))

    assert list(seal.entries.values_list("case_ref", "count")) == [(cases[1].pk, 4)]
    assert faults() == []


def test_a_day_has_one_seal_however_often_it_is_asked_for(city: City) -> None:
    report(city, at=AT)
    morning = datetime(2026, 9, 1, 17, 10, tzinfo=UTC)  # 01:10 on 2 September in the city

    assert seals.seal_of_the_day(at=morning) is not None
    assert seals.seal_of_the_day(at=morning + timedelta(hours=20)) is None
    assert seals.seal_of_the_day(at=morning + timedelta(hours=23)) is not None
    assert faults() == []
