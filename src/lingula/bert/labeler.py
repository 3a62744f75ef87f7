"""The BERT labeler: texts in, labels, logits or vectors out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from lingula.bert.batching import plan_batches
from lingula.bert.runtimes import Runtime
from lingula.bert.settings import ModelSettings
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import TextTokenizer, Tokens
from lingula.bert.windows import aggregate_windows
from lingula.errors import LingulaError, SchemaError
from lingula.labels import Labels, Schema, is_missing, remade
from lingula.text.given import as_texts

if TYPE_CHECKING:
    from lingula.bert.model import LabelModel

Floats = npt.NDArray[np.float32]
Long = Literal["cut", "windows"]

#: Distinct texts that are tokenized, sorted and labeled together; the next such chunk is tokenized
#: while this one is in the model.
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class _Answers:
    """Answers to n texts: logits (n, K, 4) under the model's own schema, vectors, missing rows."""

    logits: Floats
    embedding: Floats | None
    missing: npt.NDArray[np.bool_]


class BertLabeler:
    """A labeler over an encoder with one head an observation; see ``load_bert``.

    Attributes:
        truncated: How many of the texts given so far were cut at the model's length.
        name: What the model is called in summaries and scores.
        sha256: SHA-256 of the checkpoint or weights file, in hexadecimal.
    """

    def __init__(
        self,
        tokenizer: TextTokenizer,
        settings: ModelSettings,
        runtime: Runtime,
        load_model: Callable[[], LabelModel],
        *,
        sha256: str,
        schema: Schema | None = None,
        exact: bool = False,
        batch_size: int | None = None,
        long: Long = "cut",
    ) -> None:
        self.name = settings.name
        self.sha256 = sha256
        self.truncated = 0
        self._tokenizer = tokenizer
        self._settings = settings
        self._runtime = runtime
        self._load_model = load_model
        self._model: LabelModel | None = None
        self._schema = schema or settings.schema
        self._columns = _columns(self._schema, settings.schema)
        self._exact = exact
        self._batch_size = batch_size
        self._long = long
        self._made: tuple[Callable[..., BertLabeler], dict[str, Any]] | None = None

    def made_by(self, make: Callable[..., BertLabeler], options: dict[str, Any]) -> None:
        """Remember how it was made: a copy in another process is made so too."""
        self._made = make, options

    def __reduce__(self) -> tuple[Any, ...]:
        # A session of a runtime cannot be copied, nor need the weights be: files hold them.
        if self._made is None:
            raise TypeError("only a BertLabeler that was loaded from a file can be pickled")
        return remade, (*self._made, self.sha256)

    @property
    def schema(self) -> Schema:
        """The observations that it labels."""
        return self._schema

    @property
    def batch_rows(self) -> int:
        """Rows of a table that it likes at once: many on a GPU, few on a CPU.

        A GPU gets two chunks, of which one is tokenized while the other is in the model. On a CPU
        a few hundred take seconds, and sorting more by length saves little.
        """
        return 2 * CHUNK if self._runtime.tokens >= CHUNK else 512

    @property
    def settings(self) -> ModelSettings:
        """What the model folder says of the model."""
        return self._settings

    @property
    def tokenizer(self) -> TextTokenizer:
        """The tokenizer, for those who call ``model`` themselves."""
        return self._tokenizer

    @property
    def model(self) -> LabelModel:
        """The torch module, for gradients; read from the folder when it is first asked for.

        Raises:
            MissingExtraError: If torch is not installed.
            CheckpointError: If the folder holds no weights for torch.
        """
        if self._model is None:
            self._model = self._load_model()
        return self._model

    def label(self, texts: Sequence[str | None], *, evidence: bool = False) -> Labels:
        """Labels with probabilities, in the texts' order.

        A missing text (None, NaN) and an empty one get blanks. So does one of white space alone,
        unless the model is a CheXbert checkpoint, whose own code labels it like any other.

        Args:
            texts: n reports, or parts of them.
            evidence: Must be False: an encoder names no reasons.

        Returns:
            Labels of n texts; ``probabilities`` is the softmax of the logits over the model's
            temperature.

        Raises:
            LingulaError: If evidence is asked for.
            InputError: If a report does not fit in memory.
        """
        if evidence:
            raise LingulaError(
                f'{self.name} gives no evidence for its labels; use the labeler "rules" for it'
            )
        answers = self._answer(texts, embedding=False)
        logits = answers.logits[:, self._columns]
        classes = logits.argmax(axis=-1).astype(np.int8)
        temperatures = self._settings.temperatures()[self._columns]
        probabilities = softmax(logits / temperatures[None, :, None])
        classes[answers.missing] = 0
        probabilities[answers.missing] = (1, 0, 0, 0)
        return Labels(self._schema, classes, probabilities)

    def logits(self, texts: Sequence[str | None]) -> Floats:
        """Logits before any temperature: float32, shape (n, k, 4).

        Classes are in the order of ``Label``; -inf where an observation cannot take a class. The
        row of a text that ``label`` gives blanks without asking the model is NaN.
        """
        answers = self._answer(texts, embedding=False)
        logits = np.where(self._settings.schema.permits(), answers.logits, -np.inf)
        logits[answers.missing] = np.nan
        return logits[:, self._columns].astype(np.float32, copy=False)

    def embed(self, texts: Sequence[str | None]) -> Floats:
        """The last layer's states at position 0: float32, shape (n, hidden).

        Of a long text in windows it is the mean of theirs. The row of a text that ``label`` gives
        blanks without asking the model is NaN.
        """
        answers = self._answer(texts, embedding=True)
        assert answers.embedding is not None
        answers.embedding[answers.missing] = np.nan
        return answers.embedding

    def _answer(self, texts: Sequence[str | None], *, embedding: bool) -> _Answers:
        """Clean, de-duplicate, tokenize, run, and put the answers back in the texts' order."""
        place: dict[str, int] = {}
        rows: list[int] = []
        texts = as_texts(texts)
        missing = np.zeros(len(texts), dtype=np.bool_)
        for row, text in enumerate(texts):
            cleaned = "" if text is None or is_missing(text) else clean_text(text)
            # An empty cell is no report; one of white space is, to CheXbert's code.
            white = isinstance(text, str) and text != "" and self._settings.empty_text == "model"
            missing[row] = not cleaned and not white
            if not missing[row]:
                rows.append(place.setdefault(cleaned, len(place)))
        logits = np.zeros((len(texts), len(self._settings.schema), 4), dtype=np.float32)
        vectors = None
        if place:
            parts = list(self._answer_distinct(list(place), embedding))
            logits[~missing] = np.concatenate([part[0] for part in parts])[rows]
            self.truncated += int(np.concatenate([part[2] for part in parts])[rows].sum())
            if embedding:
                found = np.concatenate([part[1] for part in parts])
                vectors = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
                vectors[~missing] = found[rows]
        elif embedding:
            # The width is the model's own; an answer tells it.
            ids = self._tokenizer.encode(["a"])
            vectors = np.zeros((len(texts), self._forward(ids, True)[1].shape[1]), np.float32)
        return _Answers(logits, vectors, missing)

    def _answer_distinct(
        self, texts: list[str], embedding: bool
    ) -> Iterator[tuple[Floats, Floats, npt.NDArray[np.bool_]]]:
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        windows = self._long == "windows"

        def encode(chunk: list[str]) -> list[Tokens]:
            return self._tokenizer.encode(chunk, windows=windows)

        with ThreadPoolExecutor(max_workers=1) as pool:
            encoded = pool.submit(encode, chunks[0])
            for following in [*chunks[1:], None]:
                tokens = encoded.result()
                if following is not None:
                    encoded = pool.submit(encode, following)
                yield (
                    *self._forward(tokens, embedding),
                    np.fromiter((item.cut for item in tokens), np.bool_, len(tokens)),
                )

    def _forward(self, tokens: list[Tokens], embedding: bool) -> tuple[Floats, Floats]:
        # Texts that differ only in what the tokenizer drops (case, accents) go through once.
        place: dict[bytes, int] = {}
        sequences: list[npt.NDArray[np.int64]] = []
        rows: list[int] = []
        for item in tokens:
            for window in item.windows:
                row = place.setdefault(window.tobytes(), len(place))
                if row == len(sequences):
                    sequences.append(window)
                rows.append(row)
        batches = plan_batches(
            sequences,
            tokens=1 if self._exact else self._runtime.tokens,
            rows=self._batch_size,
            pad_id=self._tokenizer.pad_id,
            even=self._runtime.even,
        )
        logits: Floats | None = None
        vectors: Floats | None = None
        for answer in self._runtime.run(batches, embedding=embedding):
            if logits is None:
                logits = np.empty((len(sequences), *answer.logits.shape[1:]), dtype=np.float32)
            logits[answer.rows] = answer.logits
            if answer.embedding is not None:
                if vectors is None:
                    width = answer.embedding.shape[1]
                    vectors = np.empty((len(sequences), width), dtype=np.float32)
                vectors[answer.rows] = answer.embedding
        assert logits is not None
        return self._join_windows(
            tokens,
            logits[rows],
            np.empty((len(rows), 0), dtype=np.float32) if vectors is None else vectors[rows],
        )

    def _join_windows(
        self, tokens: list[Tokens], logits: Floats, vectors: Floats
    ) -> tuple[Floats, Floats]:
        counts = [len(item.windows) for item in tokens]
        if len(logits) == len(tokens):
            return logits, vectors
        ends = np.cumsum(counts)
        schema = self._settings.schema
        spans = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
        return (
            np.stack(
                [
                    aggregate_windows(logits[span], schema)
                    if span.stop - span.start > 1
                    else logits[span.start]
                    for span in spans
                ]
            ),
            np.stack([vectors[span].mean(axis=0) for span in spans]),
        )


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def _columns(wanted: Schema, own: Schema) -> npt.NDArray[np.intp]:
    """Where each wanted observation stands in the model's own schema."""
    unknown = [
        observation.name for observation in wanted.observations if observation.name not in own
    ]
    if unknown:
        raise SchemaError(
            f"the model has no {', '.join(unknown)}, which schema {wanted.name!r} asks for; "
            f"it has {', '.join(own.names)}"
        )
    columns = [own.index(name) for name in wanted.names]
    for observation, column in zip(wanted.observations, columns, strict=True):
        more = set(own.observations[column].labels) - set(observation.labels)
        if more:
            raise SchemaError(
                f"the model can answer {', '.join(sorted(x.name.lower() for x in more))} for "
                f"{observation.name}, which schema {wanted.name!r} does not permit"
            )
    return np.asarray(columns, dtype=np.intp)
