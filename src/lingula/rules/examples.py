"""Whether a lexicon's examples hold: each sentence, labeled by the rules, gets its label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lingula.labels import Evidence, Label
from lingula.observations import NO_FINDING
from lingula.rules.labeler import RuleLabeler
from lingula.rules.lexicon import load_lexicon, own_rules
from lingula.rules.lexicon_model import OTHER_FINDING, Example


@dataclass(frozen=True)
class CheckedExample:
    """An example that was run.

    Attributes:
        rule: Name of the mention or cue that it belongs to.
        example: The sentence, its observation and the label that it must get.
        found: The label that it got; of a finding outside the schema, positive where No Finding
            was withdrawn.
        reasons: The evidence for its observation.
    """

    rule: str
    example: Example
    found: Label
    reasons: tuple[Evidence, ...]

    @property
    def holds(self) -> bool:
        """Whether it got its label."""
        if self.example.observation == OTHER_FINDING:
            return (self.found is Label.POSITIVE) == (self.example.label is Label.POSITIVE)
        return self.found is self.example.label


def check_examples(path: str | Path, *, everything: bool = False) -> list[CheckedExample]:
    """The examples of a lexicon, each labeled by its rules.

    Args:
        path: A rule file, or the name of a shipped lexicon.
        everything: Whether to run those of the lexicon that a file extends as well; a file's own
            rules can break them.

    Raises:
        LexiconError: If the lexicon is missing or malformed.
    """
    lexicon = load_lexicon(path)
    labeler = RuleLabeler(lexicon=lexicon)
    own = None if everything else own_rules(path)
    chosen = [
        (rule, example)
        for rule, example in lexicon.examples()
        if (own is None or rule in own)
        and (example.observation in lexicon.schema or example.observation == OTHER_FINDING)
    ]
    labels = labeler.label([example.text for _, example in chosen], evidence=True)
    assert labels.evidence is not None
    checked = []
    for row, (rule, example) in enumerate(chosen):
        if example.observation == OTHER_FINDING:
            name = NO_FINDING
            blocked = labels.classes[row, lexicon.schema.index(name)] == Label.BLANK
            found = Label.POSITIVE if blocked else Label.BLANK
            wanted = example
        else:
            name = lexicon.schema.names[lexicon.schema.index(example.observation)]
            found = Label(int(labels.classes[row, lexicon.schema.index(name)]))
            permitted = lexicon.schema.observations[lexicon.schema.index(name)].labels
            label = example.label if example.label in permitted else Label.BLANK
            wanted = Example(example.text, example.observation, label)
        reasons = tuple(item for item in labels.evidence[row] if item.observation == name)
        checked.append(CheckedExample(rule, wanted, found, reasons))
    return checked
