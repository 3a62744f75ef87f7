"""What participants get: a page, the exact form of a submission, and an example of one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from lingula.challenge.terms import Terms
from lingula.challenge.truth import Truth
from lingula.documents import (
    Document,
    Kind,
    Note,
    Notes,
    Section,
    Table,
    to_html,
    to_markdown,
    write_text,
)
from lingula.tables.write_table import write_table

FORM, EXAMPLE, PAGE = "form.csv", "example_submission.csv", "index.html"


def write_public(folder: Path, terms: Terms, truth: Truth) -> None:
    """Write the participants' folder: no label, and nothing that depends on one."""
    import pyarrow as pa

    ids = pa.array(list(truth.ids), pa.string())
    empty = pa.array([""] * len(ids), pa.string())
    blank = dict.fromkeys(terms.observations, empty)
    write_table(folder / FORM, pa.table({terms.id_column: ids, **blank}))
    # Numbers that depend on nothing but the terms.
    seed = int.from_bytes(hashlib.sha256(terms.title.encode()).digest()[:8], "big")
    chance = np.random.default_rng(seed).random((len(terms.observations), len(ids))).round(4)
    columns = dict(zip(terms.observations, chance, strict=True))
    write_table(folder / EXAMPLE, pa.table({terms.id_column: ids, **columns}))
    document = invitation(terms, truth)
    write_text(folder / "README.md", to_markdown(document))
    write_text(folder / PAGE, to_html(document))


def invitation(terms: Terms, truth: Truth) -> Document:
    """The page for participants."""
    several = len(truth.ids) != len(truth.studies)
    asked = Table.of(
        "observations",
        "",
        ("column", "Column", Kind.TEXT, [terms.id_column, *terms.observations]),
        (
            "holds",
            "Holds",
            Kind.PROSE,
            [
                f"Each id of `{FORM}` once, in any order.",
                *["A finite number; the higher, the more likely."] * len(terms.observations),
            ],
        ),
    )
    rules = [
        f"The metric is {_METRICS[terms.metric]}, averaged over {len(terms.observations)} "
        "observations. Only the order of scores counts.",
        f"A team has {terms.limit} scored submissions a day (UTC). One that is refused costs none; "
        f"of those a day has {terms.refused_limit}.",
    ]
    if several:
        rules.append(
            f"Rows are images. A study's score is the {_IMAGES[terms.images]} of its images'."
        )
    if terms.deadline:
        rules.append(f"Submissions end at {terms.deadline}.")
    if terms.sealed:
        rules.append(
            "Before the close a team sees one figure, of a hidden part of the studies, and a new "
            f"one only when it is better than its best by more than {terms.margin:g} (the Ladder "
            "of Blum and Hardt, 2015). The board is made of the other part, at the close."
        )
    command = f"lingula challenge check SUBMISSION.csv --form {FORM}"
    return Document(
        terms.title,
        (
            Section("What is asked", (asked,)),
            Section("Rules", (Notes(tuple(map(Note, rules))),)),
            Section(
                "Before you submit",
                (
                    Note(f"`{command}` says all that is wrong with a file, without the truth."),
                    Note(f"`{EXAMPLE}` is a submission of random numbers, in the right form."),
                    Note(
                        "Keep the receipt of each submission, its number and hash: with it "
                        "anybody can check that the ledger still holds it. The ledger is signed "
                        f"with the key `{terms.key}`."
                    ),
                ),
            ),
        ),
        form="Challenge",
        summary=f"{len(truth.ids):,} rows of {len(truth.studies):,} studies.",
    )


_METRICS = {
    "auroc": "the area under the ROC curve",
    "average precision": "average precision",
}
_IMAGES = {"max": "maximum", "mean": "mean"}
