"""Personal values at rest: encrypted with a key id, found again by blind index."""

import hashlib
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


def encrypt(value: str) -> str:
    """
    Return `key id:nonce and ciphertext as hex`, AES-256-GCM under the first of `PERSONAL_KEYS`.

    The empty text stays empty, so that an erased value is seen to be erased.
    """
    if not value:
        return ""
    key_id, key = next(iter(settings.PERSONAL_KEYS.items()))
    nonce = os.urandom(12)
    sealed = AESGCM(bytes.fromhex(key)).encrypt(nonce, value.encode(), key_id.encode())
    return f"{key_id}:{(nonce + sealed).hex()}"


def decrypt(stored: str) -> str:
    """
    Return the value that `encrypt` hid.

    :raises KeyError: when the key of that id is not configured.
    :raises cryptography.exceptions.InvalidTag: when the stored text was altered.
    """
    if not stored:
        return ""
    key_id, text = stored.split(":", 1)
    raw = bytes.fromhex(text)
    key = bytes.fromhex(settings.PERSONAL_KEYS[key_id])
    return AESGCM(key).decrypt(raw[:12], raw[12:], key_id.encode()).decode()


def blind_index(value: str) -> str:
    """Return an HMAC-SHA-256 of a value without its spaces and hyphens, by which equal values are found."""
    plain = "".join(c for c in value if not c.isspace() and c != "-").upper()
    if not plain:
        return ""
    return hmac.new(bytes.fromhex(settings.BLIND_INDEX_KEY), plain.encode(), hashlib.sha256).hexdigest()


def masked(value: str, *, keep: int = 1) -> str:
    """Return a value of which only the first characters can be read, as 张**."""
    return value[:keep] + "*" * max(len(value) - keep, 2) if value else ""


def is_masked(value: str) -> bool:
    """Tell whether a value has been through `masked`; such a value is never saved back."""
    return "**" in value


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database and plain in memory."""

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        """Decrypt what was read."""
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        """
        Encrypt what is written.

        :raises ValueError: when the value is a masked one.
        """
        value = super().get_prep_value(value)
        if value and is_masked(value):
            raise ValueError("A masked value can never be saved back.")
        return None if value is None else encrypt(value)
