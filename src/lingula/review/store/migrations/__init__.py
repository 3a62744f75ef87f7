"""Alembic's migrations of a review's database; every change of its tables is one here."""
