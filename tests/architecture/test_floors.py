"""Foreign keys run downwards only, as imports do."""

from django.apps import apps
from django.db.models import ForeignKey, OneToOneField

# Lowest first. An app may point at itself and at what stands before it.
ORDER = [
    "people",
    "areas",
    "organisations",
    "worktime",
    "casework",
    "notices",
    "supervision",
    "incidents",
    "accounts",
    "portal",
    "desk",
    "api",
    "demo",
    "operations",
]
FOREIGN = {"contenttypes", "auth", "sessions", "admin", "axes"}


def own_apps() -> list[str]:
    return [c.label for c in apps.get_app_configs() if c.name.startswith(("grid.", "governance."))]


def test_every_app_has_a_place_in_the_order() -> None:
    assert sorted(own_apps()) == sorted(ORDER)


def test_foreign_keys_run_downwards_only() -> None:
    upwards = []
    for label in own_apps():
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, ForeignKey | OneToOneField) or field.auto_created:
                    continue
                target = field.related_model._meta.app_label
                if target not in FOREIGN and ORDER.index(target) > ORDER.index(label):
                    upwards.append(f"{model.__name__}.{field.name} → {target}")
    assert upwards == []


def test_no_receiver_connects_our_own_apps() -> None:
    from django.db.models import signals

    ours = []
    for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete):
        for receiver in signal.receivers:
            function = receiver[1]() if callable(receiver[1]) else None
            module = getattr(function, "__module__", "") or ""
            if module.startswith(("grid.", "governance.")):
                ours.append(module)
    assert ours == []
