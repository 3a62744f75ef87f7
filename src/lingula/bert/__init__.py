"""Labelers over a BERT-like encoder: CheXbert's checkpoint, and Lingula's own model folders."""

from lingula.bert.labeler import BertLabeler
from lingula.bert.loading import load_bert

__all__ = ["BertLabeler", "load_bert"]
