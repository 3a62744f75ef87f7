"""Which tokens a BERT labeler's answer rests on: integrated gradients, and CLS attention.

The two are named for what they are. Integrated gradients (Sundararajan et al., ICML 2017) divide
the change of one label's log-odds between the report and a baseline among the tokens, and their
sum is that change. CLS attention (shown for CheXpert++ by McDermott et al., MLHC 2020) is what
position 0 attends to in the last layer; it is the same for every label, and no share of any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from lingula.bert.text import SURROGATES, clean_text
from lingula.errors import RecipeError
from lingula.labels import Label

if TYPE_CHECKING:
    from torch import Tensor

    from lingula.bert import BertLabeler
    from lingula.bert.model import LabelModel

Method = Literal["integrated-gradients", "cls-attention"]
METHODS: tuple[Method, ...] = ("integrated-gradients", "cls-attention")

#: Points of the path at first; doubled until the sum is right or there are so many.
FIRST_STEPS = 32
MOST_STEPS = 512
#: How far the sum of the weights may be from the change of the log-odds, as a share of it.
TOLERANCE = 0.02
#: Points of the path that are in the model together.
_BATCH = 16
#: What stands in place of the report's tokens at the path's beginning, the first there is.
_BASELINES = ("[MASK]", "<mask>", "[PAD]", "<pad>", "[UNK]", "<unk>")


@dataclass(frozen=True)
class TokenWeight:
    """One token of the model: its characters in the text, and its weight."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Attribution:
    """Weights of a report's tokens.

    Attributes:
        text: The report as it was given; offsets point into it.
        observation: The label that is explained; "any label" for CLS attention.
        label: The label that the model gives.
        method: "integrated-gradients" or "cls-attention".
        tokens: The tokens that the model read, without its special ones.
        change: Integrated gradients: log-odds of the label for the report less those for the
            baseline, which the weights sum up to. CLS attention: the share of the attention that
            falls on the report's tokens rather than on special ones.
        gap: How far the sum of the weights is from ``change``.
        pooling: What the model's heads read: "cls" or another.
        cut: Whether the report was longer than the model reads.
        name: What the report is called.
    """

    text: str
    observation: str
    label: Label
    method: Method
    tokens: tuple[TokenWeight, ...]
    change: float
    gap: float
    pooling: str = "cls"
    cut: bool = False
    name: str = ""

    def _repr_html_(self) -> str:
        from lingula.explain.document import document

        return document((), attributions=(self,))._repr_html_()

    def describe(self) -> str:
        """What the weights are, in a sentence or two."""
        if self.method == "integrated-gradients":
            told = (
                f"Integrated gradients: what each token adds to the log-odds of "
                f"{self.label.name.lower()}. They sum to {self.change:+.2f} (gap {self.gap:.2g}), "
                "the change against a report of masked tokens."
            )
        else:
            told = (
                "CLS attention: the share of the last layer's attention at position 0, averaged "
                f"over heads, that falls on each token; {self.change:.0%} in all, the rest on the "
                "model's special tokens. It is the same for every label."
            )
            if self.pooling != "cls":
                told += f" This model's heads do not read position 0 (pooling: {self.pooling})."
        return told + (" The report is longer than the model reads." if self.cut else "")


def attribute(
    labeler: BertLabeler,
    text: str,
    observation: str,
    *,
    method: Method = "integrated-gradients",
    name: str = "",
) -> Attribution:
    """Weights of a report's tokens for the label that a BERT labeler gives.

    Args:
        labeler: From ``lingula.load``; torch is needed whatever runtime it labels with.
        text: A report; what does not fit the model is not read.
        observation: One of the labeler's observations.
        method: "integrated-gradients" of the label's log-odds (before any temperature) from
            masked tokens to the report's, by Gauss-Legendre quadrature with as many points as
            the sum needs; or "cls-attention".
        name: What the report is called.

    Raises:
        RecipeError: If the method is unknown.
        SchemaError: If the labeler has no such observation.
        MissingExtraError: If torch is not installed.
        CheckpointError: If there are no weights for torch.
    """
    if method not in METHODS:
        raise RecipeError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    column = labeler.settings.schema.index(labeler.schema.names[labeler.schema.index(observation)])
    model = labeler.model
    cleaned, places = _cleaned(text)
    tokenizer = labeler.tokenizer
    encoding = tokenizer.backend.encode(cleaned, add_special_tokens=False)
    inner = np.asarray(encoding.ids[: tokenizer.room], dtype=np.int64)
    ids = np.concatenate([tokenizer.prefix, inner, tokenizer.suffix])
    own = np.zeros(len(ids), dtype=np.bool_)
    own[len(tokenizer.prefix) : len(tokenizer.prefix) + len(inner)] = True
    with _frozen(model):
        label = _label(model, ids, column)
        if method == "cls-attention":
            weights = _cls_attention(model, ids)
            change, gap = float(weights[own].sum()), 0.0
        else:
            baseline = np.where(own, _baseline_id(labeler), ids)
            weights, change, gap = _integrated_gradients(model, ids, baseline, column, label)
    spans = encoding.offsets[: tokenizer.room]
    tokens = tuple(
        TokenWeight(places[start], places[end - 1] + 1, float(weight))
        for (start, end), weight in zip(spans, weights[own], strict=True)
        if end > start
    )
    return Attribution(
        text,
        labeler.schema.names[labeler.schema.index(observation)],
        label,
        method,
        tokens,
        change,
        gap,
        labeler.settings.pooling,
        len(encoding.ids) > tokenizer.room,
        name,
    )


def attribute_labels(
    labeler: BertLabeler,
    text: str,
    *,
    observations: Sequence[str] = (),
    method: Method = "integrated-gradients",
    name: str = "",
) -> list[Attribution]:
    """Attributions of some labels of a report: those named, or all that are not blank.

    CLS attention is the same for all, and is given once.
    """
    labels = labeler.label([text])
    chosen = list(observations) or [
        observation
        for observation, value in zip(labels.schema.names, labels.classes[0], strict=True)
        if value != Label.BLANK
    ]
    if method == "cls-attention":
        chosen = chosen[:1] or [labels.schema.names[0]]
    return [attribute(labeler, text, x, method=method, name=name) for x in chosen]


def _integrated_gradients(
    model: LabelModel,
    ids: npt.NDArray[np.int64],
    baseline: npt.NDArray[np.int64],
    column: int,
    label: Label,
) -> tuple[npt.NDArray[np.float64], float, float]:
    import torch

    table = model.word_embeddings.detach()
    device = table.device
    end = table[torch.from_numpy(ids).to(device)].float()
    start = table[torch.from_numpy(baseline).to(device)].float()
    with torch.no_grad():
        ends = _log_odds(model, torch.stack([start, end]), column, label)
    change = float(ends[1] - ends[0])
    steps = FIRST_STEPS
    while True:
        nodes, shares = np.polynomial.legendre.leggauss(steps)
        # Summed on the CPU: not every device has double precision.
        total = torch.zeros(end.shape, dtype=torch.float64)
        for first in range(0, steps, _BATCH):
            part = slice(first, first + _BATCH)
            at = torch.as_tensor((nodes[part] + 1) / 2, dtype=torch.float32, device=device)
            path = start + at[:, None, None] * (end - start)
            path.requires_grad_(True)
            (slope,) = torch.autograd.grad(_log_odds(model, path, column, label).sum(), path)
            share = torch.as_tensor(shares[part] / 2)
            total += (slope.cpu().double() * share[:, None, None]).sum(dim=0)
        weights = (total * (end - start).cpu().double()).sum(dim=-1).numpy()
        gap = abs(float(weights.sum()) - change)
        if gap <= TOLERANCE * max(1.0, abs(change)) or steps >= MOST_STEPS:
            return weights, change, gap
        steps *= 2


def _log_odds(model: LabelModel, embeddings: Tensor, column: int, label: Label) -> Tensor:
    logits = model(inputs_embeds=embeddings)[:, column].float()
    others = [index for index in range(len(Label)) if index != label]
    result: Tensor = logits[:, int(label)] - logits[:, others].logsumexp(dim=-1)
    return result


def _label(model: LabelModel, ids: npt.NDArray[np.int64], column: int) -> Label:
    import torch

    with torch.no_grad():
        tokens = torch.from_numpy(ids)[None].to(model.word_embeddings.device)
        return Label(int(model(tokens)[0, column].argmax()))


def _cls_attention(model: LabelModel, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    import torch

    encoder = model.encoder
    before = encoder.config._attn_implementation
    # Only the plain implementation gives its weights out.
    encoder.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            tokens = torch.from_numpy(ids)[None].to(model.word_embeddings.device)
            answer = encoder(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                output_attentions=True,
            )
    finally:
        encoder.set_attn_implementation(before)
    weights: npt.NDArray[np.float64] = (
        answer.attentions[-1][0, :, 0].cpu().double().mean(dim=0).numpy()
    )
    return weights


@contextmanager
def _frozen(model: LabelModel) -> Iterator[None]:
    """Evaluation mode, and no gradients kept for the weights; as it was afterwards."""
    training = model.training
    wanted = [weight.requires_grad for weight in model.parameters()]
    model.eval()
    model.requires_grad_(False)
    try:
        yield
    finally:
        model.train(training)
        for weight, flag in zip(model.parameters(), wanted, strict=True):
            weight.requires_grad_(flag)


def _baseline_id(labeler: BertLabeler) -> int:
    for token in _BASELINES:
        found = labeler.tokenizer.backend.token_to_id(token)
        if found is not None:
            return int(found)
    return labeler.tokenizer.pad_id


def _cleaned(text: str) -> tuple[str, list[int]]:
    """The text as the model's tokenizer gets it, and where each of its characters stands."""
    cleaned = clean_text(text)
    places: list[int] = []
    at = 0
    for character in cleaned:
        if character == " ":
            # One space stands for a run of white space; its place is that of the run's start.
            while SURROGATES.match(text, at):
                at += 1
        else:
            while text[at] != character:
                at += 1
        places.append(at)
        at += 1
    return cleaned, places
