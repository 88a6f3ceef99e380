"""Backup and restore of everything, dumps of the embedded database, and its upgrade to a new PostgreSQL."""
