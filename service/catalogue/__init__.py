"""The records, the source of truth: schema, reading and writing."""
