"""The small checkpoint of the BERT tests and the small encoder of the training tests."""

from tests.bert.conftest import chexbert_pth, tiny_state
from tests.training.conftest import encoder, table

__all__ = ["chexbert_pth", "encoder", "table", "tiny_state"]
