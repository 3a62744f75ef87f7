"""Lingula inside spaCy, scikit-learn and Hugging Face, against the labels of the labeler itself."""

from __future__ import annotations

import pickle
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import lingula
from lingula.errors import ColumnError, InputError, MissingExtraError, SchemaError

TEXTS = [
    "No pneumothorax. Possible right basilar pneumonia.",
    "",
    "INDICATION: Edema?\nFINDINGS: Small left pleural effusion.\nIMPRESSION: Heart size is normal.",
    "Normal chest.",
] * 3
RULES = lingula.load("rules")
SCHEMA = RULES.schema


class TestSpacy:
    @pytest.fixture
    def nlp(self):
        spacy = pytest.importorskip("spacy")
        # What an installed Lingula says by its entry point.
        import lingula.integrations.spacy  # noqa: F401

        return spacy.blank("en")

    def test_labels_and_mentions(self, nlp) -> None:
        nlp.add_pipe("lingula")
        expected = RULES.label(TEXTS, evidence=True)
        for docs in ([nlp(text) for text in TEXTS], list(nlp.pipe(TEXTS, batch_size=2))):
            for row, doc in enumerate(docs):
                values = np.array([np.nan if v is None else v for v in doc._.lingula.values()])
                np.testing.assert_array_equal(values, expected.values[row])
                assert list(doc._.lingula) == list(SCHEMA.names)
                found = [(s.text, s.label_, s._.lingula["label"]) for s in doc.spans["lingula"]]
                assert found == [
                    (item.phrase, item.observation, item.label.name.lower())
                    for item in expected.evidence[row]
                    if item.phrase and item.label
                ]
        doc = nlp(TEXTS[0])
        span = doc.spans["lingula"][1]
        assert (span.text, span._.lingula["cue"]) == ("pneumonia", "Possible")
        assert doc[0:1]._.lingula is None

    def test_sections_and_options(self, nlp) -> None:
        nlp.add_pipe("lingula", config={"sections": ["findings"], "options": {"spelling": "exact"}})
        doc = nlp(TEXTS[2])
        assert doc._.lingula["Pleural Effusion"] == 1
        assert doc._.lingula["Cardiomegaly"] is None
        assert [span.text for span in doc.spans["lingula"]] == ["pleural effusion"]

    def test_documents_and_pipelines_are_stored(self, nlp, tmp_path: Path) -> None:
        import spacy
        from spacy.tokens import DocBin

        nlp.add_pipe("lingula")
        doc = nlp(TEXTS[0])
        kept = DocBin(docs=[doc], store_user_data=True).to_bytes()
        again = next(DocBin().from_bytes(kept).get_docs(nlp.vocab))
        assert again._.lingula == doc._.lingula
        assert [s._.lingula for s in again.spans["lingula"]] == [
            s._.lingula for s in doc.spans["lingula"]
        ]
        nlp.to_disk(tmp_path / "pipeline")
        loaded = spacy.load(tmp_path / "pipeline")
        assert loaded(TEXTS[0])._.lingula == doc._.lingula


class TestSklearn:
    def test_features(self) -> None:
        from lingula.integrations.sklearn import LabelTransformer

        transformer = LabelTransformer()
        features = transformer.fit_transform(TEXTS)
        expected = RULES.label(TEXTS)
        names = list(transformer.get_feature_names_out())
        assert features.shape == (len(TEXTS), 56) == (len(TEXTS), len(names))
        column = names.index("Pneumonia uncertain")
        np.testing.assert_array_equal(features[:, column], expected["Pneumonia"] == -1)
        np.testing.assert_array_equal(features.reshape(-1, 14, 4).sum(axis=-1), 1)
        some = LabelTransformer(observations=["Edema"], labeler="builtin", probabilities=True)
        chances = some.fit_transform(TEXTS)
        assert chances.shape == (len(TEXTS), 4)
        np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)

    def test_a_model_on_the_labels(self) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score
        from sklearn.pipeline import make_pipeline

        from lingula.integrations.sklearn import LabelTransformer

        model = make_pipeline(LabelTransformer(), LogisticRegression())
        truth = np.array(["pneumonia" in text for text in TEXTS])
        assert cross_val_score(model, np.array(TEXTS), truth, cv=3).mean() == 1

    def test_a_labeler_as_a_classifier(self) -> None:
        from sklearn.metrics import f1_score

        from lingula.integrations.sklearn import LabelClassifier

        labels = RULES.label(TEXTS)
        model = LabelClassifier().fit(TEXTS)
        predicted = model.predict(TEXTS)
        np.testing.assert_array_equal(predicted, np.isin(labels.values, (1, -1)))
        strict = LabelClassifier(uncertain="zeros").fit(TEXTS)
        np.testing.assert_array_equal(strict.predict(TEXTS), labels.values == 1)
        assert f1_score(predicted, predicted, average="micro") == model.score(TEXTS, predicted) == 1
        chances = LabelClassifier("builtin", observations=["Pneumonia", "Edema"]).fit(TEXTS)
        first, second = chances.predict_proba(TEXTS)
        assert first.shape == second.shape == (len(TEXTS), 2)
        np.testing.assert_allclose(first.sum(axis=1), 1)
        assert first[0, 1] > 0.5 > second[0, 1]
        with pytest.raises(InputError, match="the labeler 'rules' has no probabilities"):
            model.predict_proba(TEXTS)

    def test_what_is_wrong_is_said(self) -> None:
        from sklearn.exceptions import NotFittedError

        from lingula.integrations.sklearn import LabelClassifier, LabelTransformer

        with pytest.raises(NotFittedError):
            LabelTransformer().transform(TEXTS)
        with pytest.raises(InputError, match="a report must be a text"):
            LabelTransformer().fit([1.0])
        with pytest.raises(SchemaError, match="no observation 'Oedema'"):
            LabelTransformer(observations=["Oedema"]).fit(TEXTS)
        with pytest.raises(InputError, match='uncertain is "ones" or "zeros"'):
            LabelClassifier(uncertain="twos").fit(TEXTS)

    @pytest.mark.parametrize("name", ["LabelTransformer", "LabelClassifier"])
    def test_checks_of_scikit_learn(self, name: str) -> None:
        from sklearn.exceptions import SkipTestWarning
        from sklearn.utils import estimator_checks

        from lingula.integrations import sklearn as ours

        estimator = getattr(ours, name)()
        with warnings.catch_warnings():
            # It says that most of its checks need arrays of numbers.
            warnings.simplefilter("ignore", SkipTestWarning)
            results = estimator_checks.check_estimator(estimator)
        assert {result["status"] for result in results} == {"passed"}
        page = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text("utf-8")
        named = re.findall(r"`(check_\w+)`", page[page.index("and both pass") :])
        assert len(named) == 10
        for check in named:
            getattr(estimator_checks, check)(name, estimator)


class TestHuggingFace:
    def test_mapped(self) -> None:
        datasets = pytest.importorskip("datasets")
        from lingula.integrations.huggingface import LabelBatch

        datasets.disable_progress_bars()
        table = datasets.Dataset.from_dict({"id": list(range(len(TEXTS))), "findings": TEXTS})
        function = LabelBatch(column="findings", suffix=" label")
        mapped = table.map(function, batched=True, batch_size=5)
        assert mapped.column_names == ["id", "findings", *(f"{n} label" for n in SCHEMA.names)]
        expected = RULES.label(TEXTS)
        for name in SCHEMA.names:
            found = [np.nan if v is None else v for v in mapped[f"{name} label"]]
            np.testing.assert_array_equal(found, expected[name])
        assert pickle.dumps(function) == pickle.dumps(
            LabelBatch(column="findings", suffix=" label")
        )
        with pytest.raises(ColumnError, match="no column 'report'; it has id, findings"):
            LabelBatch()({"id": [1], "findings": ["x"]})
        read = LabelBatch(column="findings", sections=["impression"])
        assert read({"findings": [TEXTS[2], None]})["Pleural Effusion"] == [None, None]

    def test_called_as_a_pipeline(self) -> None:
        from lingula.integrations.huggingface import ReportPipeline

        classify = ReportPipeline(batch_size=2)
        one = classify(TEXTS[0])
        assert one == [
            {"label": "Pneumonia", "value": "uncertain", "score": None},
            {"label": "Pneumothorax", "value": "negative", "score": None},
        ]
        many = classify(TEXTS)
        assert many[0] == one and len(many) == len(TEXTS) and many[1] == []
        assert list(classify(iter(TEXTS))) == many
        scored = ReportPipeline("builtin")(TEXTS[0])
        assert {item["label"] for item in scored} == {"Pneumonia", "Pneumothorax"}
        assert all(0 < item["score"] <= 1 for item in scored)


@pytest.mark.parametrize(("module", "package"), [("spacy", "spacy"), ("sklearn", "sklearn")])
def test_a_missing_package_is_named(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"lingula.integrations.{module}", raising=False)
    with pytest.raises(MissingExtraError, match=rf"pip install 'lingula\[{module}\]'"):
        __import__(f"lingula.integrations.{module}")
