"""How far a second labeler or readers agree, and which disagreements to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.agreement_tables import (
    kappa_table,
    kinds_table,
    mean_of,
    pair_tables,
    review_table,
)
from lingula.audit.check import Check, Earlier
from lingula.audit.inputs import AuditInput, OtherLabels
from lingula.audit.intervals import cautious_f1
from lingula.audit.kinship import rule_made
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Example, Exhibit, Finding
from lingula.audit.wording import join
from lingula.documents import Kind, Level, Measure, percent
from lingula.labels import Label

#: Kappas below this are named: "moderate" and worse (Landis and Koch, Biometrics 1977).
NAMED_BELOW = 0.6


class Agreement(Check):
    """Kappa per observation with each second set of labels; disagreements ranked for review."""

    name = "agreement"
    title = "Agreement"
    question = "Do a second labeler or readers say the same?"
    meaning = "mean kappa over the labels (0 where it is negative)"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Compare with every other set of labels that was given."""
        if not data.compare:
            return self.not_checked("no second labels were given (--compare)")
        made = rule_made(data)
        kin = [
            other.related or bool(made[0] and theirs)
            for other, theirs in zip(data.compare, made[1:], strict=True)
        ]
        found = [self._one(data, other, options) for other in data.compare]
        counted = [one for one, related in zip(found, kin, strict=True) if not related]
        exhibits = [exhibit for one in found for exhibit in one.exhibits]
        if len(data.compare) > 1:
            exhibits += pair_tables(data)
        means = [m for m in (mean_of(np.clip(one.kappa, 0, 1)) for one in counted) if m is not None]
        examples = [example for one in found for example in one.examples]
        return CheckResult(
            self.name,
            self.title,
            float(np.mean(means)) if means else None,
            _summary(data, found, kin),
            (
                *_kinship(data, made, kin),
                *(finding for one in counted for finding in one.findings),
            ),
            (
                "Read the rows listed for review; the labels of the weakest observations first.",
                "State which labeler made the labels, and its agreement with others.",
            ),
            tuple(measure for one in found for measure in one.measures),
            tuple(exhibits),
            tuple(examples[: options.examples]),
            missing=_missing(data, kin, bool(means)),
            label_scores=_least([one.low for one in counted]) if counted else None,
        )

    def _one(self, data: AuditInput, other: OtherLabels, options: AuditOptions) -> _Compared:
        """What one other set of labels gives."""
        mine, theirs = data.labels.classes[other.rows], other.labels.classes
        table, kappa = kappa_table(data, other, mine, options)
        positive = [classes == Label.POSITIVE for classes in (mine, theirs)]
        both = (positive[0] & positive[1]).sum(axis=0)
        alone = [flags.sum(axis=0) - both for flags in positive]
        ranked, review = review_table(data, other, mine, options)
        examples: list[Example] = []
        if options.show_text:
            why = f"disagreement with {other.name}"
            for item in ranked[: options.examples]:
                examples += self.show(data, options, [int(other.rows[item.row])], why)
        same = float((mine == theirs)[:, other.columns].mean())
        return _Compared(
            kappa.value,
            # Where neither is ever positive, nothing is known of the label that matters.
            np.minimum(kappa.low, cautious_f1(both, *alone)),
            tuple(_weak(data, other, kappa.value)),
            (
                Measure(f"rows {other.name}", f"Rows shared with {other.name}", len(other.rows)),
                Measure(f"same {other.name}", "equal cells", same, Kind.SHARE),
                Measure(f"kappa {other.name}", "mean kappa", mean_of(kappa.value), Kind.NUMBER),
            ),
            (table, kinds_table(data, other, mine), review),
            tuple(examples),
        )


@dataclass(frozen=True, eq=False)
class _Compared:
    """Kappa of each label, the lower bound that its stars rest on, and what is shown."""

    kappa: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...]
    exhibits: tuple[Exhibit, ...]
    examples: tuple[Example, ...]


def _summary(data: AuditInput, found: Sequence[_Compared], kin: Sequence[bool]) -> str:
    """One sentence on those whose agreement counts."""
    means = [
        (mean, other.name)
        for one, other, related in zip(found, data.compare, kin, strict=True)
        if not related and (mean := mean_of(one.kappa)) is not None
    ]
    if not means:
        return "No kappa that counts can be had."
    value = np.mean([mean for mean, _ in means])
    related = [other.name for other, is_kin in zip(data.compare, kin, strict=True) if is_kin]
    return (
        f"Mean kappa {value:.2f} with {join([name for _, name in means])}."
        + f" Not counted, since related to these labels: {join(related)}." * bool(related)
    )


def _missing(data: AuditInput, kin: Sequence[bool], counts: bool) -> str:
    if counts:
        return ""
    if all(kin):
        names = join([other.name for other in data.compare])
        said = all(other.related for other in data.compare)
        why = "are related, as was said," if said else "share their rules,"
        return (
            f"these labels and {names} {why} so that kappa and stars would mean nothing; compare "
            "with labels made otherwise"
        )
    return "kappa is undefined where labels do not vary"


def _kinship(data: AuditInput, made: Sequence[str], kin: Sequence[bool]) -> Iterator[Finding]:
    """What is known of who made the labels, and what was left out of them."""
    for other, theirs, related in zip(data.compare, made[1:], kin, strict=True):
        yield from (Finding(note, Level.LOOK) for note in other.notes)
        if related and made[0] and theirs:
            yield Finding(
                f"{other.name} shares the rules of these labels (these are the labels of "
                f'"{made[0]}", those of "{theirs}"): both err in the same places, so kappa and '
                "stars mean nothing here and are not counted.",
                Level.ACT,
            )
        elif related:
            yield Finding(
                f"{other.name} is related to these labels, as was said (--related): agreement "
                "with it means nothing and is not counted.",
                Level.ACT,
            )
        elif data.texts is None:
            yield Finding(
                f"Without the reports (--reports) it cannot be told whether {other.name} shares "
                "the rules of these labels; if it does, kappa and stars mean nothing (--related).",
                Level.LOOK,
            )


def _least(lows: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    with np.errstate(all="ignore"):
        least: npt.NDArray[np.float64] = np.clip(np.fmin.reduce(np.stack(lows), axis=0), 0, 1)
    return least


def _weak(data: AuditInput, other: OtherLabels, kappa: npt.NDArray[np.float64]) -> list[Finding]:
    weak = [i for i in np.argsort(kappa, kind="stable") if kappa[i] < NAMED_BELOW]
    undefined = [
        data.label_names[i] for i in np.flatnonzero(other.columns) if not np.isfinite(kappa[i])
    ]
    found = []
    if weak:
        named = [f"{data.label_names[i]} ({kappa[i]:.2f})" for i in weak]
        found.append(
            Finding(f"Kappa with {other.name} is below {NAMED_BELOW}: {join(named)}.", Level.ACT)
        )
    else:
        found.append(Finding(f"No kappa with {other.name} is below {NAMED_BELOW}.", Level.GOOD))
    if undefined:
        found.append(
            Finding(
                f"No kappa with {other.name}, because labels do not vary: {join(undefined)}.",
                Level.LOOK,
            )
        )
    if len(other.rows) < len(data):
        found.append(
            Finding(
                f"{other.name} covers {percent(len(other.rows) / len(data))} of the rows.",
                Level.LOOK,
            )
        )
    return found
