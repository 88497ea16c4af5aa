"""Find the way up the organisation tree."""

from django.db import connection

SUPERIORS = """
    WITH RECURSIVE up(id, distance) AS (
        SELECT s.id, 1 FROM organisations_organisation o,
               LATERAL (VALUES (o.parent_id), (o.functional_superior_id)) s(id)
         WHERE o.id = %s AND s.id IS NOT NULL
      UNION
        SELECT s.id, up.distance + 1 FROM up JOIN organisations_organisation o ON o.id = up.id,
               LATERAL (VALUES (o.parent_id), (o.functional_superior_id)) s(id)
         WHERE s.id IS NOT NULL AND up.distance < 20
    )
    SELECT id FROM up GROUP BY id ORDER BY min(distance), id
"""


def superiors_of(organisation_id: int) -> list[int]:
    """
    Return the ids of all organisations above one, in both lines (块 and 条), nearest first. One query.

    The depth is bounded, so that a circle made by hand in the admin cannot hang a page.
    """
    with connection.cursor() as cursor:
        cursor.execute(SUPERIORS, [organisation_id])
        return [row[0] for row in cursor.fetchall()]
