"""The Indiana labeler: a trained model says what is there, the rules say why and what is not.

The model was trained on the rules' labels and then on human coding, so it knows better than the
rules which mentions people count as present; the rules know better what is denied or in doubt,
and can show the words. Where the two differ about "positive" the evidence says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lingula.bert import BertLabeler, load_bert
from lingula.errors import RecipeError, SchemaError
from lingula.labels import Evidence, Label, Labels, Schema
from lingula.rules import RuleLabeler
from lingula.text.given import as_texts
from lingula_indiana.combination import combine, in_order, rivals

#: The model folder: configuration, tokenizer, settings and an 8-bit ONNX graph.
MODEL = Path(__file__).parent / "model"


class IndianaLabeler:
    """Rules and model together; needs the base install alone.

    Args:
        schema: chexpert14, or nothing: the model knows no other observations.
        batch_size: Most reports a batch of the model.
        threads: Threads of the model's forward pass; one a core if not given.
        long: "windows" (the default: all of a long report is read) or "cut".
        device: "cpu", which is all that it has.
        runtime: "onnx", likewise.
        precision: "int8", likewise.
        spelling: How the rules read misspelled words: "lenient" or "exact".

    Raises:
        RecipeError: If another device, runtime or precision is asked for.
        SchemaError: If another schema is asked for.
        CheckpointError: If the model's files were changed or damaged.
    """

    name = "indiana"

    #: A few seconds on one core; more at once were not faster.
    batch_rows = 512

    def __init__(
        self,
        schema: Schema | None = None,
        *,
        batch_size: int | None = None,
        threads: int | None = None,
        long: str | None = None,
        device: str | None = None,
        runtime: str | None = None,
        precision: str | None = None,
        spelling: str = "lenient",
    ) -> None:
        for option, given, only in (
            ("device", device, "cpu"),
            ("runtime", runtime, "onnx"),
            ("precision", precision, "int8"),
        ):
            if given not in (None, only):
                raise RecipeError(
                    f"the Indiana model has only the {option} {only!r}, not {given!r}; leave the "
                    "option out, or train a model of your own"
                )
        self.rules = RuleLabeler(spelling=spelling)
        if schema is not None and schema.names != self.rules.schema.names:
            raise SchemaError(
                f"the Indiana labeler knows the schema {self.rules.schema.name!r} only, not "
                f'{schema.name!r}; use the labeler "rules", or train a model for it'
            )
        self.model: BertLabeler = load_bert(
            MODEL,
            runtime="onnx",
            precision="int8",
            batch_size=batch_size,
            threads=threads,
            long=long or "windows",
        )

    @property
    def schema(self) -> Schema:
        """The 14 observations."""
        return self.rules.schema

    @property
    def sha256(self) -> str:
        """Digest of rules and model together, in hexadecimal."""
        return hashlib.sha256((self.rules.sha256 + self.model.sha256).encode()).hexdigest()

    @property
    def truncated(self) -> int:
        """How many of the texts given so far were cut at the model's length."""
        return self.model.truncated

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels with the model's probabilities; a missing or empty text gets blanks.

        Args:
            texts: Reports or parts of reports, labeled whole.
            evidence: Whether to give the rules' reasons, and one entry without a place for each
                observation of which rules and model say different things.

        Returns:
            Labels; ``probabilities`` are the model's, but where the rules decided against it the
            chances of its label and theirs are exchanged.
        """
        texts = as_texts(texts)
        by_rules = self.rules.label(texts, evidence=evidence)
        by_model = self.model.label(texts)
        classes = combine(by_rules, by_model)
        reasons = None
        if by_rules.evidence is not None:
            differ = rivals(by_rules, by_model)
            reasons = tuple(
                found + self._differences(by_rules, by_model, classes, row, differ[row])
                for row, found in enumerate(by_rules.evidence)
            )
        return Labels(self.schema, classes, in_order(by_model, classes), reasons)

    def disagreements(self, texts: Sequence[str | None]) -> npt.NDArray[np.bool_]:
        """Where one of rules and model says positive and the other does not: bool, (n, 14)."""
        texts = as_texts(texts)
        return rivals(self.rules.label(texts), self.model.label(texts))

    def _differences(
        self,
        by_rules: Labels,
        by_model: Labels,
        classes: npt.NDArray[np.int8],
        row: int,
        differ: npt.NDArray[np.bool_],
    ) -> tuple[Evidence, ...]:
        assert by_model.probabilities is not None
        return tuple(
            Evidence(
                observation=self.schema.names[column],
                label=Label(int(classes[row, column])),
                start=0,
                end=0,
                phrase="",
                rule="rules and model differ: rules say "
                f"{Label(int(by_rules.classes[row, column])).name.lower()}, the model "
                f"{by_model.probabilities[row, column, Label.POSITIVE]:.2f} positive",
            )
            for column in np.flatnonzero(differ)
        )
