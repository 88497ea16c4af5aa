"""What Django cannot write: an append-only timeline without gaps, and the sequence of case numbers."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION casework_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON casework_event
    FOR EACH ROW EXECUTE FUNCTION casework_append_only();
CREATE TRIGGER rung_append_only BEFORE UPDATE OR DELETE ON casework_rung
    FOR EACH ROW EXECUTE FUNCTION casework_append_only();
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE ON casework_accesslog
    FOR EACH ROW EXECUTE FUNCTION casework_append_only();
"""

ERASE_ONLY = """
CREATE FUNCTION casework_erase_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL
       AND NEW.text = '' AND NEW.salt = '' AND NEW.event_id = OLD.event_id AND NEW.field = OLD.field THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% can only be erased: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER event_text_erase_only BEFORE UPDATE OR DELETE ON casework_eventtext
    FOR EACH ROW EXECUTE FUNCTION casework_erase_only();
"""

SEQ = """
CREATE FUNCTION casework_event_seq() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last integer;
BEGIN
    SELECT coalesce(max(seq), 0) INTO last FROM casework_event WHERE case_id = NEW.case_id;
    IF NEW.seq <> last + 1 THEN
        RAISE EXCEPTION 'entry % of case % does not follow entry %', NEW.seq, NEW.case_id, last
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER event_seq BEFORE INSERT ON casework_event FOR EACH ROW EXECUTE FUNCTION casework_event_seq();
"""


class Migration(migrations.Migration):
    """Add triggers and the sequence."""

    dependencies = [("casework", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE casework_number", "DROP SEQUENCE casework_number"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER event_append_only ON casework_event;"
            "DROP TRIGGER rung_append_only ON casework_rung;"
            "DROP TRIGGER access_log_append_only ON casework_accesslog; DROP FUNCTION casework_append_only();",
        ),
        migrations.RunSQL(
            ERASE_ONLY,
            "DROP TRIGGER event_text_erase_only ON casework_eventtext; DROP FUNCTION casework_erase_only();",
        ),
        migrations.RunSQL(SEQ, "DROP TRIGGER event_seq ON casework_event; DROP FUNCTION casework_event_seq();"),
    ]
