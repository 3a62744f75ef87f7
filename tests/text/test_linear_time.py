"""Time in proportion to a text's length, whatever it holds."""

import time

import pytest

from lingula.rules import RuleLabeler
from lingula.strata import find_strata
from lingula.text import decode, find_sections, select_sections, split_sentences
from lingula.text.content import placeholder, reads_as_english, reads_as_report, states_normality

PATTERNS = [
    *("possible edema and ", "pneumothorax ", "no pneumothorax or ", "(", "- ", "a", "effusion, "),
    *(". ", "\n", "No effusion. ", "the heart is large and lungs are clear, ", "FINDINGS: "),
    *("FINDINGS:\n", "1. effusion ", "&amp;", "<br>", "\\n", "<", "\\ ", "{\\rtf1 {\\b ", "â€™"),
    *("x-", "Lungs:clear\n", "IMPRESSION: no edema ", "no ", "pnuemothorax ", "&", "____ "),
    *("small right and moderate left ", "no effusion, consolidation, or ", "\n\n", "a.b "),
    *("?effusion ", "Heart: normal. ", "WET READ: ", "12 ", "1) ", "PORTABLE CHEST\n", "e.g. "),
    *("noeffusion", "Dr. ", "...", "é", "\x00", "pneumo thorax ", "and ", "HEART size ", "C:\\n"),
    *("there is no ", "qzx ", "<b ", "<style>", "&amp", "\t", "[ ] edema ", "Edema: No\n"),
    *("Effusion (-), ", "cannot exclude ", "(no ", "plural ", "FINIDNGS: x\n", "ADDENDUM: x\n"),
    *("INDICATION: x\n\n", "HISTORY: x\nDOSE: 1\n"),
]
SIZE = 6_000
#: Four times the text may take so many times the time: 4 ** 1.2 is 5.3; more for a busy machine.
MOST_TIMES = 11

LABELER = RuleLabeler(cache=False)
READERS = {
    "label": lambda text: LABELER.label([text]),
    "evidence": lambda text: LABELER.label([text], evidence=True),
    "strata": lambda text: find_strata([text], evidence=True),
    "sections": lambda text: (find_sections(text), select_sections(text)),
    "decode": decode,
    "sentences": split_sentences,
    "content": lambda text: (
        placeholder(text),
        reads_as_english(text),
        reads_as_report(text),
        states_normality(text),
    ),
}


def seconds(read, text):
    start = time.process_time()
    read(text)
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_four_times_the_text_takes_about_four_times_as_long(name):
    read = READERS[name]
    slow = []
    for pattern in PATTERNS:
        small, large = ((pattern * (size // len(pattern) + 1))[:size] for size in (SIZE, 4 * SIZE))
        # Each text differs from the one before, so that nothing is remembered of it.
        best = min(seconds(read, small + str(number)) for number in range(2))
        if seconds(read, large) > MOST_TIMES * best + 0.05:
            again = min(seconds(read, large + str(number)) for number in range(2))
            if again > MOST_TIMES * best + 0.05:
                slow.append((pattern, best, again))
    assert not slow
