"""Reports which only compare with an earlier study, by a small rule over sentences.

"No significant change from yesterday's radiograph." says nothing of what the radiograph shows. A
sentence only compares when it holds a word of comparison and, beside it, nothing but words from a
closed list: names of examinations, times, and small words. One word more ("Stable cardiomegaly.")
says something of the image, and the sentence no longer only compares. The list is ours
(earlier_studies.toml).
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lingula.text.sections import select_sections
from lingula.text.sentences import split_sentences

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORD_LISTS = Path(__file__).with_suffix(".toml")
#: Sentences about the report itself, as in "Discussed with Dr. Lee by telephone."
ABOUT_THE_REPORT = re.compile(
    r"\b(discussed|communicated|notified|paged|telephoned?|dictated|transcribed|signed|"
    r"electronically|attending)\b",
    re.IGNORECASE,
)
#: Any reference to an earlier study, for the share of reports that have one.
REFERENCE = re.compile(
    r"\b(unchanged|stable|interval|(?:no|little|without) (?:\w+ ){0,3}change|compar(?:ed|ison|ing)|"
    r"previous(?:ly)?|prior|again (?:seen|noted|demonstrated)|persist(?:s|ent|ing)|"
    r"(?:has|have) (?:\w+ )?(?:improved|worsened|increased|decreased|resolved))\b",
    re.IGNORECASE,
)
WORD = re.compile(r"[a-z]+")
#: "XXXX" and "___" stand for masked names and dates in public sets; neither says anything.
MASK = re.compile(r"\bx{3,}\b|_{2,}", re.IGNORECASE)
SECTIONS = ("findings", "impression")


@dataclass(frozen=True)
class _Words:
    comparing: frozenset[str]
    silent: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(WORD_LISTS.read_text(encoding="utf-8"))
    comparing = frozenset(data["comparing"])
    return _Words(comparing, comparing.union(*data["silent"].values()))


def refers_to_earlier(text: str) -> bool:
    """Whether a report refers to an earlier study at all."""
    return REFERENCE.search(text) is not None


def only_compares(text: str) -> bool:
    """Whether a report says nothing of the image but how it compares with an earlier one.

    At least one sentence of its findings and impression only compares, and no sentence says
    anything else. Without such sections the whole report is looked at.
    """
    known = _words()
    if known.comparing.isdisjoint(WORD.findall(text.casefold())):
        return False
    body = select_sections(text, SECTIONS).text
    compares = False
    for start, end in split_sentences(body):
        sentence = MASK.sub(" ", body[start:end])
        words = WORD.findall(sentence.casefold())
        if known.silent.issuperset(words):
            compares = compares or not known.comparing.isdisjoint(words)
        elif not ABOUT_THE_REPORT.search(sentence):
            return False
    return compares
