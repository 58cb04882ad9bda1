"""Everything that is written to disk: tables, migrations and units of work."""
