"""Alembic runs the revisions on the connection that the program gives it."""

from alembic import context

from usmed_server.directory.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
