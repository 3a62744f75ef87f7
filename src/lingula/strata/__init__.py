"""Hidden strata: what reports tell within a label (drained or not, old or new, how large)."""

from lingula.strata.definitions import Stratum, strata
from lingula.strata.reader import StrataReader, find_strata
from lingula.strata.result import Strata, StratumEvidence

__all__ = ["Strata", "StrataReader", "Stratum", "StratumEvidence", "find_strata", "strata"]
