"""Back-translation through the program apertium."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from lingula.errors import InputError

#: Seconds after which a call of apertium is given up.
PATIENCE = 600


class Apertium:
    """The rule-based engine apertium (Forcada et al., 2011), as a program.

    Args:
        pair: The direction there, such as "eng-spa"; the way back is the reverse.

    Raises:
        InputError: If the program or one of the directions is not installed.
    """

    def __init__(self, pair: str = "eng-spa") -> None:
        program = shutil.which("apertium")
        if program is None:
            raise InputError(f"apertium is not installed: apt-get install apertium apertium-{pair}")
        self._program = program
        first, _, second = pair.partition("-")
        self._ways = (pair, f"{second}-{first}")
        known = self._run("-l").split()
        if missing := [way for way in self._ways if way not in known]:
            raise InputError(
                f"apertium has no {missing[0]}: apt-get install apertium-{pair}; it has "
                f"{', '.join(known) or 'none'}"
            )
        self.name = f"apertium {pair}"

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Each sentence by way of the other language."""
        lines = [" ".join(text.split()) for text in texts]
        for way in self._ways:
            # -u leaves out the marks of unknown words.
            made = self._run("-u", way, content="\n".join(lines) + "\n").split("\n")
            if len(made) != len(lines) + 1:
                raise InputError(f"apertium {way} gave {len(made) - 1} lines for {len(lines)}")
            lines = made[:-1]
        return lines

    def _run(self, *arguments: str, content: str = "") -> str:
        try:
            done = subprocess.run(
                [self._program, *arguments],
                input=content,
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            # Its own text may hold a report, so only the kind of error is shown.
            raise InputError(f"apertium {' '.join(arguments)}: {type(error).__name__}") from None
        return done.stdout
