"""Take files in, check what they are, and hand them to a case."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.core.files.base import ContentFile, File
from django.db import IntegrityError, transaction
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError
from rest_framework.exceptions import ValidationError

from grid.casework.models import Attachment, Audience, Upload

if TYPE_CHECKING:
    from grid.casework.models import Case, Event
    from grid.people.models import User

LARGEST_BYTES = 20 * 1024 * 1024
LONGEST_SIDE = 1920
SMALL_SIDE = 400
# A picture of more pixels than a phone makes is an attack on memory: a few kilobytes of PNG unpack to
# gigabytes. Only JPEG is made smaller while it is read, so only there what a large phone makes is let in.
MOST_PIXELS = 40_000_000
MOST_PIXELS_OF_JPEG = 120_000_000
# What can be made smaller as it is; a palette has to be looked up first.
SMOOTH_MODES = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})
LONGEST_NAME = 150
# JPEG opens MPO, the pictures of phones with two lenses, as well.
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
DOCUMENTS = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAIN_PARTS = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml"}
# The list of parts of a large workbook is far smaller; more is a bomb.
MOST_DECLARED_BYTES = 2_000_000
KEPT_UNCLAIMED = timedelta(days=1)


def receive(file: File[bytes], *, user: User | None, at: datetime, form: UUID | None = None) -> Upload:
    """
    Check a file by its content and keep it until a step claims it.

    Pictures are written anew as JPEG or PNG: turned upright, at most 1920 pixels a side, without EXIF, so
    that neither a position nor anything hidden goes with them. PDF and Office files are kept as they are.

    :param form: the key of the form that carries the file. A form that is sent twice, by a double click or a
        retry, gets the same upload again, so that its key finds the same content.
    :raises ValidationError: when the file is empty, over 20 MB, or not of a kind that is taken in.
    """
    if not file.size:
        raise ValidationError({"file": _("This file is empty.")})
    if file.size > LARGEST_BYTES:
        raise ValidationError({"file": _("This file is larger than 20 MB.")})
    file.seek(0)
    raw = file.read()
    known = uuid5(form, f"{user and user.pk}:{hashlib.sha256(raw).hexdigest()}") if form else None
    if known and (received := Upload.objects.filter(pk=known, user=user).first()):
        return received
    name = _short(str(file.name or "file").replace("\\", "/").rsplit("/", 1)[-1])
    picture = _picture(raw)
    if picture is not None:
        content, media_type, width, height = picture
        name = name.rsplit(".", 1)[0] + (".jpg" if media_type == "image/jpeg" else ".png")
    else:
        content, width, height = raw, None, None
        media_type = _document_type(raw)
        if not name.lower().endswith(_ending(media_type)):
            raise ValidationError(
                {"file": _("The name of this file says one thing and its content another.")}
            )
    upload = Upload(
        id=known or uuid4(),
        user=user,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=width,
        height=height,
        created_at=at,
    )
    upload.file.save(f"{upload.pk}{_ending(media_type)}", ContentFile(content), save=False)
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
    except IntegrityError:
        # The same form came twice at once, and the other one was first.
        upload.file.delete(save=False)
        return Upload.objects.get(pk=upload.pk, user=user)
    return upload


def claim(uploads: Iterable[Upload], *, case: Case, event: Event, audience: str = "") -> list[Attachment]:
    """Make uploads the files of an entry; the one-to-one key lets no file be claimed twice."""
    return Attachment.objects.bulk_create(
        Attachment(case=case, event=event, upload=u, audience=audience or event.audience or Audience.STAFF)
        for u in uploads
    )


def sweep(*, at: datetime) -> int:
    """
    Remove the files that no step claimed within a day, and the content of those that were erased lawfully.

    :return: how many were removed.
    """
    erased = list(Upload.objects.filter(attachment__erased_at__lte=at).exclude(file=""))
    for upload in erased:
        upload.file.delete(save=False)
        upload.name = ""
        upload.save(update_fields=["file", "name"])
    stale = list(Upload.objects.filter(attachment=None, created_at__lt=at - KEPT_UNCLAIMED))
    for upload in stale:
        upload.delete()
        upload.file.delete(save=False)
    return len(erased) + len(stale)


def thumbnail(stored: IO[bytes]) -> bytes:
    """Return a small JPEG of a stored picture, at most 400 pixels a side."""
    with Image.open(stored) as image:
        image.draft("RGB", (SMALL_SIDE, SMALL_SIDE))
        image.thumbnail((SMALL_SIDE, SMALL_SIDE))
        seen = image.convert("RGBA")
    small = Image.new("RGB", seen.size, "white")
    small.paste(seen, mask=seen)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def download_name(upload: Upload) -> str:
    """Return a file name that is safe in a header."""
    return get_valid_filename(upload.name) or "file"


def _picture(raw: bytes) -> tuple[bytes, str, int, int] | None:
    """Return a picture written anew with its type and size, or nothing when it is no picture."""
    try:
        with Image.open(io.BytesIO(raw), formats=IMAGE_FORMATS) as image:
            most = MOST_PIXELS_OF_JPEG if image.format in ("JPEG", "MPO") else MOST_PIXELS
            if image.width * image.height > most:
                raise ValidationError({"file": _("This picture has too many pixels.")})
            transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            if image.mode in SMOOTH_MODES:
                image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            clean = upright.convert("RGBA" if transparent else "RGB")
    except UnidentifiedImageError:
        return None
    except ValidationError:
        raise
    except Exception as error:
        # Whatever a decoder stumbles over in bytes that somebody made up: it is the picture that is wrong.
        raise ValidationError({"file": _("This picture is damaged and cannot be read.")}) from error
    clean.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new(clean.mode, clean.size)
    bare.paste(clean)
    out = io.BytesIO()
    if transparent:
        bare.save(out, "PNG", optimize=True)
        return out.getvalue(), "image/png", *bare.size
    bare.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue(), "image/jpeg", *bare.size


def _document_type(raw: bytes) -> str:
    """
    Return the media type of a document by its content.

    :raises ValidationError: when it is none of the kinds that are taken in.
    """
    ending = ".pdf" if raw.startswith(b"%PDF-") else _office_ending(raw)
    if ending is None:
        raise ValidationError(
            {"file": _("Only pictures, PDF, Word (.docx) and Excel (.xlsx) files can be taken in.")}
        )
    return DOCUMENTS[ending]


def _office_ending(raw: bytes) -> str | None:
    """
    Return whether an archive is a Word or an Excel file, by what it declares its main part to be.

    Each is a ZIP archive, and so is a program in Java or Android. A file with macros declares another type.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open("[Content_Types].xml") as declared:
            types = declared.read(MOST_DECLARED_BYTES)
            parts = set(archive.namelist())
    except Exception:
        # Each way of packing fails in its own words, and so does each made-up offset: it is no Office file.
        return None
    for ending, part in MAIN_PARTS.items():
        if part in parts and f"{DOCUMENTS[ending]}.main+xml".encode() in types:
            return ending
    return None


def _short(name: str) -> str:
    """Return a file name of a length that can be stored, its ending kept."""
    stem, dot, ending = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not stem:
        return name[:LONGEST_NAME]
    tail = f"{dot}{ending}"[:10]
    return stem[: LONGEST_NAME - len(tail)] + tail


def _ending(media_type: str) -> str:
    pictures = {"image/jpeg": ".jpg", "image/png": ".png"}
    return pictures.get(media_type) or next(e for e, t in DOCUMENTS.items() if t == media_type)
