"""The people who sign in, and the service users that act for a machine."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserType(models.TextChoices):
    """Whether a person, a partner system or the portal itself acts."""

    PERSON = "person", _("Person")
    PARTNER = "partner", _("Partner system")
    MACHINE = "machine", _("The portal itself")


class PeopleManager(UserManager["User"]):
    """Create and find users."""

    def machine(self) -> "User":
        """Return the service user in whose name the portal itself acts; a migration made it."""
        return self.get(username="machine", type=UserType.MACHINE)


class User(AbstractUser):
    """A person who signs in, or a service user that never does."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("Full name"), max_length=100)
    type = models.CharField(_("Type"), max_length=10, choices=UserType, default=UserType.PERSON)
    phone = models.CharField(_("Service telephone"), max_length=30, blank=True)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    large_text = models.BooleanField(_("Large text"), default=False)
    is_demo = models.BooleanField(_("Demo account"), default=False)

    objects: ClassVar[PeopleManager] = PeopleManager()

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("User")
        verbose_name_plural = _("Users")
        constraints = [
            models.CheckConstraint(condition=models.Q(type__in=UserType.values), name="user_type_known"),
            models.UniqueConstraint(
                fields=["type"], condition=models.Q(type=UserType.MACHINE), name="one_machine"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        """Return the name as it is shown."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name as it is shown."""
        return self.name
