"""Token weights of BERT labelers: on a model of random weights, and on one that has learned."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import lingula
from lingula.bert import BertLabeler
from lingula.bert.text import clean_text
from lingula.cli.explain import command
from lingula.errors import InputError, LingulaError, RecipeError, SchemaError
from lingula.explain import attribute, attribute_labels, deletion_test, page
from lingula.explain.attribution import _cleaned
from lingula.explain.deletion import word_weights
from lingula.labels import Label

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "deletion_test.py"
TEXT = "No\npneumothorax.  The heart is mildly enlarged."


def script():
    spec = importlib.util.spec_from_file_location("deletion_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def raw_folder(tmp_path_factory) -> Path:
    """A model that was trained for three steps."""
    return script().train_small_model(tmp_path_factory.mktemp("raw") / "raw", steps=3, texts=64)


@pytest.fixture(scope="module")
def raw(raw_folder: Path) -> BertLabeler:
    return lingula.load(raw_folder, runtime="torch")


@pytest.mark.parametrize("observation", ["Pneumothorax", "No Finding"])
def test_the_weights_sum_to_the_change_of_the_log_odds(raw: BertLabeler, observation: str) -> None:
    found = attribute(raw, TEXT, observation)
    assert found.gap <= 0.02 * max(1.0, abs(found.change))
    # The same change, from the labeler's own logits.
    column = raw.schema.index(observation)
    masked = " ".join("[MASK]" for _ in found.tokens)
    odds = []
    for text in (TEXT, masked):
        logits = torch.from_numpy(raw.logits([text])[0, column]).double()
        others = torch.tensor([c for c in range(4) if c != found.label])
        odds.append(float(logits[int(found.label)] - logits[others].logsumexp(0)))
    assert found.change == pytest.approx(odds[0] - odds[1], abs=1e-3)
    total = sum(token.weight for token in found.tokens)
    # Special tokens do not move, so all of the change is among the report's own.
    assert total == pytest.approx(found.change, abs=found.gap + 1e-4)


def test_tokens_stand_where_their_characters_are(raw: BertLabeler) -> None:
    found = attribute(raw, TEXT, "Pneumothorax")
    joined = "".join(TEXT[token.start : token.end] for token in found.tokens)
    assert joined == "".join(TEXT.split())
    words = [TEXT[start:end] for start, end, _ in word_weights(found)]
    assert words == TEXT.split()
    total = sum(weight for _, _, weight in word_weights(found))
    assert total == pytest.approx(sum(token.weight for token in found.tokens))


def test_cls_attention_is_that_of_the_last_layer(raw: BertLabeler) -> None:
    found = attribute(raw, TEXT, "Pneumothorax", method="cls-attention")
    model, tokenizer = raw.model, raw.tokenizer
    ids = torch.from_numpy(tokenizer.encode([clean_text(TEXT)])[0].windows[0])[None]
    # By hand: queries and keys of the last layer from the states before it.
    with torch.no_grad():
        states = model.encoder(ids, output_hidden_states=True).hidden_states[-2]
        layer = model.encoder.encoder.layer[-1].attention.self
        heads = layer.num_attention_heads
        query, key = (
            part(states)[0].view(states.shape[1], heads, -1).transpose(0, 1)
            for part in (layer.query, layer.key)
        )
        weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)[:, 0].mean(0)
    assert [token.weight for token in found.tokens] == pytest.approx(
        weights[1:-1].tolist(), abs=1e-5
    )
    assert found.change == pytest.approx(float(weights[1:-1].sum()), abs=1e-5)
    assert 0 < found.change < 1
    assert "same for every label" in found.describe()


def test_the_model_is_left_as_it_was(raw: BertLabeler) -> None:
    before = raw.logits([TEXT])
    attention = raw.model.encoder.config._attn_implementation
    wanted = [weight.requires_grad for weight in raw.model.parameters()]
    for method in ("integrated-gradients", "cls-attention"):
        attribute(raw, TEXT, "Edema", method=method)
    assert np.array_equal(raw.logits([TEXT]), before)
    assert raw.model.encoder.config._attn_implementation == attention
    assert [weight.requires_grad for weight in raw.model.parameters()] == wanted
    assert all(weight.grad is None for weight in raw.model.parameters())


def test_a_report_longer_than_the_model_is_told(raw: BertLabeler) -> None:
    found = attribute(raw, "effusion " * 300, "Edema", method="cls-attention")
    assert found.cut
    assert len(found.tokens) == raw.tokenizer.room
    assert "longer than the model reads" in found.describe()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_cleaned_text_keeps_the_way_back(text: str) -> None:
    cleaned, places = _cleaned(text)
    assert cleaned == clean_text(text)
    assert len(places) == len(cleaned)
    assert places == sorted(set(places))
    for character, place in zip(cleaned, places, strict=True):
        assert text[place] == character or (character == " " and text[place].isspace())


def test_bad_input(raw: BertLabeler) -> None:
    with pytest.raises(RecipeError, match="unknown method"):
        attribute(raw, TEXT, "Edema", method="gradients")
    with pytest.raises(SchemaError, match="no observation"):
        attribute(raw, TEXT, "Rickets")
    with pytest.raises(InputError, match="between 0 and 1"):
        deletion_test(raw, [TEXT], share=1.0)
    with pytest.raises(InputError, match="no report has a label"):
        deletion_test(raw, ["word"])
    with pytest.raises(LingulaError, match="no evidence"):
        raw.label([TEXT], evidence=True)


def test_a_page_of_weights_escapes_the_report(raw: BertLabeler) -> None:
    text = "<script>alert(1)</script> enlarged"
    found = attribute(raw, text, "Edema", name="<b><i>")
    html = page([], attributions=[found])
    assert "<script>alert" not in html and "<b><i>" not in html
    assert html.count("<script") == 1
    assert "Integrated gradients" in html


def test_the_command_shows_weights(raw_folder: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    arguments = ("--labeler", str(raw_folder), "--observation", "Edema")
    lines = run(TEXT, *arguments).splitlines()
    assert lines[0].startswith("Edema: ")
    assert "Integrated gradients" in lines[1]
    values = json.loads(run(TEXT, *arguments, "--method", "cls-attention", "--json"))
    assert values["method"] == "cls-attention"
    assert values["tokens"][0]["token"] == "No"
    for token in values["tokens"]:
        assert values["text"][token["start"] : token["end"]] == token["token"]
    target = tmp_path / "page.html"
    run(TEXT, *arguments, "--html", str(target))
    assert "Edema" in target.read_text(encoding="utf-8")


@pytest.mark.slow
def test_removing_the_top_words_matters_more_than_random_ones(tmp_path: Path) -> None:
    """On a model that has learned to label sentences of the rules' examples."""
    benchmark = script()
    folder = benchmark.train_small_model(tmp_path / "learned", steps=500, texts=2000)
    labeler = lingula.load(folder, runtime="torch")
    texts = benchmark.made_up_reports(12, seed=1)
    rules = lingula.load("rules")
    same = labeler.label(texts).classes == rules.label(texts).classes
    # It has learned: labels that are not blank are mostly found.
    told = rules.label(texts).classes != Label.BLANK
    assert same[told].mean() > 0.6
    gradients = deletion_test(labeler, texts)
    attention = deletion_test(labeler, texts, method="cls-attention")
    assert gradients.labels > 30
    assert gradients.low > 0.2
    assert gradients.wins > 0.9
    assert gradients.top_flips > gradients.random_flips
    assert attention.low > 0
    assert gradients.difference > attention.difference
    assert deletion_test(labeler, texts) == gradients
    (first, *_) = attribute_labels(labeler, "There is a small left pneumothorax.")
    assert first.label is not Label.BLANK
