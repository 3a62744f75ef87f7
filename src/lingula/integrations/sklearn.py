"""scikit-learn estimators on texts: labels as features, and a labeler as a multilabel classifier::

    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(LabelTransformer("builtin"), LogisticRegression())
    model.fit(reports, needs_follow_up)              # a model of your own on Lingula's labels

    LabelClassifier("builtin").fit(reports).predict_proba(reports)

Both take texts where other estimators take numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lingula.defaults import DEFAULT_LABELER
from lingula.errors import InputError, MissingExtraError
from lingula.labels import Label, Labeler, Labels
from lingula.loading import load
from lingula.text.given import as_texts

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise MissingExtraError("The scikit-learn estimators", "sklearn") from None

_CLASSES = tuple(label.name.lower() for label in Label)


class _OnTexts(BaseEstimator):  # type: ignore[misc]
    """What both have: a labeler, loaded when it is first fitted, and texts in place of numbers."""

    labeler: str | Labeler
    observations: Sequence[str] | None

    def _load(self, texts: Any) -> None:
        as_texts(texts)
        self.labeler_ = load(self.labeler) if isinstance(self.labeler, str) else self.labeler
        schema = self.labeler_.schema
        named = schema.names if self.observations is None else tuple(self.observations)
        self.columns_ = np.array([schema.index(name) for name in named], dtype=np.intp)
        self.observations_ = tuple(schema.names[at] for at in self.columns_)

    def _labels(self, texts: Any) -> Labels:
        check_is_fitted(self)
        return self.labeler_.label(texts)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        return tags


class LabelTransformer(TransformerMixin, _OnTexts):  # type: ignore[misc]
    """Texts to features: one column an observation and class, 1 where the label is that class.

    With a labeler that has probabilities (``builtin``) and ``probabilities=True``, the columns hold
    these.

    Args:
        labeler: A labeler, or what ``lingula.load`` takes.
        observations: Only these, in this order; all if not given.
        probabilities: Whether the columns hold probabilities.
    """

    def __init__(
        self,
        labeler: str | Labeler = DEFAULT_LABELER,
        *,
        observations: Sequence[str] | None = None,
        probabilities: bool = False,
    ) -> None:
        self.labeler = labeler
        self.observations = observations
        self.probabilities = probabilities

    def fit(self, X: Any, y: Any = None) -> LabelTransformer:  # noqa: N803 - scikit-learn's name
        """Load the labeler; nothing is learned.

        Raises:
            InputError: If X holds no texts, or there is no such labeler.
            SchemaError: If an observation is unknown.
        """
        self._load(X)
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Features of n texts: float64, shape (n, 4k), observation by observation.

        Raises:
            InputError: If X holds no texts, or the labeler has no probabilities and they are asked.
        """
        labels = self._labels(X)
        if self.probabilities:
            chosen = _probabilities(labels, self.labeler)[:, self.columns_]
        else:
            chosen = np.eye(len(Label))[labels.classes[:, self.columns_]]
        features: npt.NDArray[np.float64] = chosen.reshape(len(labels), -1).astype(np.float64)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names of the columns, such as "Edema positive"."""
        check_is_fitted(self)
        names = [f"{name} {word}" for name in self.observations_ for word in _CLASSES]
        return np.array(names, dtype=object)


class LabelClassifier(ClassifierMixin, _OnTexts):  # type: ignore[misc]
    """A labeler as a multilabel classifier: is the observation there?

    Nothing is learned from y: it is a labeler that is there already, in the form that
    scikit-learn's metrics and searches take. For a model of your own on its labels, put a
    ``LabelTransformer`` before any classifier.

    Args:
        labeler: A labeler, or what ``lingula.load`` takes.
        observations: Only these, in this order; all if not given.
        uncertain: "ones" counts uncertain as there, "zeros" as not.
    """

    def __init__(
        self,
        labeler: str | Labeler = DEFAULT_LABELER,
        *,
        observations: Sequence[str] | None = None,
        uncertain: str = "ones",
    ) -> None:
        self.labeler = labeler
        self.observations = observations
        self.uncertain = uncertain

    def fit(self, X: Any, y: Any = None) -> LabelClassifier:  # noqa: N803 - scikit-learn's name
        """Load the labeler.

        Raises:
            InputError: If X holds no texts, there is no such labeler, or ``uncertain`` is unknown.
            SchemaError: If an observation is unknown.
        """
        if self.uncertain not in ("ones", "zeros"):
            raise InputError(f'uncertain is "ones" or "zeros", not {self.uncertain!r}')
        self._load(X)
        self.classes_ = [np.array([0, 1]) for _ in self.columns_]
        return self

    def predict(self, X: Any) -> npt.NDArray[np.int64]:  # noqa: N803 - scikit-learn's name
        """Whether each observation is there: int64, shape (n, k), 1 and 0.

        Raises:
            InputError: If X holds no texts.
        """
        classes = self._labels(X).classes[:, self.columns_]
        return np.isin(classes, self._there()).astype(np.int64)

    def predict_proba(self, X: Any) -> list[npt.NDArray[np.float64]]:  # noqa: N803
        """Probabilities, one array of shape (n, 2) an observation, as multilabel classifiers give.

        Raises:
            InputError: If X holds no texts, or the labeler has no probabilities (the rules).
        """
        chances = _probabilities(self._labels(X), self.labeler)
        there = chances[..., list(map(int, self._there()))].sum(axis=-1)[:, self.columns_]
        return [np.stack([1 - column, column], axis=1) for column in there.T]

    def _there(self) -> tuple[Label, ...]:
        one = (Label.POSITIVE,)
        return (*one, Label.UNCERTAIN) if self.uncertain == "ones" else one

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        return tags


def _probabilities(labels: Labels, labeler: str | Labeler) -> npt.NDArray[np.float64]:
    if labels.probabilities is None:
        name = labeler if isinstance(labeler, str) else getattr(labeler, "name", "of this kind")
        raise InputError(f"the labeler {name!r} has no probabilities; builtin and BERT labelers do")
    chances: npt.NDArray[np.float64] = labels.probabilities.astype(np.float64)
    return chances


__all__ = ["LabelClassifier", "LabelTransformer"]
