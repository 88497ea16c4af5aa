"""Departments, centres and committees, and who serves where, as what."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grid.areas.models import Area, Tier
from grid.organisations.querysets import AbsenceQuerySet, OrganisationQuerySet, PostingQuerySet


class OrganisationType(models.TextChoices):
    """The five kinds of body that share the work (党委、政府、市场、社会、自治)."""

    PARTY = "party", _("Party organisation")
    GOVERNMENT = "government", _("Government body")
    MARKET = "market", _("Company")
    SOCIAL = "social", _("Social organisation")
    SELF_GOVERNMENT = "self_government", _("Self-government body")


class Role(models.TextChoices):
    """What somebody is in a posting."""

    GRID_WORKER = "grid_worker", _("Grid worker")
    GRID_LEADER = "grid_leader", _("Grid leader")
    COMMUNITY_CLERK = "community_clerk", _("Community clerk")
    STREET_OFFICER = "street_officer", _("Street officer")
    DISTRICT_OFFICER = "district_officer", _("District officer")
    HANDLER = "handler", _("Handler")
    SUPERVISOR = "supervisor", _("Supervisor")
    MEDIATOR = "mediator", _("Mediator")
    MEDIATION_COORDINATOR = "mediation_coordinator", _("Mediation coordinator")
    ASSESSOR = "assessor", _("Assessor")
    FILING_OFFICER = "filing_officer", _("Filing officer")
    PETITION_CLERK = "petition_clerk", _("Petition clerk")
    DISCIPLINE_OFFICER = "discipline_officer", _("Discipline officer")
    AUDITOR = "auditor", _("Auditor")
    SYSTEM_ADMINISTRATOR = "system_administrator", _("System administrator")
    SECURITY_ADMINISTRATOR = "security_administrator", _("Security administrator")


class Organisation(models.Model):
    """
    A body that can lead a case.

    Authority runs in this tree, rooted in the city. `parent` is the territorial superior (块),
    `functional_superior` the superior in the same line of work (条).
    """

    code = models.CharField(_("Code"), max_length=30, unique=True)
    name = models.CharField(_("Name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=160, blank=True)
    type = models.CharField(_("Type"), max_length=20, choices=OrganisationType)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subordinates",
        verbose_name=_("Territorial superior"),
    )
    functional_superior = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="functional_subordinates",
        verbose_name=_("Functional superior"),
    )
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("Area it works in"),
    )
    governs = models.OneToOneField(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="governing_organisation",
        verbose_name=_("Area it governs"),
    )
    phone = models.CharField(_("Telephone"), max_length=30, blank=True)
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisations")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(type__in=OrganisationType.values), name="organisation_type_known"
            ),
            models.UniqueConstraint(
                models.Value(1), condition=Q(parent__isnull=True), name="organisations_have_one_root"
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="organisation_not_under_itself"
            ),
            models.CheckConstraint(
                condition=Q(functional_superior__isnull=True) | ~Q(functional_superior=F("id")),
                name="organisation_not_functionally_under_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return the name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class Posting(models.Model):
    """Somebody serves in an organisation in one role, over an area, for a time."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="postings", verbose_name=_("Person")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="postings", verbose_name=_("Organisation")
    )
    role = models.CharField(_("Role"), max_length=30, choices=Role)
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
        verbose_name=_("Area served"),
        help_text=_("What happens in this area and below it is seen by those roles that a kind names."),
    )
    whole_city = models.BooleanField(_("Whole city"), default=False)
    leads = models.BooleanField(_("Heads the organisation"), default=False)
    full_time = models.BooleanField(_("Full time"), default=True)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"), null=True, blank=True, help_text=_("The last day served."))

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = _("Posting")
        verbose_name_plural = _("Postings")
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="posting_role_known"),
            models.CheckConstraint(
                condition=Q(whole_city=False) | Q(area__isnull=True), name="posting_area_or_whole_city"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="posting_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "role", "area"],
                condition=Q(ends_on__isnull=True),
                name="posting_held_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"


class Absence(models.Model):
    """Somebody is away from a posting; the stand-in is told and may act in it."""

    posting = models.ForeignKey(Posting, models.CASCADE, related_name="absences", verbose_name=_("Posting"))
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stands_in",
        verbose_name=_("Stand-in"),
    )
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"), help_text=_("The last day away."))

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("Absence")
        verbose_name_plural = _("Absences")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.posting} {self.starts_on}–{self.ends_on}"


GOVERNED_TIERS = (Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY)
