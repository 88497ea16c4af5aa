"""
What has to hold after every fault, asked of the database by SQL and of the servers that messages went to.

Nothing here uses the portal's own code: what is due is read off the instants of the deadlines anew.
"""

from collections import Counter
from datetime import datetime

from tests.processes import wait_until
from tests.slow.cluster import Portal

SETTLED_SECONDS = 90
ASIDE = "SELECT case_id FROM supervision_setaside WHERE cleared_at IS NULL"
DUE = f"""
    SELECT d.id AS deadline_id, m.level, d.due_at
      FROM casework_deadline d,
           LATERAL (VALUES (1, d.yellow_at), (2, d.orange_at), (3, d.due_at)) m(level, at)
     WHERE d.binds = 'office' AND d.status = 'running' AND m.at <= %s AND d.case_id NOT IN ({ASIDE})
"""
WRITTEN = f"""
    SELECT r.deadline_id, r.level, r.due_at
      FROM casework_rung r JOIN casework_deadline d ON d.id = r.deadline_id
     WHERE r.level <= 3 AND d.status = 'running' AND d.case_id NOT IN ({ASIDE})
"""
NOT_THE_HIGHEST = """
    SELECT count(*)
      FROM (SELECT told, level = max(level) OVER (PARTITION BY deadline_id, climbed_at) AS is_top
              FROM casework_rung WHERE level <= 3) r
     WHERE told <> is_top
"""
TOLD_RUNGS = f"""
    SELECT d.case_id, d.code, r.level
      FROM casework_rung r JOIN casework_deadline d ON d.id = r.deadline_id
     WHERE r.told AND r.level <= 3 AND d.case_id NOT IN ({ASIDE})
"""
CLIMBS = """
    SELECT case_id, data->>'deadline', (data->>'level')::int FROM casework_event WHERE verb = 'climb'
"""
# Whom each entry of the ladder has to be told to in the portal.
TELLS = """
    SELECT e.id AS event_id, told.pk::bigint AS recipient_id,
           CASE WHEN e.verb = 'silence' THEN 'silence'
                ELSE (ARRAY['rung_yellow', 'rung_orange', 'rung_red'])[(e.data->>'level')::int] END AS code
      FROM casework_event e, LATERAL jsonb_array_elements_text(e.data->'told') told(pk)
     WHERE e.verb IN ('climb', 'silence')
"""
NOTICES = """
    SELECT n.event_id, n.recipient_id, n.template AS code FROM notices_notice n
      JOIN casework_event e ON e.id = n.event_id
     WHERE e.verb IN ('climb', 'silence') AND n.template <> 'vacant_post'
"""
# What is late goes out by e-mail and text message to those who have an address.
GOES_OUT = f"""
    SELECT t.event_id, t.recipient_id, t.code, c.channel FROM ({TELLS}) t
      JOIN people_user u ON u.id = t.recipient_id AND u.email <> ''
     CROSS JOIN (VALUES ('email'), ('sms')) c(channel) WHERE t.code = 'rung_red'
"""
WENT_OUT = """
    SELECT i.event_id, i.recipient_id, i.code, i.channel FROM notices_messageitem i
     WHERE i.channel IN ('email', 'sms') AND i.recipient_id IS NOT NULL
"""
MESSAGES = """
    SELECT m.channel, CASE m.channel WHEN 'email' THEN u.email ELSE u.phone END, c.number, m.status
      FROM notices_message m JOIN notices_messageitem i ON i.message_id = m.id
      JOIN people_user u ON u.id = m.recipient_id JOIN casework_case c ON c.id = i.case_id
     ORDER BY m.id
"""
UNREAD = """
    SELECT count(*) FROM casework_feed
     WHERE position IS NULL OR position > (SELECT position FROM casework_feedreader WHERE name = 'notices')
"""
UNSENT = "SELECT count(*) FROM notices_message WHERE status IN ('pending', 'sending')"
SILENT = f"SELECT count(*) FROM casework_case WHERE silent_at <= %s AND id NOT IN ({ASIDE})"
PASSES = "SELECT count(*) FROM supervision_ladderrun WHERE finished_at IS NOT NULL AND started_at > %s"
UNFINISHED = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < %s
"""
FINAL = {"sent", "failed", "uncertain"}
Seen = Counter[tuple[str, str, str]]


def now(portal: Portal) -> datetime:
    """Return the clock of the database, which is that of this machine."""
    return portal.rows("SELECT clock_timestamp()")[0][0]


def rungs(portal: Portal) -> int:
    """Return how many rungs stand."""
    return portal.count("SELECT count(*) FROM casework_rung")


def due(portal: Portal) -> int:
    """Return how many rungs have to stand."""
    return portal.count(f"SELECT count(*) FROM ({DUE}) due", now(portal))


def differences(portal: Portal, expected: str, found: str, *values: object) -> dict[str, int]:
    """Return how many rows are missing, stand without a reason, or stand twice."""
    missing = f"SELECT count(*) FROM ({expected} EXCEPT {found}) missing"
    extra = f"SELECT count(*) FROM ({found} EXCEPT {expected}) extra"
    every = f"SELECT count(*) FROM ({found}) one"
    each = f"SELECT count(*) FROM (SELECT DISTINCT * FROM ({found}) one) each"
    return {
        "missing": portal.count(missing, *values),
        "without a reason": portal.count(extra, *values),
        "twice": portal.count(every) - portal.count(each),
    }


NONE = {"missing": 0, "without a reason": 0, "twice": 0}


def is_settled(portal: Portal) -> bool:
    """Tell whether all that is due is written, told and sent, whether rightly or not."""
    at = now(portal)
    return (
        portal.count(f"SELECT count(*) FROM ({DUE} EXCEPT {WRITTEN}) missing", at) == 0
        and portal.count(SILENT, at) == 0
        and portal.count(UNREAD) == 0
        and portal.count(UNSENT) == 0
    )


def settle(portal: Portal) -> None:
    """Wait until everything is done, and then for more passes, which must find nothing left to do."""
    wait_until(lambda: is_settled(portal), "what is due is written, told and sent", SETTLED_SECONDS)
    since = now(portal)
    passes(portal, 2)
    wait_until(lambda: portal.count(UNFINISHED, since) == 0, "nobody is in the middle of anything older")


def passes(portal: Portal, number: int) -> None:
    """Wait for so many passes of the ladder that begin from now on and come to their end."""
    since = now(portal)
    wait_until(lambda: portal.count(PASSES, since) >= number, f"the ladder is climbed {number} times")


def check(portal: Portal, *, aside: int = 0) -> None:
    """
    Check that nothing is missing, nothing stands twice, and that the portal's own checks find nothing.

    :param aside: how many cases are set aside, which are then left out.
    """
    assert portal.count(f"SELECT count(*) FROM ({ASIDE}) aside") == aside
    check_rows(portal)
    portal.python(
        "from django.core.management import call_command\n"
        "call_command('check_ledger')\ncall_command('verify_timeline')"
    )


def check_rows(portal: Portal) -> None:
    """Check that of what is not set aside nothing is missing and nothing stands twice."""
    assert due(portal) > 0
    assert differences(portal, DUE, WRITTEN, now(portal)) == NONE, "rungs"
    check_entries(portal)
    check_told(portal)


def check_entries(portal: Portal) -> None:
    """Check that of rungs passed at once the highest alone is told, by one entry each, and each silence."""
    assert portal.count(NOT_THE_HIGHEST) == 0, "only the highest rung of each is told"
    assert differences(portal, TOLD_RUNGS, CLIMBS) == NONE, "entries of rungs"
    silences = "SELECT case_id FROM casework_silencerung"
    spoken = "SELECT case_id FROM casework_event WHERE verb = 'silence'"
    assert differences(portal, silences, spoken) == NONE, "entries of silences"
    assert portal.count(SILENT, now(portal)) == 0, "silences"


def check_told(portal: Portal) -> None:
    """Check that each notice and each message stands once, and that no server saw a message twice."""
    assert differences(portal, TELLS, NOTICES) == NONE, "notices"
    assert differences(portal, GOES_OUT, WENT_OUT) == NONE, "messages"
    seen = arrived(portal)
    for channel, address, number, status in portal.rows(MESSAGES):
        times = seen.pop((channel, address, number), 0)
        assert status in FINAL, (channel, address, number, status)
        assert times <= 1, f"{channel} to {address} of {number} arrived {times} times"
        assert times == 1 or status != "sent", f"{channel} to {address} of {number} never arrived"
        assert times == 0 or status != "failed", f"{channel} to {address} of {number} arrived, but failed"
    assert not seen, f"nobody wrote these: {seen}"


def arrived(portal: Portal) -> Seen:
    """Count what the servers of the test took: by channel, address and number of the case."""
    numbers = [number for (number,) in portal.rows("SELECT number FROM casework_case")]
    seen: Seen = Counter()
    for mail in list(portal.smtp.box.taken):
        seen["email", str(mail["to"]), _named(numbers, str(mail["subject"]))] += 1
    for call in list(portal.gateway.calls):
        assert call.path == "/sms", call
        seen["sms", call.json["phone"], _named(numbers, call.json["text"])] += 1
    return seen


def _named(numbers: list[str], text: str) -> str:
    return next(number for number in numbers if number in text)
