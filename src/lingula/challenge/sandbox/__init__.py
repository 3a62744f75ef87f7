"""Run a stranger's program so that it sees images and nothing else, and leaves nothing behind."""

from lingula.challenge.sandbox.limits import Limits
from lingula.challenge.sandbox.running import Confined, Outcome, run_confined

__all__ = ["Confined", "Limits", "Outcome", "run_confined"]
