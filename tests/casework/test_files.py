"""Files: what they are by their content, what goes with them, and who gets them."""

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational
from rest_framework.exceptions import ValidationError

from grid.casework import files
from grid.casework.models import Attachment, Audience, Case, Event, Upload
from grid.casework.tasks import sweep_uploads
from tests.factories.city import City, build_city
from tests.factories.incidents import report, take
from tests.factories.long_case import photo, uploaded

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 17, 1, 0, tzinfo=UTC)


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def case(city: City) -> Case:
    return report(city, at=timezone.now() - timedelta(hours=1))


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def sent(content: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def receive(content: bytes, name: str) -> Upload:
    return files.receive(sent(content, name), user=None, at=AT)


def refused(content: bytes, name: str) -> str:
    """Return why a file is not taken in; that it leaves nothing behind is part of it."""
    with pytest.raises(ValidationError) as caught:
        receive(content, name)
    assert set(caught.value.detail) == {"file"}
    assert not Upload.objects.exists()
    return str(caught.value.detail["file"])


def jpeg(size: tuple[int, int] = (64, 48), **extra: object) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", size, "#777777")
    ImageDraw.Draw(image).rectangle([0, 0, size[0] // 2, size[1] // 2], fill="#ff0000")
    image.save(out, "JPEG", quality=95, **extra)
    return out.getvalue()


def office(kind: str, *, declared: str = "") -> bytes:
    """Return the smallest file that is a Word or Excel file by its content."""
    part, mime = {
        "docx": ("word/document.xml", "wordprocessingml.document"),
        "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    }[kind]
    main = f"application/vnd.openxmlformats-officedocument.{mime}.main+xml"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types><Override PartName="/{part}" ContentType="{declared or main}"/></Types>',
        )
        archive.writestr("_rels/.rels", "<Relationships/>")
        archive.writestr(part, "<x/>")
    return out.getvalue()


def test_a_photo_loses_its_position_its_camera_and_its_time() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SpyCam"
    exif[0x9003] = "2026:09:17 09:00:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(33), IFDRational(36), IFDRational(0))
    gps[3], gps[4] = "E", (IFDRational(119), IFDRational(1), IFDRational(0))
    raw = jpeg(exif=exif, comment=b"secret note")
    assert b"SpyCam" in raw
    assert Image.open(io.BytesIO(raw)).getexif().get_ifd(0x8825)

    upload = receive(raw, "IMG_1.jpg")

    with upload.file.open() as stored:
        kept = stored.read()
    assert b"SpyCam" not in kept
    assert b"secret note" not in kept
    assert b"Exif" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_a_photo_is_turned_upright_before_it_loses_its_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = receive(jpeg((80, 40), exif=exif), "a.jpg")

    with Image.open(upload.file) as kept:
        assert kept.size == (40, 80) == (upload.width, upload.height)
        assert kept.getpixel((35, 5))[0] > 200 > kept.getpixel((5, 5))[0]


def test_a_large_photo_is_made_smaller_to_1920() -> None:
    upload = receive(jpeg((4000, 1000)), "a.jpg")

    assert (upload.width, upload.height) == (1920, 480)
    assert (upload.media_type, upload.size) == ("image/jpeg", upload.file.size)


def test_a_transparent_picture_stays_transparent() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")

    upload = receive(out.getvalue(), "a.png")

    assert (upload.media_type, upload.name) == ("image/png", "a.png")
    with Image.open(upload.file) as kept:
        assert kept.getpixel((1, 1))[3] == 0


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_other_pictures_are_written_anew(form: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (10, 10), "#123456").save(out, form)

    upload = receive(out.getvalue(), f"a.{form.lower()}")

    assert upload.media_type == "image/jpeg"
    assert upload.name == "a.jpg"


def test_a_script_that_calls_itself_a_picture_is_refused() -> None:
    assert "PDF" in refused(b"#!/bin/sh\nrm -rf /\n", "holiday.jpg")
    assert "PDF" in refused(b"<html><script>alert(1)</script></html>", "page.jpg")
    assert "PDF" in refused(b"MZ\x90\x00" + b"\x00" * 200, "setup.jpg")


def test_a_page_behind_the_head_of_a_picture_does_not_survive() -> None:
    payload = b"<script>alert(document.cookie)</script>"
    upload = receive(jpeg() + payload, "both.jpg")

    with upload.file.open() as stored:
        assert payload not in stored.read()

    comment = jpeg(comment=payload)
    assert payload in comment
    with receive(comment, "both.jpg").file.open() as stored:
        assert payload not in stored.read()


def test_the_head_of_a_picture_and_nothing_else_is_no_picture() -> None:
    refused(b"\xff\xd8\xff\xe0<html><script>alert(1)</script>", "head.jpg")
    refused(jpeg()[:400], "cut.jpg")


def test_a_picture_of_too_many_pixels_is_refused_before_it_fills_the_memory() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000

    refused(out.getvalue(), "bomb.png")


def test_a_picture_that_unpacks_to_a_gigabyte_is_refused_unless_it_can_be_read_small() -> None:
    def of_pixels(form: str) -> bytes:
        out = io.BytesIO()
        Image.new("L", (7_000, 6_000)).save(out, form)
        return out.getvalue()

    refused(of_pixels("PNG"), "bomb.png")
    assert receive(of_pixels("JPEG"), "phone.jpg").width == 1920


def test_whatever_a_decoder_stumbles_over_is_refused() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    png = out.getvalue()
    text_bomb = chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"x" * 3_000_000))
    refused(png[:33] + text_bomb + png[33:], "text.png")

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>" * 200)
    packed = bytearray(out.getvalue())
    packed[60:80] = b"\xff" * 20
    refused(bytes(packed), "packed.docx")
    whole = office("docx")
    refused(whole[:60] + whole[70:], "offsets.docx")


def test_a_long_name_keeps_its_ending() -> None:
    upload = receive(b"%PDF-1.7\n", "关于" * 100 + ".pdf")

    assert upload.name.endswith("关于.pdf") or upload.name.endswith("关.pdf")
    assert len(upload.name) == files.LONGEST_NAME


def test_a_file_of_one_byte_over_20_mb_is_refused_and_an_empty_one_too() -> None:
    refused(b"%PDF-1.4\n" + b"0" * (20 * 1024 * 1024 + 1 - 9), "big.pdf")
    refused(b"", "empty.pdf")
    assert receive(b"%PDF-1.4\n" + b"0" * (20 * 1024 * 1024 - 9), "big.pdf").size == 20 * 1024 * 1024


def test_documents_are_known_by_their_content() -> None:
    for name, content, media_type in (
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\n%%EOF", files.DOCUMENTS[".pdf"]),
        ("b.docx", office("docx"), files.DOCUMENTS[".docx"]),
        ("c.xlsx", office("xlsx"), files.DOCUMENTS[".xlsx"]),
    ):
        upload = receive(content, name)
        assert upload.media_type == media_type
        with upload.file.open() as stored:
            assert stored.read() == content


def test_a_document_under_another_name_is_refused() -> None:
    refused(office("docx"), "a.xlsx")
    refused(b"%PDF-1.7\n", "a.docx")
    refused(office("docx"), "a.exe")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
        ("a.svg.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.html", b"<!doctype html><script>1</script>"),
        ("a.zip", b"PK\x03\x04" + b"\x00" * 60),
        ("a.docx", b"PK\x03\x04" + b"\x00" * 60),
        ("jar.docx", office("docx", declared="application/java-archive")),
        ("macros.docx", office("docx", declared="application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("a.txt", b"just text"),
        ("a.exe", b"MZ" + b"\x00" * 100),
    ],
)
def test_everything_else_is_refused(name: str, content: bytes) -> None:
    refused(content, name)


NAMES = ["../../etc/passwd.jpg", "C:\\Windows\\x.jpg", "a\r\nX: y.jpg", "图" * 300 + ".jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_nowhere(name: str) -> None:
    upload = receive(jpeg(), name)

    assert upload.file.name.startswith("uploads/")
    assert str(upload.pk) in upload.file.name
    assert not set("/\\\r\n") & set(files.download_name(upload))
    assert len(upload.name) <= 200


def test_the_same_form_sent_twice_has_one_upload(city: City) -> None:
    form = uuid4()
    first = files.receive(photo(), user=city.clerk, at=AT, form=form)
    second = files.receive(photo(), user=city.clerk, at=AT, form=form)
    other_form = files.receive(photo(), user=city.clerk, at=AT, form=uuid4())
    other_person = files.receive(photo(), user=city.worker, at=AT, form=form)

    assert first == second
    assert len({first.pk, other_form.pk, other_person.pk}) == 3


def test_no_file_is_claimed_twice(city: City, case: Case) -> None:
    upload = uploaded(city.clerk, at=AT)
    take(case, "comment", city.clerk, at=timezone.now(), text="一", uploads=[str(upload.pk)])

    with pytest.raises(ValidationError) as caught:
        take(case, "comment", city.clerk, at=timezone.now(), text="二", uploads=[str(upload.pk)])
    assert set(caught.value.detail) == {"uploads"}

    event = Event.objects.filter(case=case).latest("seq")
    with pytest.raises(IntegrityError), transaction.atomic():
        files.claim([upload], case=case, event=event)


def test_what_nobody_claims_goes_after_a_day_and_what_was_claimed_stays(city: City, case: Case) -> None:
    claimed, forgotten = (uploaded(city.clerk, at=AT, colour=c) for c in ("#111111", "#222222"))
    take(case, "comment", city.clerk, at=timezone.now(), text="一", uploads=[str(claimed.pk)])
    path = forgotten.file.path

    assert files.sweep(at=AT + timedelta(hours=23)) == 0
    assert files.sweep(at=AT + timedelta(hours=25)) == 1

    assert Upload.objects.get() == claimed
    with pytest.raises(FileNotFoundError), open(path):
        pass


def test_beat_sends_the_sweep() -> None:
    sent_tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert sweep_uploads.name in sent_tasks


def attached(city: City, case: Case, *, name: str = "a.jpg", content: bytes | None = None) -> Attachment:
    """Return a file of a case, sent with a comment of the clerk."""
    upload = files.receive(sent(content or jpeg(), name), user=city.clerk, at=AT)
    take(case, "comment", city.clerk, at=timezone.now(), text=name, uploads=[str(upload.pk)])
    return Attachment.objects.get(upload=upload)


def test_a_file_goes_to_those_who_see_the_case_alone(city: City, client: Client, case: Case) -> None:
    url = reverse("casework:attachment", args=[attached(city, case).pk])
    seen = {
        "clerk": 200,
        "worker": 200,
        "street_officer": 200,
        "handler": 404,
        "neighbour_clerk": 404,
        "auditor": 404,
        "admin": 404,
        "nobody": 404,
    }

    found = {}
    for name in seen:
        client.force_login(getattr(city, name))
        found[name] = client.get(url).status_code
        assert client.get(url + "thumbnail/").status_code == found[name]
    client.logout()

    assert found == seen
    assert client.get(url).status_code == 302


def test_a_file_of_another_audience_is_not_there(city: City, client: Client, case: Case) -> None:
    file = attached(city, case)
    client.force_login(city.clerk)
    url = reverse("casework:attachment", args=[file.pk])
    for audience in Audience.values:
        Attachment.objects.filter(pk=file.pk).update(audience=audience)
        expected = 404 if audience == Audience.COMPARTMENT else 200
        assert client.get(url).status_code == expected, audience
        page = client.get(reverse("casework:case", args=[case.number])).content.decode()
        assert (url in page) == (expected == 200), audience


def test_an_erased_file_is_not_there_and_one_lost_from_the_disk_is_no_crash(
    city: City, client: Client, case: Case
) -> None:
    client.force_login(city.clerk)
    erased, lost = attached(city, case), attached(city, case, content=jpeg((20, 20)))
    Attachment.objects.filter(pk=erased.pk).update(erased_at=AT)
    lost.upload.file.storage.delete(lost.upload.file.name)

    for file in (erased, lost):
        assert client.get(reverse("casework:attachment", args=[file.pk])).status_code == 404
        assert client.get(reverse("casework:thumbnail", args=[file.pk])).status_code == 404


def test_a_file_is_handed_out_so_that_nothing_in_it_can_run(city: City, client: Client, case: Case) -> None:
    client.force_login(city.clerk)
    picture = client.get(reverse("casework:attachment", args=[attached(city, case).pk]))
    document = attached(city, case, name="报告.pdf", content=b"%PDF-1.7\n%%EOF")
    download = client.get(reverse("casework:attachment", args=[document.pk]))

    for response in (picture, download):
        assert "sandbox" in response["Content-Security-Policy"]
        assert "script-src" not in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"].startswith("private")
    assert picture["Content-Type"] == "image/jpeg"
    assert picture["Content-Disposition"].startswith("inline")
    assert download["Content-Disposition"].startswith("attachment")
    assert "%E6%8A%A5%E5%91%8A.pdf" in download["Content-Disposition"]
    assert b"".join(download.streaming_content) == b"%PDF-1.7\n%%EOF"


def test_a_stored_file_has_no_address_of_its_own(city: City, client: Client, case: Case) -> None:
    client.force_login(city.clerk)
    name = attached(city, case).upload.file.name

    for prefix in ("", "media/", "static/"):
        assert client.get(f"/{prefix}{name}").status_code == 404


def test_a_thumbnail_is_small_and_only_of_pictures(city: City, client: Client, case: Case) -> None:
    client.force_login(city.clerk)
    picture = attached(city, case, content=jpeg((1800, 900)))
    small = client.get(reverse("casework:thumbnail", args=[picture.pk]))
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.size == (400, 200)

    document = attached(city, case, name="a.pdf", content=b"%PDF-1.7\n%%EOF")
    assert client.get(reverse("casework:thumbnail", args=[document.pk])).status_code == 404


def test_a_file_sent_ahead_is_shown_to_its_sender_alone(city: City, client: Client, case: Case) -> None:
    client.force_login(city.clerk)
    answer = client.post(reverse("casework:uploads"), {"file": photo()})
    assert answer.status_code == 201
    url = answer.json()["url"]
    assert client.get(url).status_code == 200
    assert "sandbox" in client.get(url)["Content-Security-Policy"]

    client.force_login(city.worker)
    assert client.get(url).status_code == 404

    client.force_login(city.clerk)
    take(case, "comment", city.clerk, at=timezone.now(), text="x", uploads=[answer.json()["id"]])
    assert client.get(url).status_code == 404


def test_htmx_gets_a_line_with_the_hidden_id_or_the_reason(city: City, client: Client) -> None:
    client.force_login(city.clerk)
    htmx = {"HTTP_HX_REQUEST": "true"}

    taken = client.post(reverse("casework:uploads"), {"file": photo()}, **htmx)
    assert f'name="uploads" value="{Upload.objects.get().pk}"' in taken.content.decode()

    wrong = client.post(reverse("casework:uploads"), {"file": sent(b"<svg/>", "a.svg")}, **htmx)
    assert wrong.status_code == 422
    assert "PDF" in wrong.content.decode()


def test_the_json_answer_names_what_is_wrong(city: City, client: Client) -> None:
    client.force_login(city.clerk)

    for body in ({}, {"file": sent(b"", "a.pdf")}, {"file": sent(b"x", "a.pdf")}):
        response = client.post(reverse("casework:uploads"), body)
        assert response.status_code == 422
        assert list(response.json()["errors"]) == ["file"]

    client.logout()
    assert client.post(reverse("casework:uploads"), {"file": photo()}).status_code == 302
