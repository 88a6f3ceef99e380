"""Storage against a real PostgreSQL, the embedded one, and real files."""
