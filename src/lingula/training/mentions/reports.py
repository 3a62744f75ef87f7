"""Stage two: how far rules and model are trusted, fitted on coded reports through the aggregation.

Coding is of whole reports: one is positive of an observation if some mention is (multiple-instance
learning; Maron and Lozano-Pérez, NeurIPS 1997). A report's chance is the largest of those of its
mentions, as the labeler takes it, and the loss is that of the report. The encoder stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lingula.builtin.joining import Cells, Floats, Joint, tempered
from lingula.builtin.marking import Marker, marked_observations, said_at_marks
from lingula.builtin.mention_model import Item, MentionModel
from lingula.labels import Label
from lingula.metrics.calibration import expected_calibration_error, reliability
from lingula.rules import RuleLabeler
from lingula.rules.assertion import told
from lingula.text.decoding import decoded

#: Weight of squared distances from where the fit begins, by observation.
ANCHOR = 0.001
#: Parts of the reports; each is told of by a fit on the others.
FOLDS = 4
_LAST = 1

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ReportMentions:
    """The m mentions of n reports, and the marks that stand for them.

    Attributes:
        shape: n and k.
        rows: (m,): reports.
        columns: (m,): observations that the mentions tell of.
        marks: (m,): places among the marks.
        told: float64, (m, 4, 4): 1 where what is said of the words (second) gives a label (third).
        logits: float32, (marks, 2, 4): of the early and of the last head.
        rules: (marks,): what the rules say.
        observations: (marks,): places in the schema.
    """

    shape: tuple[int, int]
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    marks: npt.NDArray[np.intp]
    told: Floats
    logits: npt.NDArray[np.float32]
    rules: npt.NDArray[np.intp]
    observations: npt.NDArray[np.intp]

    @classmethod
    def gather(
        cls,
        rules: RuleLabeler,
        model: MentionModel,
        texts: Sequence[str],
        *,
        answers: bool = False,
    ) -> ReportMentions:
        """All mentions of some texts, each distinct sentence read once.

        Args:
            rules: That find the mentions.
            model: That reads them.
            texts: Reports.
            answers: Take what the model answers, early or late, in place of its logits: the
                logarithms of the chances, as both heads' logits.
        """
        judge, marker = rules.judge, Marker(rules.lexicon)
        schema = rules.schema
        gives = np.eye(len(Label))[
            [[told(group, said) for said in Label] for group in rules.lexicon.mentions]
        ]
        by_statement: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
        items: list[tuple[str, tuple[int, ...]]] = []
        count = 0
        rows: list[tuple[int, int, int, int]] = []
        for row, text in enumerate(texts):
            whole = decoded(text)
            for start, end, inherited in judge.statements(whole):
                statement = whole[start:end], inherited
                if statement not in by_statement:
                    reasons = judge.reasons(*statement)
                    marked = marker.mark(statement, reasons, judge.view) if reasons else None
                    by_statement[statement] = []
                    if marked is not None:
                        by_statement[statement] = [
                            (schema.index(reason.observation), count + place, reason.group)
                            for reason, place in zip(reasons, marked.places, strict=True)
                            if place >= 0
                        ]
                        items.append((marked.text, said_at_marks(reasons, marked.places)))
                        count += len(items[-1][1])
                rows += [(row, *found) for found in by_statement[statement]]
        at = np.array(rows, dtype=np.intp).reshape(-1, 4)
        return cls(
            (len(texts), len(schema)),
            at[:, 0],
            at[:, 1],
            at[:, 2],
            gives[at[:, 3]],
            np.concatenate(
                [np.zeros((0, 2, len(Label)), np.float32), *_logits(model, items, answers)]
            ),
            np.array([label for _, said in items for label in said], dtype=np.intp),
            np.array([n for text, _ in items for n in marked_observations(text)], dtype=np.intp),
        )

    def probabilities(self, joint: Joint, heat: Floats | None = None) -> Floats:
        """Chances of each label of the reports by the last head: float64, (n, k, 4)."""
        about = self.observations.tolist()
        by_mark = joint.chances(self.logits[:, _LAST], self.rules.tolist(), about)
        if heat is not None:
            by_mark = tempered(by_mark, heat[about])
        chances = np.einsum("ms,msl->ml", by_mark[self.marks], self.told)
        return Cells.gather(self.shape, self.rows, self.columns, chances).probabilities()


def _logits(model: MentionModel, items: list[Item], answers: bool) -> list[npt.NDArray[np.float32]]:
    if not answers:
        return model.raw(items)
    return [
        np.repeat(np.log(part.clip(1e-9))[:, None], 2, axis=1).astype(np.float32)
        for part in model.chances(items)
    ]


def fit_trust(mentions: ReportMentions, coded: Bools, start: Joint, some: Bools) -> Joint:
    """Trust and temperatures, each observation's own, under which the coding is likeliest.

    Args:
        mentions: Of all reports.
        coded: (n, k): what is positive.
        start: Where the fit begins, and what it is held to.
        some: (n,): the reports to learn from.
    """
    made = _Cells(mentions, coded, some)
    first = torch.tensor(start.trust.tolist(), dtype=torch.float64)
    warm = torch.tensor(start.temperature.tolist(), dtype=torch.float64).log()
    moved = torch.zeros_like(first, requires_grad=True)
    own = torch.zeros_like(warm, requires_grad=True)

    def chances() -> Tensor:
        return made.softmax(torch.exp(warm + own), first + moved)

    made.fit(chances, [moved, own])
    temperature = torch.exp(warm + own).detach().numpy()
    return Joint(np.round(temperature, 3), np.round((first + moved).detach().numpy(), 3))


def fit_heat(mentions: ReportMentions, coded: Bools, joint: Joint, some: Bools) -> Floats:
    """One number an observation, (k,), that divides its scores so that chances fit the coding.

    The likeliest class of a mention stays as it is. Arguments are those of ``fit_trust``.
    """
    made = _Cells(mentions, coded, some)
    trust = torch.tensor(joint.trust.tolist(), dtype=torch.float64)
    temperature = torch.tensor(joint.temperature.tolist(), dtype=torch.float64)
    own = torch.zeros_like(temperature, requires_grad=True)

    def chances() -> Tensor:
        heat = torch.exp(own)
        return made.softmax(temperature * heat, trust / heat[:, None, None])

    made.fit(chances, [own])
    found: Floats = np.round(torch.exp(own).detach().numpy(), 3)
    return found


class _Cells:
    """The loss of some reports: that of each cell's largest chance among its mentions."""

    def __init__(self, mentions: ReportMentions, coded: Bools, some: Bools) -> None:
        kept = some[mentions.rows]
        cells = mentions.rows[kept] * mentions.shape[1] + mentions.columns[kept]
        every, place = np.unique(cells, return_inverse=True)
        self._truth = torch.from_numpy(coded.reshape(-1)[every].astype(np.float64))
        self._place = torch.from_numpy(place)
        self._about = torch.from_numpy(mentions.observations)
        self._said = torch.from_numpy(mentions.rules)
        self._marks = torch.from_numpy(mentions.marks[kept])
        self._positive = torch.from_numpy(mentions.told[kept][:, :, Label.POSITIVE])
        self._logits = torch.from_numpy(mentions.logits[:, _LAST].astype(np.float64))

    def softmax(self, temperature: Tensor, trust: Tensor) -> Tensor:
        """Chances at all marks, (marks, 4)."""
        scores = self._logits / temperature[self._about, None] + trust[self._about, self._said]
        return torch.softmax(scores, dim=1)

    def fit(self, chances: Callable[[], Tensor], free: list[Tensor]) -> None:
        """Move what is free until the coding is likeliest, held to where it began."""
        optimizer = torch.optim.LBFGS(free, max_iter=60, line_search_fn="strong_wolfe")

        def cost() -> Tensor:
            optimizer.zero_grad()
            own = (self._positive * chances()[self._marks]).sum(dim=1)
            none = torch.zeros(len(self._truth), dtype=torch.float64)
            largest = none.scatter_reduce(0, self._place, own, "amax", include_self=False)
            loss = torch.nn.functional.binary_cross_entropy(
                largest.clip(1e-6, 1 - 1e-6), self._truth
            )
            for item in free:
                loss = loss + ANCHOR * (item**2).sum() / len(free[-1])
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(cost)  # type: ignore[no-untyped-call]


def out_of_fold(
    mentions: ReportMentions, texts: Sequence[str], chances: Callable[[Bools], Floats]
) -> Floats:
    """Chances of the labels of each report by a fit on the reports of other folds: (n, k, 4).

    Equal texts are in one fold.

    Args:
        mentions: Of all reports.
        texts: The reports.
        chances: Gives the chances of all reports, fitted on some.
    """
    fold = np.array([int(hashlib.sha256(t.encode()).hexdigest()[:8], 16) % FOLDS for t in texts])
    found = np.zeros((*mentions.shape, len(Label)))
    for number in range(FOLDS):
        rows = fold == number
        found[rows] = chances(~rows)[rows]
    return found


def calibration_errors(probabilities: Floats, coded: Bools) -> list[float]:
    """The calibration error of "positive" in each observation, 10 bins."""
    return [
        expected_calibration_error(
            reliability(coded[:, at], probabilities[:, at, Label.POSITIVE].clip(0, 1))
        )
        for at in range(coded.shape[1])
    ]
