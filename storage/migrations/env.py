"""Alembic's entry point: runs the revisions on the connection and in the transaction that storage.database passes."""

from alembic import context

from storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
