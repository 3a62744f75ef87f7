"""Text preparation and token ids, against independent statements of the same rules."""

import itertools
import re
import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lingula.bert.checkpoint import ASSETS
from lingula.bert.text import clean_text
from lingula.bert.tokenizer import TextTokenizer, window_spans

# A busy machine is no failure.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

VOCABULARY = (ASSETS / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
IDS = {token: index for index, token in enumerate(VOCABULARY)}
SPECIAL = r"(\[CLS\]|\[SEP\]|\[MASK\]|\[PAD\]|\[UNK\])"

#: Characters whose class is the same in every version of Unicode that a library here may hold,
#: without those whose lower case depends on their neighbours (Greek sigma).
ALPHABET = st.sampled_from(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    " .,;:-/()[]<>&'\"?*_+%\t\n\r\x00\x07\x1c\x85\xa0\u200b\u200d\u3000\u2028\ufeff\ufffd"
    "éÉçñßøÅİ肺野“”–…µ°①ﬁ"
)
TEXTS = st.text(ALPHABET, max_size=60) | st.lists(
    st.sampled_from(
        ["[CLS]", "[PAD]", "[cls]", "effusion", "x" * 100, "x" * 101, " ", ".", "No", "edema"]
    ),
    max_size=12,
).map("".join)


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer.from_vocabulary(ASSETS / "vocab.txt", 512)


def chexbert_cleaning(texts):
    """The four steps, as a data frame does them."""
    column = pd.Series(texts, dtype=object).str.strip()
    column = column.replace("\n", " ", regex=True)
    column = column.replace(r"\s+", " ", regex=True)
    return column.str.strip().tolist()


@CALM
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_cleaning(texts):
    assert [clean_text(text) for text in texts] == chexbert_cleaning(texts)


def test_cleaning_knows_every_white_space():
    codes = [*range(0xD800), *range(0xE000, sys.maxunicode + 1)]
    text = "a" + "a".join(map(chr, codes)) + "a"
    assert clean_text(text) == re.sub(r"\s+", " ", text)


def test_half_a_surrogate_pair_is_dropped():
    assert clean_text("No \ud83e edema") == "No edema"


def words(text):
    """BERT's basic tokenization (Devlin et al., NAACL 2019), stated anew for the tests."""
    out = []
    for char in text:
        if char in "\t\n\r" or unicodedata.category(char) == "Zs":
            out.append(" ")
        elif char in "\x00\ufffd" or unicodedata.category(char).startswith("C"):
            continue
        elif 0x4E00 <= ord(char) <= 0x9FFF:
            out.append(f" {char} ")
        else:
            out.append(char)
    lowered = unicodedata.normalize("NFD", "".join(out).lower())
    bare = "".join(char for char in lowered if unicodedata.category(char) != "Mn")
    split = "".join(
        f" {char} " if unicodedata.category(char).startswith("P") or char in "$+<=>^`|~" else char
        for char in bare
    )
    return split.split()


def pieces(word):
    if len(word) > 100:
        return ["[UNK]"]
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in IDS:
                break
        else:
            return ["[UNK]"]
        found.append(piece)
        start = end
    return found


def reference_ids(text):
    tokens = []
    for part in re.split(SPECIAL, text):
        if re.fullmatch(SPECIAL, part):
            tokens.append(part)
        else:
            tokens += [piece for word in words(part) for piece in pieces(word)]
    ids = [IDS[token] for token in ["[CLS]", *tokens, "[SEP]"]]
    return ids if len(ids) <= 512 else [*ids[:511], IDS["[SEP]"]]


@settings(CALM, max_examples=300)
@given(TEXTS)
def test_ids(tokenizer, text):
    cleaned = clean_text(text)
    (tokens,) = tokenizer.encode([cleaned])
    assert tokens.windows[0].tolist() == reference_ids(cleaned)


def test_ids_of_the_reports(tokenizer, reference):
    cleaned = [clean_text(text) for text in reference.texts]
    found = tokenizer.encode(cleaned)
    assert [item.windows[0].tolist() for item in found] == [reference_ids(x) for x in cleaned]
    assert any(item.cut for item in found)


def test_special_tokens_in_a_text_are_special(tokenizer):
    (tokens,) = tokenizer.encode(["[CLS] no [PAD] [cls]"])
    names = [VOCABULARY[i] for i in tokens.windows[0]]
    assert names == ["[CLS]", "[CLS]", "no", "[PAD]", "[", "cl", "##s", "]", "[SEP]"]


@pytest.mark.parametrize(("count", "length", "cut"), [(510, 512, False), (511, 512, True)])
def test_cut(tokenizer, count, length, cut):
    (tokens,) = tokenizer.encode(["no " * count])
    assert (len(tokens.windows[0]), tokens.cut) == (length, cut)
    assert tokens.windows[0][-1] == IDS["[SEP]"]


def test_windows_hold_every_id(tokenizer):
    text = " ".join(VOCABULARY[2000:3300])
    (whole,) = TextTokenizer(tokenizer.backend, 10**6).encode([text])
    (tokens,) = tokenizer.encode([text], windows=True, overlap=100)
    assert not tokens.cut
    assert all(len(window) == 512 for window in tokens.windows)
    joined = set(np.concatenate(tokens.windows).tolist())
    assert joined == set(whole.windows[0].tolist())


@CALM
@given(st.integers(1, 3000), st.integers(1, 600), st.integers(0, 700))
def test_spans_cover_and_overlap(length, size, overlap):
    spans = list(window_spans(length, size, overlap))
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(end - start == min(size, length) for start, end in spans)
    for (_, end), (start, _) in itertools.pairwise(spans):
        assert end - start >= min(overlap, size - 1)
