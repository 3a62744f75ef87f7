"""A challenge as a bundle for Codabench, the engine that took CodaLab's place."""

from lingula.challenge.codabench.bundle import export_codabench

__all__ = ["export_codabench"]
