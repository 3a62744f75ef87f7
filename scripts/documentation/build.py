"""Builds the documentation site: ``python scripts/documentation/build.py [--without-pictures]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assemble import ROOT, assemble
from gallery import write_gallery
from sphinx.cmd.build import build_main


def main() -> int:
    """Lay the pages out, draw the gallery, call Sphinx; every warning is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--without-pictures", action="store_true", help="no browser is needed")
    given = parser.parse_args()
    source = given.output.parent / "site-source"
    assemble(source)
    write_gallery(source, pictures=not given.without_pictures)
    return build_main(["-W", "--keep-going", "-q", "-b", "html", str(source), str(given.output)])


if __name__ == "__main__":
    sys.exit(main())
