"""Labels that break the rules of their schema: parents, No Finding, permitted labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lingula.audit.check import Check, Earlier, where
from lingula.audit.hierarchy import filled, implications
from lingula.audit.inputs import AuditInput
from lingula.audit.options import AuditOptions
from lingula.audit.result import CheckResult, Example, Finding
from lingula.audit.wording import clause, count_of
from lingula.documents import Column, Kind, Level, Measure, Table, percent
from lingula.labels import Label
from lingula.observations import NO_FINDING, NO_PATHOLOGY

#: Share of rows with a child but not its parent from which something should be done.
MANY_ORPHANS = 0.05


@dataclass(frozen=True, eq=False)
class _Part:
    """One broken rule: its rows, and what to show of it."""

    measure: Measure
    rows: npt.NDArray[np.bool_]
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    examples: tuple[Example, ...] = ()
    advice: tuple[str, ...] = ()
    breaks: bool = True


class LabelLogic(Check):
    """Children without their parents, No Finding beside a finding, labels outside the schema."""

    name = "logic"
    title = "Label logic"
    question = "Do labels contradict each other, or break the rules of their schema?"
    meaning = "share of the rows that keep the rules of the schema"

    def run(self, data: AuditInput, options: AuditOptions, earlier: Earlier) -> CheckResult:
        """Count each broken rule, and name rows of each."""
        parts = [
            part
            for look in (self._orphans, self._crowded, self._outside, self._empty)
            for part in look(data, options)
        ]
        wrong = np.zeros(len(data), dtype=np.bool_)
        for part in parts:
            if part.breaks:
                wrong |= part.rows
        bad = int(wrong.sum())
        return CheckResult(
            self.name,
            self.title,
            1 - bad / len(data),
            f"{clause(bad, 'rows', 'breaks', 'break')} a rule of the schema "
            f"({percent(bad / len(data))} of {len(data):,})."
            if bad
            else "No row breaks a rule of the schema.",
            tuple(finding for part in parts for finding in part.findings),
            tuple(line for part in parts for line in part.advice),
            tuple(part.measure for part in parts),
            tuple(table for part in parts for table in part.tables),
            tuple(example for part in parts for example in part.examples),
            rows=where(wrong),
        )

    def _orphans(self, data: AuditInput, options: AuditOptions) -> Iterator[_Part]:
        """Positive children whose parent is not positive."""
        names, classes = data.label_names, data.labels.classes
        rows = []
        examples: list[Example] = []
        orphan = np.zeros(len(data), dtype=np.bool_)
        for pair in implications(data.labels.schema):
            child = classes[:, pair.child] == Label.POSITIVE
            parent = classes[:, pair.ancestor]
            counts = np.bincount(parent[child], minlength=len(Label))
            positive = int(child.sum())
            rows.append(
                (
                    names[pair.child],
                    names[pair.ancestor],
                    positive,
                    int(counts[Label.BLANK]),
                    int(counts[Label.NEGATIVE]),
                    int(counts[Label.UNCERTAIN]),
                    1 - int(counts[Label.POSITIVE]) / positive if positive else None,
                )
            )
            orphan |= child & (parent != Label.POSITIVE)
            # A parent that is denied contradicts its child; a blank one is only not filled in.
            denied = where(child & (parent == Label.NEGATIVE))
            examples += self.show(
                data,
                options,
                denied[: max(1, options.examples // 4)],
                f"{names[pair.child]} positive, {names[pair.ancestor]} negative",
            )
        if not rows:
            return
        count = int(orphan.sum())
        _, changed = filled(data.labels)
        finding = Finding(
            f"{clause(count, 'rows', 'has', 'have')} a positive label whose parent is not positive "
            f"({percent(count / len(data))}); filling parents in would change "
            f"{count_of(int(changed.sum()), 'cells')}.",
            Level.ACT if count / len(data) > MANY_ORPHANS else Level.LOOK,
        )
        table = Table(
            "parents",
            "Positive children and their parents",
            (
                Column("child", "Positive child"),
                Column("parent", "Parent"),
                Column("positive", "Rows", Kind.COUNT),
                Column("blank", "Parent blank", Kind.COUNT),
                Column("negative", "Parent negative", Kind.COUNT),
                Column("uncertain", "Parent uncertain", Kind.COUNT),
                Column("lacking", "Without parent", Kind.SHARE),
            ),
            tuple(rows),
        )
        advice = (
            "Write a corrected table with `--fill-parents FILE`, or say in the data sheet that "
            "parents are not implied: a blank parent is otherwise read as its absence."
        )
        yield _Part(
            Measure("orphan_rows", "Rows with a child but not its parent", count),
            orphan,
            (finding,) if count else (),
            (table,),
            tuple(examples),
            (advice,) if count else (),
        )

    def _crowded(self, data: AuditInput, options: AuditOptions) -> Iterator[_Part]:
        """No Finding beside a finding."""
        if NO_FINDING not in data.labels.schema:
            return
        classes = data.labels.classes
        healthy = classes[:, data.labels.schema.index(NO_FINDING)] == Label.POSITIVE
        crowded = np.zeros(len(data), dtype=np.bool_)
        rows = []
        for i, name in enumerate(data.label_names):
            if name in NO_PATHOLOGY:
                continue
            positive = healthy & (classes[:, i] == Label.POSITIVE)
            uncertain = healthy & (classes[:, i] == Label.UNCERTAIN)
            if positive.any() or uncertain.any():
                rows.append((name, int(positive.sum()), int(uncertain.sum())))
            crowded |= positive | uncertain
        count = int(crowded.sum())
        measure = Measure("no_finding_rows", "Rows with No Finding beside a finding", count)
        if not count:
            yield _Part(measure, crowded)
            return
        table = Table(
            "no_finding",
            "What stands beside No Finding",
            (
                Column("label", "Label"),
                Column("positive", "Positive", Kind.COUNT),
                Column("uncertain", "Uncertain", Kind.COUNT),
            ),
            tuple(rows),
        )
        yield _Part(
            measure,
            crowded,
            (
                Finding(
                    f"{clause(count, 'rows', 'has', 'have')} No Finding beside a positive or "
                    "uncertain finding.",
                    Level.ACT,
                ),
            ),
            (table,),
            self.show(data, options, where(crowded), "No Finding beside a finding"),
            ("Read the rows with No Finding beside a finding; one of the two is wrong.",),
        )

    def _outside(self, data: AuditInput, options: AuditOptions) -> Iterator[_Part]:
        """Cells that hold no label, or one that the schema does not permit there."""
        flags = np.zeros(len(data), dtype=np.bool_)
        rows: list[tuple[str, str, int]] = []
        examples: list[Example] = []
        for item in data.outside:
            rows.append((item.column, item.value, len(item.rows)))
            flags[item.rows] = True
            examples += self.show(data, options, item.rows, f"{item.column} holds {item.value}")
        permits = data.labels.schema.permits()
        for i, name in enumerate(data.label_names):
            for label in Label:
                here = where(data.labels.classes[:, i] == label)
                if permits[i, label] or not len(here):
                    continue
                rows.append((name, label.name.lower(), len(here)))
                flags[here] = True
                examples += self.show(data, options, here, f"{name} is {label.name.lower()}")
        total = sum(count for _, _, count in rows)
        measure = Measure("outside_cells", "Cells outside the schema", total)
        if not total:
            yield _Part(measure, flags)
            return
        table = Table(
            "outside",
            "Labels outside the schema",
            (
                Column("label", "Column"),
                Column("value", "Value"),
                Column("cells", "Cells", Kind.COUNT),
            ),
            tuple(rows),
        )
        yield _Part(
            measure,
            flags,
            (
                Finding(
                    f"{clause(total, 'cells', 'holds', 'hold')} what the schema "
                    f"{data.labels.schema.name!r} does not know there.",
                    Level.ACT,
                ),
            ),
            (table,),
            tuple(examples),
            ("Correct the cells outside the schema; those without a label count as blank here.",),
        )

    def _empty(self, data: AuditInput, options: AuditOptions) -> Iterator[_Part]:
        """Rows without any label."""
        empty = (data.labels.classes == Label.BLANK).all(axis=1)
        count = int(empty.sum())
        finding = Finding(
            f"{clause(count, 'rows', 'has', 'have')} no label at all ({percent(count / len(data))})"
            + (": neither a finding nor No Finding." if NO_FINDING in data.labels.schema else "."),
            Level.ACT if empty.all() else Level.LOOK,
        )
        yield _Part(
            Measure("blank_rows", "Rows without any label", count),
            empty,
            (finding,) if count else (),
            examples=self.show(data, options, where(empty), "no label at all")
            if NO_FINDING in data.labels.schema
            else (),
            breaks=False,
        )
