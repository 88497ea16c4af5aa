"""The database itself refuses a child that is not of a narrower tier than its parent."""

from django.db import migrations

TIERS = "ARRAY['district', 'street', 'community', 'grid', 'building']"

CREATE = f"""
CREATE FUNCTION areas_tier_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM areas_area p
        WHERE p.id = NEW.parent_id
          AND array_position({TIERS}, p.tier::text) >= array_position({TIERS}, NEW.tier::text)
    ) THEN
        RAISE EXCEPTION 'area %: a % cannot stand under a parent of the same or a narrower tier',
            NEW.code, NEW.tier USING ERRCODE = 'check_violation', CONSTRAINT = 'area_tier_order';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.tier <> OLD.tier AND EXISTS (
        SELECT 1 FROM areas_area c
        WHERE c.parent_id = NEW.id
          AND array_position({TIERS}, c.tier::text) <= array_position({TIERS}, NEW.tier::text)
    ) THEN
        RAISE EXCEPTION 'area %: a % has a child of the same or a wider tier',
            NEW.code, NEW.tier USING ERRCODE = 'check_violation', CONSTRAINT = 'area_tier_order';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER area_tier_order_insert AFTER INSERT ON areas_area
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION areas_tier_order();
CREATE CONSTRAINT TRIGGER area_tier_order_update AFTER UPDATE OF parent_id, tier ON areas_area
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW
    WHEN (NEW.parent_id IS DISTINCT FROM OLD.parent_id OR NEW.tier IS DISTINCT FROM OLD.tier)
    EXECUTE FUNCTION areas_tier_order();
"""

DROP = """
DROP TRIGGER area_tier_order_insert ON areas_area;
DROP TRIGGER area_tier_order_update ON areas_area;
DROP FUNCTION areas_tier_order();
"""


class Migration(migrations.Migration):
    """Add the trigger."""

    dependencies = [("areas", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
