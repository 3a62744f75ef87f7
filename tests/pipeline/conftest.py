import sys
from pathlib import Path

# The labelers of these tests must be found by name, in worker processes too.
sys.path.insert(0, str(Path(__file__).parent))
