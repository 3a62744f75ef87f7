"""Labels a whole table: streamed, each distinct text once, on all cores, resumable."""

from lingula.pipeline.job import How, Job, Output, Source
from lingula.pipeline.running import run
from lingula.pipeline.summary import Progress, StageSeconds, Summary

__all__ = ["How", "Job", "Output", "Progress", "Source", "StageSeconds", "Summary", "run"]
