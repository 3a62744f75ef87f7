"""Evaluate labels against truth: figures with their uncertainty, people, and documents of both.

>>> from lingula.evaluation import Settings, evaluate
>>> result = evaluate(truth, [predicted], Settings(bootstrap=1000))  # doctest: +SKIP
"""

from lingula.evaluation.evaluate import Candidate, evaluate
from lingula.evaluation.result import Evaluation
from lingula.evaluation.settings import Settings

__all__ = ["Candidate", "Evaluation", "Settings", "evaluate"]
