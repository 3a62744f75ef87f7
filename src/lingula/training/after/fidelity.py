"""How closely a model copies its silver labels: CheXpert++'s figure (McDermott et al., 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lingula.bert.model import LabelModel
from lingula.bert.tokenizer import TextTokenizer
from lingula.training.data.examples import Examples, text_key
from lingula.training.data.prepare import Part
from lingula.training.data.silver import SilverLabels, distinct, sentences_of
from lingula.training.model.prediction import predict_texts
from lingula.training.model.scoring import Figures, score


def fidelity(
    model: LabelModel,
    tokenizer: TextTokenizer,
    parts: Sequence[Part],
    silver: SilverLabels,
    *,
    trained_on: Sequence[str],
    device: torch.device,
) -> dict[str, Figures]:
    """Agreement with the silver labels on "sentences" and "reports" that are new to the model.

    Args:
        model: Is moved to the device.
        tokenizer: Of the model.
        parts: The sources; reports of their validation parts are measured on.
        silver: Gives the labels.
        trained_on: Texts of the stage that ends, beside those of the training parts.
        device: Where to predict.
    """
    own = [text for part in parts for text in part.texts(part.train)]
    # Earlier stages may have learned from sentences where this one learns from whole reports.
    known = {text_key(text) for text in (*trained_on, *own, *sentences_of(own))}
    reports = distinct([text for part in parts for text in part.texts(part.validation)])
    out = {}
    for name, texts in (("sentences", sentences_of(reports)), ("reports", reports)):
        unseen = [text for text in texts if text_key(text) not in known]
        if unseen:
            truth = Examples.full(unseen, silver.classes(unseen))
            logits = predict_texts(model, tokenizer, unseen, device)
            said = logits.argmax(axis=-1).astype(np.int8)
            out[name] = score(truth, said, model.schema)
    return out
