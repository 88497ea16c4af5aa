"""The territory: districts, subdistricts, communities, grids and buildings of one city."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey

from grid.areas.querysets import AreaQuerySet


class Tier(models.TextChoices):
    """The five tiers (区、街道、社区、网格、楼栋), from the widest to the narrowest."""

    DISTRICT = "district", _("District")
    STREET = "street", _("Subdistrict")
    COMMUNITY = "community", _("Community")
    GRID = "grid", _("Grid")
    BUILDING = "building", _("Building")

    @property
    def rank(self) -> int:
        """Return 0 for a district up to 4 for a building."""
        return list(Tier).index(self)


class CodeSystem(models.TextChoices):
    """Where a code comes from, and so how long it is."""

    # 统计用区划代码: 12 digits down to the community; the portal adds 3 for a grid and 5 for a building.
    STATS = "stats", _("Statistical area code")
    LOCAL = "local", _("Local code")


CODE_LENGTHS = {Tier.DISTRICT: 12, Tier.STREET: 12, Tier.COMMUNITY: 12, Tier.GRID: 15, Tier.BUILDING: 20}
# Digits of a statistical code that are its own and that its children must begin with.
PREFIX_LENGTHS = {Tier.DISTRICT: 6, Tier.STREET: 9, Tier.COMMUNITY: 12, Tier.GRID: 15, Tier.BUILDING: 20}
CODE_TAKEN_MESSAGE = _("Another area that is still valid has this code.")
CODE_LENGTH_MESSAGE = _("A code has 12 digits down to the community, 15 for a grid, 20 for a building.")


class Area(MPTTModel):
    """
    A node of the tree; one tree per district.

    A tier may be missing, never out of order. The bounds (``lft``, ``rght``, ``tree_id``, ``level``)
    belong to this app: others ask ``Area.objects.within`` and ``Area.objects.ancestors_of``, and
    write through ``grid.areas.services``, which holds the lock of the tree.
    """

    code = models.CharField(
        _("code"), max_length=20, validators=[RegexValidator(r"^[0-9]+\Z", _("Digits only."))]
    )
    code_system = models.CharField(
        _("code system"), max_length=12, choices=CodeSystem.choices, default=CodeSystem.STATS
    )
    code_kept = models.BooleanField(
        _("code kept after a move"),
        default=False,
        help_text=_(
            "The area moved and kept its code, which therefore does not begin with that of its parent."
        ),
    )
    tier = models.CharField(_("tier"), max_length=12, choices=Tier.choices)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=150, blank=True)
    parent = TreeForeignKey(
        "self",
        verbose_name=_("parent area"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("The first day on which the area no longer exists."),
    )
    successor = models.ForeignKey(
        "self",
        verbose_name=_("successor"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
    )
    end_reason = models.TextField(
        _("why it ended"), blank=True, help_text=_("Needed where an area ends without a successor.")
    )
    external_codes = models.JSONField(
        _("external codes"),
        default=dict,
        blank=True,
        help_text=_("Codes of other systems, by the system's name."),
    )
    outline = models.JSONField(
        _("outline"), null=True, blank=True, help_text=_("GeoJSON polygon or multipolygon, WGS 84.")
    )
    schematic = models.BooleanField(
        _("schematic outline"),
        default=False,
        help_text=_("The outline shows roughly where, it is not surveyed."),
    )
    west = models.FloatField(null=True, blank=True, editable=False)
    south = models.FloatField(null=True, blank=True, editable=False)
    east = models.FloatField(null=True, blank=True, editable=False)
    north = models.FloatField(null=True, blank=True, editable=False)
    centre_lon = models.FloatField(_("longitude of the centre"), null=True, blank=True)
    centre_lat = models.FloatField(_("latitude of the centre"), null=True, blank=True)
    households = models.PositiveIntegerField(_("households"), null=True, blank=True)
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)

    objects = TreeManager.from_queryset(AreaQuerySet)()

    class MPTTMeta:
        """Keep siblings in the order of their codes."""

        order_insertion_by = ["code"]

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        indexes = [
            models.Index(fields=["tree_id", "lft"], name="area_bounds"),
            models.Index(fields=["tier", "west", "east", "south", "north"], name="area_box"),
            models.Index(fields=["code"], name="area_code"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["code_system", "code"],
                condition=Q(valid_until__isnull=True),
                name="area_code_once_while_valid",
                violation_error_message=CODE_TAKEN_MESSAGE,
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9]+$"),
                name="area_code_digits",
                violation_error_message=_("Digits only."),
            ),
            models.CheckConstraint(
                condition=Q(code_system=CodeSystem.LOCAL)
                | Q(tier__in=[Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY], code__regex=r"^[0-9]{12}$")
                | Q(tier=Tier.GRID, code__regex=r"^[0-9]{15}$")
                | Q(tier=Tier.BUILDING, code__regex=r"^[0-9]{20}$"),
                name="area_code_length",
                violation_error_message=CODE_LENGTH_MESSAGE,
            ),
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="area_tier_known"),
            models.CheckConstraint(
                condition=Q(code_system__in=CodeSystem.values), name="area_code_system_known"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="area_named"),
            # A city without districts (直筒子市, as Dongguan) has subdistricts at the top.
            models.CheckConstraint(
                condition=Q(tier=Tier.DISTRICT, parent__isnull=True)
                | Q(tier=Tier.STREET)
                | (~Q(tier=Tier.DISTRICT) & Q(parent__isnull=False)),
                name="area_root_is_wide",
                violation_error_message=_(
                    "A district stands at the top of its tree; anything narrower than a subdistrict does not."
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(successor__isnull=False) | ~Q(end_reason=""),
                name="area_end_names_successor",
                violation_error_message=_("An area that ends names its successor, or why there is none."),
            ),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | (Q(valid_until__isnull=False) & ~Q(successor=F("id"))),
                name="area_successor_of_ended",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="area_valid_in_order",
            ),
            models.CheckConstraint(
                condition=Q(west__isnull=True, south__isnull=True, east__isnull=True, north__isnull=True)
                | Q(
                    west__gte=-180,
                    south__gte=-90,
                    east__lte=180,
                    north__lte=90,
                    west__lte=F("east"),
                    south__lte=F("north"),
                ),
                name="area_box_sound",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Return the name in the reader's language."""
        if self.name_en and not (get_language() or "zh").startswith("zh"):
            return self.name_en
        return self.name


class ChangeVerb(models.TextChoices):
    """What happened to an area."""

    INSERTED = "inserted", _("Added")
    RENAMED = "renamed", _("Renamed")
    MOVED = "moved", _("Moved")
    CORRECTED = "corrected", _("Corrected")
    OUTLINED = "outlined", _("Outline drawn")
    ENDED = "ended", _("Ended")


class AreaChange(models.Model):
    """Who changed what about an area; written by the services in the same transaction."""

    area = models.ForeignKey(Area, verbose_name=_("area"), on_delete=models.PROTECT, related_name="changes")
    verb = models.CharField(_("what happened"), max_length=12, choices=ChangeVerb.choices)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Empty where a command of the installation did it."),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of an area")
        verbose_name_plural = _("changes of areas")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=ChangeVerb.values), name="area_change_verb_known"),
        ]

    def __str__(self) -> str:
        return f"{self.area}: {self.get_verb_display()}"
