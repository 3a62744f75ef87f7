import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingula.rules import RuleLabeler
from lingula.rules.lexicon import load_lexicon
from lingula.rules.patterns import tokens_of
from lingula.rules.tokens import TokenReader, lexicon_words
from lingula.text.spelling import Speller
from lingula.text.vocabulary import is_english, is_listed

LEXICON = load_lexicon("chexpert14")
WORDS = lexicon_words(LEXICON)
READER = TokenReader(LEXICON)
SPELLER = Speller(WORDS)


def read(text):
    return " ".join(READER.tokens(text))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("No pnuemothorax.", "no pneumothorax ."),
        ("Small efusion, atelectesis.", "small effusion , atelectasis ."),
        ("wihtout evidnce of infltrate", "without evidence of infiltrate"),
        ("The chest is unremarkble.", "the chest is unremarkable ."),
        ("pneumothorcaes", "pneumothoraces"),
        ("cardic silhoutte", "cardiac silhouette"),
        ("nopneumothorax noevidenceof edema", "no pneumothorax no evidence of edema"),
        ("noefusion", "no effusion"),
        ("effusionand consolidation", "effusion and consolidation"),
        ("heartsize normal", "heart size normal"),
        ("pneumo thorax, cardio megaly", "pneumothorax , cardiomegaly"),
        ("pneumo-\nthorax", "pneumothorax"),
        ("cardio megly", "cardiomegaly"),
        ("no new monia", "no pneumonia"),
        ("right plural effusion", "right pleural effusion"),
        ("at electasis", "atelectasis"),
        ("no new motor axis", "no pneumothorax"),
        ("numo thorax", "pneumothorax"),
        ("card omegaly with pull monary edema", "cardiomegaly with pulmonary edema"),
        ("floral effusion", "pleural effusion"),
        ("media steinem", "mediastinum"),
        ("console a nation", "consolidation"),
        ("cost of phrenic angle", "costophrenic angle"),
        ("small left sided a fusion", "small left sided effusion"),
        ("chestt ube, n oeffusion", "chest tube , no effusion"),
        ("numothorax, pneumthorax, atelectisis", "pneumothorax , pneumothorax , atelectasis"),
        ("consolidashun", "consolidation"),
        ("there isno edeema", "there is no edema"),
        ("infiltrate's in both lungs", "infiltrate in both lungs"),
        ("focal consolation, bilateral fusions", "focal consolidation , bilateral effusions"),
    ],
)  # fmt: skip
def test_words_are_read_as_they_were_meant(written, meant):
    assert read(written) == meant


@pytest.mark.parametrize(
    "sentence",
    [
        "Signs of infection, not of injection; perfusion, infusion and diffusion.",
        "The ileum and the ilium; a lesson, a legion and a module.",
        "Fat embolus, bolus, plural forms, the elusion of a claim.",
        "Uncalcified and noncalcified nodules, hypoinflated lungs, hyperdense hilum.",
        "Atypical and typical, inadequate and adequate, abnormal and normal.",
        "Mr. Hart saw Dr. Fisher; a consolation prize; Kerley lines; Bochdalek hernia.",
        "Haemothorax, oedema, tumour, colour and centre are British.",
        "Extrapulmonary, intrapulmonary, interlobular and intralobular.",
        "In mid thorax, of mid thorax; the motor cards; a rib fracas; the axis of the new thorax.",
        "XXXX ___ 12 mm 3.4 cm T12 PICC NG ET",
    ],
)
def test_correct_words_are_left_alone(sentence):
    tokens = tokens_of(sentence)
    assert SPELLER.edits(tokens) == []


def test_opposites_are_not_read_as_each_other():
    for written in ("hypoexpanded", "uncalcifid", "nonenlargd", "intraparenchymal"):
        assert SPELLER.edits([written]) in ([], [(0, 1, ("nonenlarged",))])
    assert read("hyperinflatted") == "hyperinflated"
    assert read("hypoinflatted") == "hypoinflated"


def test_lists_are_searched_by_bisection():
    assert is_listed("aa") and is_listed("zymurgy") and is_listed("perihilar")
    assert not is_listed("") and not is_listed("pnuemothorax") and not is_listed("über")
    assert is_english("patient's") and is_english("hemidiaphragms") and is_english("nonspecific")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(w for w in WORDS if len(w) > 6)), st.data())
def test_an_english_word_is_never_corrected(word, data):
    """Whatever one edit makes of a word: if that is English it stays."""
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    kind = data.draw(st.sampled_from(["drop", "put", "swap"]))
    rest = {"drop": word[at + 1 :], "put": letter + word[at:], "swap": letter + word[at + 1 :]}
    written = word[:at] + rest[kind]
    edits = SPELLER.edits([written])
    if is_english(written) and written not in SPELLER._by_trigger:
        assert edits == []
    for edit in edits:
        assert all(part in WORDS or len(part) < 6 or is_english(part) for part in edit.words)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abdefinoprstux .,-?éß", max_size=80))
def test_views_agree_with_tokens_and_stay_in_the_text(text):
    view = READER.view(text)
    assert view.tokens == READER.tokens(text)
    assert len(view.spans) == len(view.changed) == len(view.tokens)
    starts = [start for start, _ in view.spans]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(text) for start, end in view.spans)
    for token, (start, end), changed in zip(view.tokens, view.spans, view.changed, strict=True):
        if not changed:
            assert text[start:end].lower() == token


def test_evidence_shows_the_word_as_written_and_as_read():
    text = "Wihtout pnuemothorax."
    (found,) = [
        item
        for item in RuleLabeler().label([text], evidence=True).evidence[0]
        if item.observation == "Pneumothorax"
    ]
    assert (found.phrase, found.read) == ("pnuemothorax", "pneumothorax")
    assert (found.cue, found.cue_read) == ("Wihtout", "without")
    assert text[found.start : found.end] == found.phrase


def test_exact_spelling_takes_words_as_written():
    exact = RuleLabeler(spelling="exact")
    assert exact.label(["Small left efusion."]).values[0][10] != 1
    assert exact.sha256 == LEXICON.digest != RuleLabeler().sha256
    with pytest.raises(Exception, match="spelling is one of lenient, exact"):
        RuleLabeler(spelling="loose")


TEXT = (
    "There is a small left pleural effusion with adjacent atelectasis. No pneumothorax. "
    "The cardiomediastinal silhouette is enlarged. No focal consolidation. Mild pulmonary edema. "
    "Old fractures of the right ribs. Calcified granuloma in the right upper lobe."
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_transposition_in_a_long_word_keeps_the_labels(seed):
    words = list(re.finditer(r"[a-z]{9,}", TEXT))
    match = words[seed % len(words)]
    at = match.start() + 2 + seed % (len(match.group()) - 4)
    written = TEXT[:at] + TEXT[at + 1] + TEXT[at] + TEXT[at + 2 :]
    labeler = RuleLabeler()
    assert (labeler.label([written]).classes == labeler.label([TEXT]).classes).all()
