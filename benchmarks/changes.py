"""Changes of a report's text that keep its meaning, as it is written, sent, or dictated elsewhere.

Each takes a text and a source of chance, and answers the changed text; the text itself where the
change has nothing to do or would not keep the meaning (a second header, a list made of a list).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from lingula.text.sentences import split_sentences

Chance = random.Random

#: American and British spelling, as stems; case is kept.
BRITISH = {
    "edema": "oedema",
    "edematous": "oedematous",
    "hemothora": "haemothora",
    "hemopneumothora": "haemopneumothora",
    "hemorrhag": "haemorrhag",
    "hematom": "haematom",
    "hemopty": "haemopty",
    "hematolog": "haematolog",
    "esophag": "oesophag",
    "anemi": "anaemi",
    "leukemi": "leukaemi",
    "ischemi": "ischaemi",
    "dyspnea": "dyspnoea",
    "tumor": "tumour",
    "centered": "centred",
    "center": "centre",
    "centimeter": "centimetre",
    "millimeter": "millimetre",
    "caliber": "calibre",
    "gray": "grey",
    "color": "colour",
    "fiber": "fibre",
    "favor": "favour",
    "pediatric": "paediatric",
    "orthopedic": "orthopaedic",
    "gynecomasti": "gynaecomasti",
    "cecum": "caecum",
    "catheteriz": "catheteris",
    "visualiz": "visualis",
    "localiz": "localis",
    "characteriz": "characteris",
    "hospitaliz": "hospitalis",
    "recogniz": "recognis",
    "stabiliz": "stabilis",
    "normaliz": "normalis",
    "mineraliz": "mineralis",
}
_BRITISH = re.compile(
    rf"\b({'|'.join(sorted(BRITISH, key=len, reverse=True))})(?!ectal)", re.IGNORECASE
)

#: A sentence that opens so leans on the one before it, and stays behind it.
_LEANS = re.compile(
    r"(this|that|these|those|it|its|they|both|none|neither|he|she|however|otherwise|also|but|and|"
    r"or|the (latter|former|same|second|third)|similarly|again|likewise|what|as above|rest|"
    r"specifically|recommend\w*|suggest\w*|correlat\w*)\b",
    re.IGNORECASE,
)
#: After these the verb carries the meaning ("This is fluid", "if there is concern").
_KEEPS_VERB = "".join(
    rf"(?<!\b{word})" for word in ["longer", "this", "that", "it", "what", "which", "who", "there"]
)
#: A label at the start of a line or in capitals, a list, a box: the text has a shape of its own.
_SHAPED = re.compile(r"\n|\b[A-Z]{4,}( [A-Z]+)*:|(^|\s)\(?(\d|[a-d]|i+)[.)]\s|\[.?\]|(^|\s)[-*] ")
_HEADED = re.compile(r"\b(findings|impression|indication|history|comparison|exam|report)\s*:", re.I)

INDICATIONS = (
    "Shortness of breath.",
    "Cough and fever, evaluate for pneumonia.",
    "Chest pain, rule out pneumothorax.",
    "Preoperative evaluation.",
)
RECOMMENDATION = (
    "Recommend follow up chest x-ray if there is clinical concern for pneumonia or pneumothorax."
)
SIGN_OFF = "Dictated by the resident on call. I have reviewed the images and agree with the report."


class Change(NamedTuple):
    """A change, and what it is called in the tables."""

    name: str
    apply: Callable[[str, Chance], str]


def upper_case(text: str, _: Chance) -> str:
    return text.upper()


def lower_case(text: str, _: Chance) -> str:
    return text.lower()


def title_case(text: str, _: Chance) -> str:
    """Each word's first letter a capital; words in capitals stay."""
    return re.sub(r"[A-Za-z][A-Za-z']*", lambda word: word[0][:1].upper() + word[0][1:], text)


def british_spelling(text: str, _: Chance) -> str:
    return _BRITISH.sub(lambda found: _like(found[0], BRITISH[found[0].lower()]), text)


def _like(model: str, word: str) -> str:
    if model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def misspelled(text: str, chance: Chance) -> str:
    """Each word of six letters or more with probability 1/15: one letter lost, doubled, wrong, or
    changed with the next; never the first letter, never a word that the text holds besides."""
    known = set(re.findall(r"[a-z]+", text.lower()))

    def slip(found: re.Match[str]) -> str:
        word = found[0]
        if chance.random() >= 1 / 15:
            return word
        for _ in range(20):
            wrong = _one_edit(word, chance)
            if wrong != word and wrong.lower() not in known:
                return wrong
        return word

    return re.sub(r"\b[A-Za-z]{6,}\b", slip, text)


def _one_edit(word: str, chance: Chance) -> str:
    at = chance.randrange(1, len(word) - 1)
    kind = chance.choice(("lost", "doubled", "wrong", "swapped"))
    if kind == "lost":
        return word[:at] + word[at + 1 :]
    if kind == "doubled":
        return word[:at] + word[at] + word[at:]
    if kind == "swapped":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    letter = chance.choice("abcdefghijklmnoprstuvwy")
    return word[:at] + (letter.upper() if word[at].isupper() else letter) + word[at + 1 :]


def spaces_and_line_breaks(text: str, chance: Chance) -> str:
    """Wrapped at a width of 40 to 72, some spaces doubled, two spaces before each line."""
    width = chance.randint(40, 72)
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line += (chance.choice((" ", " ", " ", "  ")) if line else "") + word
        lines.append(line)
    return "\n".join("  " + line for line in lines)


def lost_full_stops(text: str, _: Chance) -> str:
    """No sentence ends with a full stop; what stood between sentences stays."""
    return _between(text, lambda sentence: sentence[:-1] if sentence.endswith(".") else sentence)


def no_space_after_full_stops(text: str, _: Chance) -> str:
    ends = {end for _, end in split_sentences(text)}

    def lost(at: int) -> bool:
        return at in ends and text[at - 1 : at + 1] == ". " and text[at + 1 : at + 2].isupper()

    return "".join(char for at, char in enumerate(text) if not lost(at))


def numbered_list(text: str, _: Chance) -> str:
    return _as_lines(text, lambda number: f"{number}. ")


def bullets(text: str, _: Chance) -> str:
    return _as_lines(text, lambda number: "- ")


def header_and_indication(text: str, chance: Chance) -> str:
    if _HEADED.search(text):
        return text
    return (
        f"EXAM: Chest radiograph, two views\nINDICATION: {chance.choice(INDICATIONS)}\n"
        f"COMPARISON: None.\n\nFINDINGS: {text}"
    )


def articles_and_verbs_dropped(text: str, _: Chance) -> str:
    """ "There is no effusion" becomes "No effusion", "The heart is normal" "Heart normal"."""

    def short(sentence: str) -> str:
        told = re.sub(r"^There (is|are) (?=[a-z])", "", sentence)
        told = re.sub(r"\b(the|an|a) (?=[a-z])", "", told)
        told = re.sub(r"^(The|An|A) (?=[a-z])", "", told)
        told = re.sub(
            rf"(?<=[a-z]){_KEEPS_VERB} (is|are|was|were)(?= [a-z])(?! there\b)",
            "",
            told,
            flags=re.IGNORECASE,
        )
        return told[:1].upper() + told[1:] if sentence[:1].isupper() else told

    return _between(text, short)


def recommendation_added(text: str, _: Chance) -> str:
    return f"{_stopped(text)} {RECOMMENDATION}"


def sentences_reordered(text: str, chance: Chance) -> str:
    """Sentences in another order; one that leans on the sentence before it goes with it."""
    if _SHAPED.search(text):
        return text
    groups: list[list[str]] = []
    for start, end in split_sentences(text):
        sentence = text[start:end]
        if groups and (_LEANS.match(sentence) or not sentence[0].isupper()):
            groups[-1].append(_stopped(sentence))
        else:
            groups.append([_stopped(sentence)])
    chance.shuffle(groups)
    return " ".join(sentence for group in groups for sentence in group) if groups else text


def entities_and_odd_spaces(text: str, chance: Chance) -> str:
    """As web pages and messages carry it: entities, spaces that do not break, thin ones."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("'", "&#39;").replace('"', "&quot;").replace("\n", "&#x0D;\n")
    spaces = (" ", " ", " ", " ", "\u00a0", "&nbsp;", "\u2009")

    def other(found: re.Match[str]) -> str:
        if found[0] == " and " and chance.random() < 0.5:
            return " &amp; "
        return found[0].replace(" ", chance.choice(spaces))

    return re.sub(r" and | ", other, text)


def sign_off_added(text: str, _: Chance) -> str:
    return f"{_stopped(text)}\n\n{SIGN_OFF}"


def _between(text: str, change: Callable[[str], str]) -> str:
    """The text with each sentence changed, and all else as it stands."""
    done, parts = 0, []
    for start, end in split_sentences(text):
        parts += [text[done:start], change(text[start:end])]
        done = end
    return "".join(parts) + text[done:]


def _as_lines(text: str, mark: Callable[[int], str]) -> str:
    if _SHAPED.search(text):
        return text
    sentences = (text[start:end] for start, end in split_sentences(text))
    return "\n".join(mark(number) + sentence for number, sentence in enumerate(sentences, 1))


def _stopped(text: str) -> str:
    text = text.rstrip()
    return text if text.endswith((".", "?", "!")) else f"{text}."


CHANGES = (
    Change("upper case", upper_case),
    Change("lower case", lower_case),
    Change("title case", title_case),
    Change("British spelling", british_spelling),
    Change("1 of 15 long words misspelled", misspelled),
    Change("spaces and line breaks", spaces_and_line_breaks),
    Change("lost full stops", lost_full_stops),
    Change("no space after a full stop", no_space_after_full_stops),
    Change("numbered list", numbered_list),
    Change("bullets", bullets),
    Change("header and indication added", header_and_indication),
    Change("articles and verbs dropped", articles_and_verbs_dropped),
    Change("recommendation added", recommendation_added),
    Change("sentences reordered", sentences_reordered),
    Change("entities and odd spaces", entities_and_odd_spaces),
    Change("sign-off added", sign_off_added),
)


def changed(change: Change, texts: list[str], seed: int) -> list[str]:
    """The texts with one change; chance is drawn by seed, change and text."""
    return [change.apply(text, random.Random(f"{seed} {change.name} {text}")) for text in texts]
