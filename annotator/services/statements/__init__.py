"""The statements of the hot path that the ORM cannot say in one go, for PostgreSQL and SQLite.

Three rules hold for all of them. Time is the database's clock. The states stand in the text as literals, not
parameters, since SQLite uses a partial index only where it can see that the condition holds. And what is asked
after a lock is asked in a statement of its own: on PostgreSQL each sees what was committed before it began, so that
one that waited for its lock has still the rows of before.

On PostgreSQL rows are taken with FOR UPDATE SKIP LOCKED; on SQLite every transaction is IMMEDIATE (settings), so
nobody else writes meanwhile and nothing needs locking.
"""
