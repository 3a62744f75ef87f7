"""The rule labeler: mention extraction, mention classification, mention aggregation."""

from lingula.rules.labeler import RuleLabeler
from lingula.rules.lexicon import load_lexicon, shipped_lexicons

__all__ = ["RuleLabeler", "load_lexicon", "shipped_lexicons"]
