"""The labeler that ships: a small trained model beside the rules."""

from lingula.builtin.labeler import BuiltinLabeler

__all__ = ["BuiltinLabeler"]
