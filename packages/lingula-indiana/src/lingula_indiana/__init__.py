"""A labeler that follows the human coding of the Indiana reports; for non-commercial use."""

from lingula_indiana.labeler import IndianaLabeler

__all__ = ["IndianaLabeler"]
