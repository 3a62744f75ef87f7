"""The database of a review: SQLite in a file, or PostgreSQL. Pages and commands ask ``Store``."""

from lingula.review.store.store import Store

__all__ = ["Store"]
