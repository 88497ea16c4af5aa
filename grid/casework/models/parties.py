"""Parties of a case, and who may or may not see it by name."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grid.casework.models.case import Case
from grid.casework.personal import EncryptedTextField, masked

# Whoever a matter is about, or only speaks to it, did not bring it: he neither follows it nor hears of it.
NOT_TOLD = ("accused", "witness")


class Party(models.Model):
    """A person or body on one side of a case. Personal values are encrypted and erasable."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="parties")
    side = models.CharField(_("Side"), max_length=10, blank=True)
    capacity = models.CharField(_("Capacity"), max_length=30)
    name = EncryptedTextField(_("Name"), blank=True)
    phone = EncryptedTextField(_("Telephone"), blank=True)
    email = EncryptedTextField(_("E-mail"), blank=True)
    identity_number = EncryptedTextField(_("Identity number"), blank=True)
    address = EncryptedTextField(_("Address"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    identity_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    represented_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="represents"
    )
    language = models.CharField(_("Language"), max_length=10, blank=True)
    audience = models.CharField(_("Audience"), max_length=12, default="staff")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    name="",
                    phone="",
                    email="",
                    identity_number="",
                    address="",
                    phone_index="",
                    identity_index="",
                ),
                name="erased_party_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return name and number as staff see them in passing: 张** 138****2231."""
        phone = self.phone
        tail = f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else masked(phone)
        return f"{masked(self.name)} {tail}".strip()


class Token(models.Model):
    """
    A link or code by which a party acts without an account; only its keyed hash is kept.

    `salt` is random and says nothing without the server's key (`grid.casework.tracking`). One that was
    replaced has ended at `expires_at`.
    """

    party = models.ForeignKey(Party, models.PROTECT, related_name="tokens")
    purpose = models.CharField(max_length=20)
    salt = models.CharField(max_length=32, blank=True, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "purpose"], condition=Q(expires_at__isnull=True), name="one_open_token"
            ),
        ]


class CodeAttempt(models.Model):
    """
    Somebody tried a number with a code from an address.

    Kept until it is too old to count, and no longer: what was typed as a number need not be one.
    """

    number = models.CharField(max_length=24)
    address = models.GenericIPAddressField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["address", "number"], name="code_attempts_by_address")]


class Access(models.Model):
    """Somebody may see one sealed case (限制知悉). Nothing is inherited."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="accesses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="accesses")
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    starts_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user"], condition=Q(ended_at__isnull=True), name="access_granted_once"
            ),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="access_not_to_oneself"),
        ]


class Recusal(models.Model):
    """Somebody may not see or touch one case (回避)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="recusals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recusals")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="recused_once")]


class AccessLog(models.Model):
    """Somebody read personal data: who, of what, why, when (网络数据安全管理条例 12: three years)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    fields = models.JSONField(default=list)
    purpose = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "at"], name="access_log_by_case")]
