"""A document with every exhibit, and with text that tries to be markup everywhere."""

from __future__ import annotations

from lingula.documents import (
    Bars,
    Column,
    Curve,
    Document,
    Estimate,
    Grid,
    Group,
    Kind,
    Level,
    Line,
    Measure,
    Measures,
    Note,
    Notes,
    Passage,
    Point,
    Section,
    Span,
    Stack,
    Table,
    Tone,
)

HOSTILE = '<script>document.title="owned"</script> [bold] | *a_b* `x` \x1b[31m'
REPORT = f"No effusion. Possible edema. {HOSTILE}"
NAMES = ("Edema", "Pleural Effusion", HOSTILE)

FIGURES = Table(
    "figures",
    f"Figures of {HOSTILE}",
    (
        Column("label", "Label"),
        Column("count", "Reports", Kind.COUNT),
        Column("f1", "F1", Kind.FIGURE),
        Column("share", "Share", Kind.SHARE),
        Column("p", "p", Kind.P_VALUE),
        Column("stars", "Stars", Kind.STARS),
    ),
    (
        ("Edema", 1204, Estimate(0.71234, 0.6, 0.8), 0.25, 0.0004, 4),
        (HOSTILE, 3, Estimate(float("nan")), None, 0.3, None),
        ("Pneumonia", 31, Estimate(0.5, mark="*"), 0.0, float("nan"), 1),
        ("macro average", None, Estimate(0.6, 0.5, 0.7), None, None, None),
    ),
    note=f"Intervals are 95%. {HOSTILE}",
    averages=1,
)
GLANCE = Table(
    "glance",
    "At a glance",
    (
        Column("check", "Check", Kind.SECTION),
        Column("level", "Level", Kind.LEVEL),
        Column("score", "Score", Kind.SCORE),
        Column("label", "Label", Kind.LABEL),
        Column("summary", "Summary", Kind.PROSE),
    ),
    (
        ("The figures", "good", 0.98, "positive", "A sentence that says what is the matter here."),
        ("Elsewhere", "act", None, "uncertain", f"Another, about {HOSTILE}."),
    ),
)


def _curve(name: str) -> Curve:
    return Curve(
        f"roc {name}",
        name,
        "1 - specificity",
        "sensitivity",
        (
            Line("first", (0.0, 0.1, 0.5, 1.0), (0.0, 0.6, 0.9, 1.0)),
            Line(HOSTILE, (0.0, 0.3, float("nan"), 1.0), (0.2, 0.5, 0.7, 1.0), True, True),
        ),
        (Point(0.2, 0.75, "reader one", "1"), Point(float("nan"), 0.5, "no point")),
    )


DOCUMENT = Document(
    f"Everything {HOSTILE}",
    (
        Section("", (GLANCE,)),
        Section(
            "The figures",
            (
                Note(f"What to read first, {HOSTILE}.", lead=True),
                Measures((Measure("rows", "Rows", 12_000), Measure("n", HOSTILE, None))),
                Notes((Note("All is well.", Level.GOOD), Note(HOSTILE, Level.ACT))),
                FIGURES,
                Notes((Note("Use `--help`."), Note("who", word="To be written")), "To do", True),
            ),
            name="figures",
            level=Level.LOOK,
            question="What do they say?",
        ),
        Section(
            "Drawings",
            (
                Stack("stack", "Stack", ("a", "b", HOSTILE), ((HOSTILE, (1, 0, 3)),)),
                Bars(
                    "bars",
                    "Bars",
                    ("first", "second"),
                    tuple((n, (Estimate(0.4, 0.3, 0.6), Estimate(float("nan")))) for n in NAMES),
                ),
                Grid(
                    "grid",
                    "Grid",
                    NAMES,
                    ("F", HOSTILE, "M"),
                    ((0.1, 0.4, None),) * 3,
                    (False, True, False),
                ),
                Group("roc", "ROC", tuple(map(_curve, NAMES)), note="One each."),
                Group(
                    "confusion",
                    "Confusion",
                    (
                        Grid(
                            "c",
                            "Edema",
                            ("pos", "neg"),
                            ("pos", "neg"),
                            ((8, 2), (0, 90)),
                            kind=Kind.COUNT,
                            rows_are="True",
                        ),
                    ),
                ),
            ),
        ),
        Section(
            "Texts",
            (
                Passage(
                    "report",
                    REPORT,
                    (
                        Span(0, 2, Tone.NEGATIVE, cue=True),
                        Span(3, 11, Tone.NEGATIVE, mark="1"),
                        Span(22, 27, Tone.UNCERTAIN, mark="2"),
                    ),
                    title=HOSTILE,
                ),
                Passage(
                    "weights",
                    REPORT,
                    (Span(3, 11, Tone.FOR, strength=1.0), Span(22, 27, Tone.AGAINST, strength=0.2)),
                ),
                Table("detail", "Folded", (Column("x", "X", Kind.NUMBER),), ((1.5,),), detail=True),
            ),
        ),
    ),
    form="Sample",
    summary=f"uncertain=ones; {HOSTILE}",
    measures=(Measure("rows", "Rows", 12_000), Measure("share", "Share", 0.5, Kind.SHARE)),
    footer=HOSTILE,
)
