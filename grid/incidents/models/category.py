"""What incidents are about, on two levels."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grid.casework.models import Urgency
from grid.incidents.querysets import CategoryQuerySet

# What a tile of the report form may show; each is vendored under static/vendor/bootstrap-icons.
ICONS = (
    ("chat-dots", _("Speech")),
    ("shield-exclamation", _("Shield")),
    ("fire", _("Flame")),
    ("cone-striped", _("Cone")),
    ("cup-hot", _("Cup")),
    ("trash", _("Rubbish bin")),
    ("lamp", _("Lamp")),
    ("house-door", _("House")),
    ("cloud-haze2", _("Haze")),
    ("buildings", _("Buildings")),
    ("person-heart", _("Person and heart")),
    ("person-vcard", _("Card")),
    ("people", _("People")),
    ("mortarboard", _("School")),
    ("train-front", _("Train")),
    ("cash-coin", _("Money")),
    ("lightning", _("Lightning")),
    ("lightbulb", _("Bulb")),
    ("droplet", _("Drop")),
    ("bandaid", _("Plaster")),
    ("tag", _("Label")),
)


class Category(models.Model):
    """
    One category of incidents: a letter (F 市容环境) or, below it, letter and number (F01 垃圾积存).

    Shipped as data and kept by the city in the admin; what is no longer wanted is made inactive, because
    old incidents keep theirs.
    """

    code = models.CharField(
        _("Code"),
        max_length=3,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]([0-9]{2})?\Z", _("A letter, or a letter and two digits."))],
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        limit_choices_to={"parent": None},
        verbose_name=_("First level"),
    )
    name = models.CharField(_("Name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=80)
    urgency = models.CharField(_("Usual urgency"), max_length=10, choices=Urgency, default=Urgency.BLUE)
    icon = models.CharField(_("Picture on the tile"), max_length=30, choices=ICONS, default="tag")
    is_active = models.BooleanField(_("Can be chosen"), default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("Incident category")
        verbose_name_plural = _("Incident categories")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="category_urgency_known"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z]$", parent__isnull=True)
                | Q(code__regex=r"^[A-Z][0-9]{2}$", parent__isnull=False),
                name="category_code_tells_its_level",
                violation_error_message=_(
                    "The first level has a letter, the second its letter and two digits."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def label(self) -> str:
        """Return the name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name

    @property
    def full_label(self) -> str:
        """Return the names of both levels in the reader's language."""
        return f"{self.parent.label} / {self.label}" if self.parent else self.label

    def clean(self) -> None:
        """
        Check that the code begins with that of the first level.

        :raises ValidationError: naming the field.
        """
        if self.parent and not self.code.startswith(self.parent.code):
            raise ValidationError({"code": _("The code begins with the letter of the first level.")})
