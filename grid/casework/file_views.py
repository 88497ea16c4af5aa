"""Take files in before a step claims them, and hand them out to those who may read them."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework.exceptions import ValidationError

from grid.casework import files
from grid.casework.actors import Actor
from grid.casework.forms import flat
from grid.casework.models import Attachment, Case, Upload
from grid.casework.timeline import readable_audiences
from grid.casework.views import signed_in

# Even a file that is not what it seems can do nothing here: no script, no form, no frame, no origin.
SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
# What is behind an id never changes, but who may read it can: the browser keeps it for an hour.
KEPT_SECONDS = 3600


@signed_in
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take one file in; JSON, or for htmx the line with its preview and its hidden id."""
    user = Actor.of(request.user).user
    sent = request.FILES.get("file") or request.FILES.get("uploads")
    try:
        if sent is None:
            raise ValidationError({"file": [_("No file was sent.")]})
        upload = files.receive(sent, user=user, at=timezone.now())
    except (ValidationError, ModelValidationError) as error:
        texts = flat(error.detail if isinstance(error, ValidationError) else error.messages)
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "casework/_upload_refused.html", {"texts": texts}, status=422)
        return JsonResponse({"errors": {"file": texts}}, status=422)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"upload": upload, "name": request.POST.get("name", "uploads")}
        return render(request, "casework/_upload.html", context, status=201)
    return JsonResponse(described(upload), status=201)


def described(upload: Upload) -> dict[str, object]:
    """Return what a program needs of an upload."""
    return {
        "id": str(upload.pk),
        "name": upload.name,
        "media_type": upload.media_type,
        "size": upload.size,
        "width": upload.width,
        "height": upload.height,
        "url": reverse("casework:upload", args=[upload.pk]),
    }


@signed_in
@require_safe
def upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show somebody a file that he sent and no case has yet."""
    found = Upload.objects.filter(pk=pk, user=Actor.of(request.user).user, attachment=None).first()
    if found is None:
        raise Http404
    return serve(found)


@signed_in
@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out a file of a case to those who see the case and belong to its audience."""
    return serve(_readable(request, pk).upload)


@signed_in
@require_safe
def thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out a picture of a case, small."""
    found = _readable(request, pk).upload
    if not found.media_type.startswith("image/"):
        raise Http404
    with _opened(found) as stored:
        response = HttpResponse(files.thumbnail(stored), content_type="image/jpeg")
    return _guarded(response)


def _readable(request: HttpRequest, pk: int) -> Attachment:
    """
    Return a file that the user may read.

    :raises Http404: when there is none, whatever the reason.
    """
    actor = Actor.of(request.user)
    visible = Case.objects.visible_to(actor)
    rows = Attachment.objects.select_related("upload", "case").filter(case__in=visible, erased_at=None)
    found = rows.filter(pk=pk).first()
    if found is None or found.audience not in readable_audiences(found.case, actor):
        raise Http404
    return found


def serve(found: Upload) -> HttpResponse:
    """Return a stored file: pictures in place, everything else as a download."""
    picture = found.media_type.startswith("image/")
    response = FileResponse(
        _opened(found),
        as_attachment=not picture,
        filename=files.download_name(found),
        content_type=found.media_type,
    )
    return _guarded(response)


def _opened(found: Upload) -> FieldFile:
    """
    Open a stored file.

    :raises Http404: when the file is gone from the disk.
    """
    try:
        return found.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None


def _guarded(response: HttpResponse | FileResponse) -> HttpResponse:
    """Let nothing in a file run, and no cache between share it."""
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    return response  # type: ignore[return-value]
