"""A smaller student that answers as its teacher does, on unlabeled reports.

For a report with the teacher's logits t and the student's s, both over the temperature T, the cost
is

    T^2 * sum over observations of KL(softmax(t / T) || softmax(s / T))   (Hinton et al., 2015)

and, of a batch, the mean squared difference of the two matrices of cosine similarity between the
reports' hidden states at position 0, times a weight. Similarities (Tung and Mori, ICCV 2019) rather
than the states themselves: teacher and student may differ in width and in vocabulary.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lingula.bert import BertLabeler, load_bert
from lingula.bert.folder import ModelFolder
from lingula.bert.model import IMPOSSIBLE, LabelModel, Output
from lingula.bert.settings import ModelSettings
from lingula.bert.tokenizer import TextTokenizer
from lingula.bert.weights import save_folder
from lingula.errors import InputError, RecipeError
from lingula.training.data.examples import Examples, draw_validation, text_key
from lingula.training.data.silver import distinct
from lingula.training.fit.batches import Batch
from lingula.training.fit.launch import launched
from lingula.training.fit.loop import Where
from lingula.training.fit.progress import Progress
from lingula.training.model.scoring import Figures, score
from lingula.training.recipe import Stage
from lingula.training.stage import SoftLoss, StageTexts, train_stage


@dataclass(frozen=True)
class Distilled:
    """What a student came to, beside its teacher.

    Attributes:
        model: The student's folder.
        parameters: Of teacher and student.
        megabytes: Of their weights in float32.
        reports_per_second: Of both, on the validation texts, in torch on this device.
        agreement: Of student and teacher on the validation texts.
        truth: Figures of teacher and student against true labels, or None.
    """

    model: Path
    parameters: tuple[int, int]
    megabytes: tuple[float, float]
    reports_per_second: tuple[float, float]
    agreement: Figures
    truth: tuple[Figures, Figures] | None


def shallow_copy(teacher: LabelModel, layers: int) -> LabelModel:
    """The teacher with some of its encoder's layers, evenly spaced, the last one among them.

    Raises:
        RecipeError: If the encoder has not that many layers, or keeps them in another place than
            BERT does.
    """
    own = getattr(getattr(teacher.encoder, "encoder", None), "layer", None)
    if not isinstance(own, nn.ModuleList):
        raise RecipeError(
            f"a {teacher.encoder.config.model_type} encoder cannot be made shallower; name a "
            "student folder"
        )
    if not 0 < layers < len(own):
        raise RecipeError(f"layers must be from 1 to {len(own) - 1}, not {layers}")
    student = copy.deepcopy(teacher)
    kept = [round((place + 1) * len(own) / layers) - 1 for place in range(layers)]
    student.encoder.encoder.layer = nn.ModuleList(
        [student.encoder.encoder.layer[place] for place in kept]
    )
    student.encoder.config.num_hidden_layers = layers
    return student


@dataclass(frozen=True)
class Distillation:
    """How a student learns.

    Attributes:
        stage: Epochs, learning rates and so on.
        temperature: T.
        hidden_weight: Of the hidden states' part of the cost.
        validation: Share of the distinct texts on which the two are compared.
        seed: Of everything that is drawn.
        device: "cpu", "cuda:N" or "mps"; a GPU if there is one.
        resume: Go on from ``last.pt``.
    """

    stage: Stage
    temperature: float = 2.0
    hidden_weight: float = 1.0
    validation: float = 0.1
    seed: int = 1
    device: str | None = None
    resume: bool = False


def distill(
    teacher_path: Path,
    student: tuple[LabelModel, TextTokenizer] | int,
    texts: Sequence[str],
    folder: Path,
    *,
    how: Distillation,
    truth: Examples | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Distilled:
    """Train a student on a teacher's answers, in one process: the cost looks at whole batches.

    Args:
        teacher_path: A CheXbert checkpoint or a model folder with torch weights.
        student: A model with its tokenizer, or how many of the teacher's layers it keeps.
        texts: Unlabeled reports.
        folder: Run folder; ``model`` in it is the student.
        how: The choices.
        truth: Labeled reports on which both are measured: a student inherits its teacher's
            mistakes, which agreement with the teacher cannot show.
        progress: Called after every step.

    Raises:
        InputError: If there are too few texts.
        RecipeError: If the student cannot be made, or several processes were launched.
    """
    if launched():
        raise RecipeError("distilling needs a single process: start it without a launcher")
    teacher = load_bert(teacher_path, device=how.device, runtime="torch")
    model, tokenizer = (
        (shallow_copy(teacher.model, student), teacher.tokenizer)
        if isinstance(student, int)
        else student
    )
    seen, unseen = _halves(texts, how)
    truths = Examples.full(unseen, teacher.label(unseen).classes)
    device = next(teacher.model.parameters()).device
    train_stage(
        model,
        tokenizer,
        StageTexts(Examples.full(seen, teacher.label(seen).classes), truths),
        stage=how.stage,
        where=Where(folder, device, how.resume, progress),
        seed=how.seed,
        loss=SoftLoss(_Answers(model), _soft_cost(teacher, seen, how)),
    )
    settings = ModelSettings(
        teacher.settings.schema,
        name=f"{teacher.name}-student",
        pooling=model.heads.pooling,
        dropout=teacher.settings.dropout,
        max_length=tokenizer.max_length,
        empty_text=teacher.settings.empty_text,
        training={"teacher": teacher.name, "teacher sha256": teacher.sha256},
    )
    made: ModelFolder = save_folder(
        folder / "model", model.cpu(), tokenizer, settings, overwrite=True
    )
    return _compared(teacher, made.path, truths, truth, how.device)


def _halves(texts: Sequence[str], how: Distillation) -> tuple[list[str], list[str]]:
    """The distinct texts to learn from, and those to compare on."""
    chosen = distinct(texts)
    held_out = draw_validation([text_key(text) for text in chosen], how.validation, how.seed)
    seen = [text for text, kept in zip(chosen, held_out, strict=True) if not kept]
    unseen = [text for text, kept in zip(chosen, held_out, strict=True) if kept]
    if not seen or not unseen:
        raise InputError(f"{len(chosen)} distinct texts are too few to distill and validate on")
    return seen, unseen


def _compared(
    teacher: BertLabeler,
    path: Path,
    truths: Examples,
    truth: Examples | None,
    device: str | None,
) -> Distilled:
    """The student in a folder beside its teacher, whose labels are ``truths``."""
    pupil = load_bert(path, device=device, runtime="torch")
    both = (teacher, pupil)
    unseen = truths.texts
    schema = teacher.settings.schema
    sizes = tuple(sum(item.numel() for item in x.model.parameters()) for x in both)
    return Distilled(
        model=path,
        parameters=(sizes[0], sizes[1]),
        megabytes=(sizes[0] * 4 / 1e6, sizes[1] * 4 / 1e6),
        reports_per_second=(_speed(teacher, unseen), _speed(pupil, unseen)),
        agreement=score(truths, pupil.label(unseen).classes, schema),
        truth=None
        if truth is None
        else (
            score(truth, teacher.label(truth.texts).classes, schema),
            score(truth, pupil.label(truth.texts).classes, schema),
        ),
    )


class _Answers(nn.Module):
    """A label model that answers with logits and hidden states."""

    def __init__(self, model: LabelModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> Output:
        return self.model.answer(ids, mask)


def _soft_cost(
    teacher: BertLabeler, texts: Sequence[str], how: Distillation
) -> Callable[[Output, Batch], Tensor]:
    logits = np.nan_to_num(teacher.logits(texts), nan=0.0, neginf=IMPOSSIBLE)
    temperature = how.temperature
    soft = (torch.from_numpy(logits) / temperature).softmax(dim=-1)
    states = torch.from_numpy(np.nan_to_num(teacher.embed(texts)))

    def cost(output: Output, batch: Batch) -> Tensor:
        rows, device = batch.targets["rows"].cpu(), output.logits.device
        logs = (output.logits.float() / temperature).log_softmax(dim=-1)
        target = soft[rows].to(device)
        divergence = nn.functional.kl_div(logs, target, reduction="none").sum(dim=(1, 2)).mean()
        alike = _similarity(output.embedding.float())
        wanted = _similarity(states[rows].to(device))
        return temperature**2 * divergence + how.hidden_weight * (alike - wanted).square().mean()

    return cost


def _similarity(states: Tensor) -> Tensor:
    unit = nn.functional.normalize(states, dim=-1)
    return unit @ unit.T


def _speed(labeler: BertLabeler, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    labeler.label(texts)
    return len(texts) / max(time.perf_counter() - began, 1e-9)
