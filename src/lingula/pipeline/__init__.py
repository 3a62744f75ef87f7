"""Labels a whole table: streamed, each distinct text once, on all cores, resumable."""

from lingula.pipeline.streaming import run
from lingula.pipeline.summary import Progress, StageSeconds, Summary

__all__ = ["Progress", "StageSeconds", "Summary", "run"]
