"""Why labels are what they are: rules and cues, or token weights of a BERT labeler."""

from lingula.explain.attribution import Attribution, TokenWeight, attribute, attribute_labels
from lingula.explain.deletion import DeletionTest, deletion_test
from lingula.explain.document import document, page
from lingula.explain.reasons import Explanation, LabelReason, explain

__all__ = [
    "Attribution",
    "DeletionTest",
    "Explanation",
    "LabelReason",
    "TokenWeight",
    "attribute",
    "attribute_labels",
    "deletion_test",
    "document",
    "explain",
    "page",
]
