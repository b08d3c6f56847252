"""The embedded Store: one SQLite file, one writer thread with group commit, readers of their own."""

from pombo_common.adapters.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
