"""Migration operations that Django lacks."""

from django.db import migrations


class BindDetailToKind(migrations.RunSQL):
    """
    Let a detail row belong only to a case of its own kind.

    Adds the composite foreign key (case_id, kind) → casework_case (id, kind), which Django cannot write.
    """

    def __init__(self, table: str, kind: str) -> None:
        """Name the table of the detail rows and their kind."""
        self.table, self.kind = table, kind
        super().__init__(
            sql=[
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_of_kind CHECK (kind = '{kind}')",
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_case_and_kind FOREIGN KEY (case_id, kind) "
                "REFERENCES casework_case (id, kind) DEFERRABLE INITIALLY IMMEDIATE",
            ],
            reverse_sql=[
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_case_and_kind",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_kind",
            ],
        )

    def deconstruct(self):
        """Return what the migration file says."""
        return self.__class__.__qualname__, [self.table, self.kind], {}
