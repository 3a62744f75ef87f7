"""The modules of ``benchmarks/`` are no package: they are found as a command finds them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
