"""Sections and sentences of reports; every offset points into the text as given."""
