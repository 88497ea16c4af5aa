"""
Follow a matter without an account: by its number and a code.

The code is worked out, not stored: eight characters of an HMAC over the random salt of a `Token`, under a key
of the server. The row keeps the salt and an HMAC of number and code under another key. So the database alone
opens nothing, and a step, whose effect can hand nothing back, need not carry the code through the entry:
right afterwards the page works it out once more, for the session that took the step and for a few minutes
only (`give_to`). Nobody can ask for it later; a lost code is replaced by another, and the old one is void.

Forty bits are enough because tries are counted: five for a number from an address, forty from an address for
whatever numbers, in a quarter of an hour. A try is written down before it is looked at, so that many at once
do not slip through. A number that does not exist, a matter that is sealed and a wrong code get one answer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from grid.casework.models import CodeAttempt, Token

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

    from grid.casework.models import Party

PURPOSE = "track"
# Without I, L, O and U, which are mistaken for others or spell words (Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
BYTES = 5
TRIES, TRIES_FROM_ADDRESS = 5, 40
COOL_OFF = timedelta(minutes=15)
SHOWN_FOR = timedelta(minutes=10)
FOLLOWED_FOR = timedelta(minutes=30)
TO_SHOW, FOLLOWED = "code_to_show", "followed"


class TooManyTriesError(Exception):
    """Too many wrong codes were tried; the door opens again at `until`."""

    def __init__(self, until: datetime) -> None:
        """Take the instant from which another try counts."""
        super().__init__(until)
        self.until = until


def issue(party: Party, *, at: datetime) -> Token:
    """Give a party a code; one that it had before is void from now on."""
    Token.objects.filter(party=party, purpose=PURPOSE, expires_at=None).update(expires_at=at)
    salt = secrets.token_hex(16)
    digest = digest_of(party.case.number, _code(salt))
    return Token.objects.create(party=party, purpose=PURPOSE, salt=salt, digest=digest, created_at=at)


def code_of(token: Token) -> str:
    """Return the code of a token as people read it, as 7KQ4-9MHX."""
    code = _code(token.salt)
    return f"{code[:4]}-{code[4:]}"


def digest_of(number: str, code: str) -> str:
    """Return the keyed hash of a number and a code, both as they stand in the receipt."""
    return _hmac("tracking digest", f"{number}:{code}").hex()


def tidied(code: str) -> str:
    """Return a code as it was meant: without spaces and hyphens, O as 0, I and L as 1."""
    return "".join(c for c in code.upper() if c.isalnum()).translate(READ_AS)


def verify(number: str, code: str, *, address: str, at: datetime) -> Token | None:
    """
    Return the token of a number and its code, or nothing, whatever of them is wrong.

    :param address: of whoever tries, as the server sees it.
    :raises TooManyTriesError: when too many tries came before this one.
    """
    number = number.strip().upper()[:24]
    _count(number, address, at)
    wanted = digest_of(number, tidied(code))
    open_tokens = Token.objects.filter(
        Q(expires_at=None), party__case__number=number, party__case__sealed=False, purpose=PURPOSE
    )
    found = [t for t in open_tokens if hmac.compare_digest(t.digest, wanted)]
    if not found:
        return None
    CodeAttempt.objects.filter(number=number, address=_network(address)).delete()
    Token.objects.filter(pk=found[0].pk, used_at=None).update(used_at=at)
    return found[0]


def _count(number: str, address: str, at: datetime) -> None:
    """Write a try down, then see how many there were."""
    network, since = _network(address), at - COOL_OFF
    CodeAttempt.objects.filter(at__lte=since).delete()
    CodeAttempt.objects.create(number=number, address=network, at=at)
    # Those that came at the same time count too; those from before a clock was set back do not.
    counted = CodeAttempt.objects.filter(address=network, at__lte=at + timedelta(minutes=1))
    tries = list(counted.values_list("number", "at"))
    same = sorted(when for other, when in tries if other == number)
    if len(same) > TRIES:
        raise TooManyTriesError(same[-TRIES - 1] + COOL_OFF)
    if len(tries) > TRIES_FROM_ADDRESS:
        raise TooManyTriesError(sorted(when for _number, when in tries)[-TRIES_FROM_ADDRESS - 1] + COOL_OFF)


def _network(address: str) -> str:
    """Return the address by which tries are counted: of a home's many IPv6 addresses the first."""
    parsed = ip_address(address or "0.0.0.0")  # noqa: S104
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False).network_address)


def _code(salt: str) -> str:
    """Return the eight characters that belong to a salt."""
    bits = int.from_bytes(_hmac("tracking code", salt)[:BYTES], "big")
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(BYTES * 8 - 5, -1, -5))


def _hmac(purpose: str, text: str) -> bytes:
    """Return an HMAC-SHA-256 under a key of its own for each purpose."""
    key = hmac.new(bytes.fromhex(settings.BLIND_INDEX_KEY), purpose.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(errors="replace"), hashlib.sha256).digest()


def give_to(session: SessionBase, *, case_id: int, issued_at: datetime, at: datetime) -> bool:
    """Let a session show the code that a step has just issued; say whether there is one."""
    token = Token.objects.filter(party__case=case_id, purpose=PURPOSE, created_at=issued_at, expires_at=None)
    found = token.values_list("pk", flat=True).first()
    if found is None or at - issued_at > SHOWN_FOR:
        return False
    session[TO_SHOW] = {"token": found, "until": (issued_at + SHOWN_FOR).isoformat()}
    return True


def to_show(session: SessionBase, *, case_id: int, at: datetime) -> Token | None:
    """Return the token whose code this session may still show, if it belongs to the case."""
    pending: dict[str, Any] = session.get(TO_SHOW) or {}
    if not pending or datetime.fromisoformat(pending["until"]) <= at:
        session.pop(TO_SHOW, None)
        return None
    found = Token.objects.filter(pk=pending["token"], party__case=case_id, expires_at=None)
    return found.select_related("party").first()


def begin(session: SessionBase, token: Token, *, number: str, at: datetime) -> None:
    """Let a session follow a matter from now on, under a new session key."""
    session.cycle_key()
    session[FOLLOWED] = {"token": token.pk, "number": number, "until": (at + FOLLOWED_FOR).isoformat()}


def followed(session: SessionBase, number: str, *, at: datetime) -> Party | None:
    """Return the party as whom a session follows a matter, and let it do so for another while."""
    held: dict[str, Any] = session.get(FOLLOWED) or {}
    if held.get("number") != number or datetime.fromisoformat(held["until"]) <= at:
        return None
    open_token = Token.objects.filter(pk=held["token"], expires_at=None, party__case__sealed=False)
    token = open_token.select_related("party").first()
    if token is None:
        return None
    session[FOLLOWED] = held | {"until": (at + FOLLOWED_FOR).isoformat()}
    return token.party


def leave(session: SessionBase) -> None:
    """Forget what a session followed; of a visitor who is not signed in, everything."""
    if "_auth_user_id" in session:
        session.pop(FOLLOWED, None)
    else:
        session.flush()
