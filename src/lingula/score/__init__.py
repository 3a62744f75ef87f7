"""Scores for report generation: "CheXbert F1" under every published convention, and which is which.

>>> import lingula
>>> from lingula.score import score_reports
>>> scores = score_reports(
...     ["Small left pleural effusion."], ["Left pleural effusion."], lingula.load("rules")
... )
>>> scores.value("f1chexbert", average="micro", class_set="5")
1.0
"""

from lingula.score.comparing import (
    FigureDifference,
    GenerationComparison,
    compare_generators,
)
from lingula.score.conventions import (
    AVERAGES,
    CLASS_SETS,
    CONVENTIONS,
    FIVE,
    FOURTEEN,
    UNCERTAIN_POLICIES,
    Convention,
    Figure,
    FigureGroup,
    find_conventions,
)
from lingula.score.generation import GenerationScore, score_reports
from lingula.score.provenance import Provenance
from lingula.score.result import Bootstrap, GenerationScores, Score
from lingula.score.scoring import score_labels
from lingula.score.similarity import chexbert_similarity
from lingula.score.state import GenerationState

__all__ = [
    "AVERAGES",
    "CLASS_SETS",
    "CONVENTIONS",
    "FIVE",
    "FOURTEEN",
    "UNCERTAIN_POLICIES",
    "Bootstrap",
    "Convention",
    "Figure",
    "FigureDifference",
    "FigureGroup",
    "GenerationComparison",
    "GenerationScore",
    "GenerationScores",
    "GenerationState",
    "Provenance",
    "Score",
    "chexbert_similarity",
    "compare_generators",
    "find_conventions",
    "score_labels",
    "score_reports",
]
