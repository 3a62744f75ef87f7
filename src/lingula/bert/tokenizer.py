"""From a text to token ids, with the cut at a length or with overlapping windows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from lingula.errors import CheckpointError

Ids = npt.NDArray[np.int64]

#: BERT's special tokens. As texts in a report they are read as special tokens too, as the
#: tokenizer of bert-base-uncased does.
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

#: A word of more characters becomes [UNK] (BERT's WordPiece, Devlin et al., NAACL 2019).
LONGEST_WORD = 100


@dataclass(frozen=True, eq=False)
class Tokens:
    """The token ids of one text.

    Attributes:
        windows: One int64 array of ids (special tokens included) a window; one for a text that
            fits or is cut.
        cut: Whether ids of the text are in no window.
    """

    windows: tuple[Ids, ...]
    cut: bool


class TextTokenizer:
    """A Hugging Face fast tokenizer, used from any number of threads.

    Args:
        tokenizer: With a post-processor that adds the model's special tokens.
        max_length: Most ids a window, special tokens included.
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.backend = tokenizer
        self.max_length = max_length
        self.prefix, self.suffix = _special_ids(tokenizer)
        self.room = max_length - len(self.prefix) - len(self.suffix)

    @classmethod
    def from_file(cls, path: Path, max_length: int) -> TextTokenizer:
        """Read a ``tokenizer.json``.

        Raises:
            CheckpointError: If the file is damaged.
        """
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # noqa: BLE001  (tokenizers raises plain Exception)
            raise CheckpointError(f"{path}: not a tokenizer.json: {error}") from None
        return cls(tokenizer, max_length)

    @classmethod
    def from_vocabulary(cls, path: Path, max_length: int) -> TextTokenizer:
        """BERT's uncased WordPiece tokenizer from a ``vocab.txt``.

        Raises:
            CheckpointError: If the file cannot be read, or a special token is not in it.
        """
        return cls(wordpiece(path), max_length)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, added tokens included."""
        return int(self.backend.get_vocab_size(with_added_tokens=True))

    @property
    def pad_id(self) -> int:
        """The id that fills short rows of a batch; it is masked, so any would do."""
        for token in ("[PAD]", "<pad>"):
            if (found := self.backend.token_to_id(token)) is not None:
                return int(found)
        return 0

    def encode(
        self, texts: Sequence[str], *, windows: bool = False, overlap: int = 128
    ) -> list[Tokens]:
        """Token ids of texts, in their order.

        Args:
            texts: Cleaned texts.
            windows: Give overlapping windows for a text that does not fit, rather than its
                beginning.
            overlap: How many ids two neighbouring windows share.
        """
        # Special tokens are added here, so that a cut text keeps its last one: the ids of a cut
        # text are the first max_length - 1 and [SEP], as CheXbert's code has it.
        encode = getattr(self.backend, "encode_batch_fast", self.backend.encode_batch)
        encodings = encode(list(texts), add_special_tokens=False)
        return [
            self._frame(np.asarray(encoding.ids, dtype=np.int64), windows, overlap)
            for encoding in encodings
        ]

    def _frame(self, ids: Ids, windows: bool, overlap: int) -> Tokens:
        if len(ids) <= self.room:
            return Tokens((self._with_special(ids),), cut=False)
        if not windows:
            return Tokens((self._with_special(ids[: self.room]),), cut=True)
        spans = window_spans(len(ids), self.room, overlap)
        return Tokens(tuple(self._with_special(ids[a:b]) for a, b in spans), cut=False)

    def _with_special(self, ids: Ids) -> Ids:
        return np.concatenate([self.prefix, ids, self.suffix])


def window_spans(length: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Spans of at most ``size`` that cover ``length``; neighbours share at least ``overlap``.

    The last window is moved back to be full, so that none holds a few words without context.
    """
    step = max(1, size - min(overlap, size - 1))
    start = 0
    while start + size < length:
        yield start, start + size
        start += step
    yield max(0, length - size), length


def wordpiece(path: Path) -> Tokenizer:
    """BERT's uncased tokenizer (lower case, accents stripped) over a ``vocab.txt``.

    Raises:
        CheckpointError: If the file cannot be read, or a special token is not in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: cannot be read as a vocabulary: {error}") from None
    if lines and not lines[-1]:
        lines.pop()
    vocabulary = {token.rstrip("\r"): index for index, token in enumerate(lines)}
    if missing := [token for token in SPECIAL_TOKENS if token not in vocabulary]:
        raise CheckpointError(f"{path}: not a BERT vocabulary: {', '.join(missing)} not in it")
    tokenizer = Tokenizer(
        models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD)
    )
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    )
    return tokenizer


def _special_ids(tokenizer: Tokenizer) -> tuple[Ids, Ids]:
    """The ids that the post-processor puts before and after a text."""
    bare = tokenizer.encode("a", add_special_tokens=False).ids
    full = tokenizer.encode("a", add_special_tokens=True).ids
    before = 0
    with contextlib.suppress(StopIteration):
        before = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return (
        np.asarray(full[:before], dtype=np.int64),
        np.asarray(full[before + len(bare) :], dtype=np.int64),
    )
