"""How published work computes "CheXbert F1": seven conventions, as data.

Each was read from the public code that its ``source`` names. They differ in what an uncertain
label becomes, over which observations they average, and how; the same labels score differently
under each. All of them take blank and negative as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lingula.errors import InputError
from lingula.schemas import load_schema

#: The 14 observations of CheXpert (Irvin et al., AAAI 2019), in the order of its tables.
FOURTEEN = load_schema("chexpert14").names

#: The five on which CheXpert compares models with radiologists (Irvin et al., AAAI 2019).
FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")

#: Name of a class set -> its observations.
CLASS_SETS: dict[str, tuple[str, ...]] = {"14": FOURTEEN, "5": FIVE}

#: Name of an uncertain policy -> what it does; the names are CheXpert's (U-Ones, U-Zeros,
#: U-MultiClass).
UNCERTAIN_POLICIES: dict[str, str] = {
    "ones": "uncertain counts as positive",
    "zeros": "uncertain counts as negative",
    "multiclass": "uncertain is a class of its own beside positive",
}

#: How figures of several observations become one. "example-based" is one value a report, then the
#: mean over reports (scikit-learn: samples); "per-observation" leaves them apart.
AVERAGES = ("micro", "macro", "weighted", "example-based", "per-observation")

PRF = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Figure:
    """One number of a convention.

    Attributes:
        measure: precision, recall, f1, accuracy (share of equal labels), exact_match (share of
            reports whose labels are all equal; scikit-learn's subset accuracy) or auroc.
        average: One of ``AVERAGES``. Micro accuracy is over all labels of all reports.
        class_set: Key of ``CLASS_SETS``.
        uncertain: Key of ``UNCERTAIN_POLICIES``.
        source_key: What the convention's own code calls the number, or an empty string.
        observation: Name of the observation if the average is "per-observation", else empty.
    """

    measure: str
    average: str
    class_set: str
    uncertain: str
    source_key: str = ""
    observation: str = ""


@dataclass(frozen=True)
class FigureGroup:
    """The figures of all pairs of some measures and averages over one class set.

    ``source_key`` is a pattern: {measure}, {MEASURE}, {average}, {AVERAGE}, {observation} are
    filled in; {report_measure} and {report_average} are the words of scikit-learn's classification
    report.
    """

    measures: tuple[str, ...]
    averages: tuple[str, ...]
    class_set: str
    uncertain: str
    source_key: str = ""

    def figures(self) -> Iterator[Figure]:
        """The figures, averages outermost."""
        for average in self.averages:
            per_observation = average == "per-observation"
            for observation in CLASS_SETS[self.class_set] if per_observation else ("",):
                for measure in self.measures:
                    key = self.source_key.format(
                        measure=measure,
                        MEASURE=measure.upper(),
                        average=average,
                        AVERAGE=average.upper(),
                        observation=observation,
                        report_measure="f1-score" if measure == "f1" else measure,
                        report_average="samples" if average == "example-based" else average,
                    )
                    yield Figure(measure, average, self.class_set, self.uncertain, key, observation)


@dataclass(frozen=True)
class Convention:
    """One published way to compute clinical-efficacy scores from CheXpert labels.

    Attributes:
        name: As ``--convention`` takes it.
        source: The public code or paper that computes it so.
        groups: Which figures it has.
        zero_division: Value of 0/0 in precision, recall and F1.
        drops_duplicates: Whether of reports with one id only the first counts; elsewhere a
            repeated id is an error.
        peculiarities: What a reader of its figures must know, one sentence each.
    """

    name: str
    source: str
    groups: tuple[FigureGroup, ...]
    zero_division: float = 0.0
    drops_duplicates: bool = False
    peculiarities: tuple[str, ...] = ()

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in the order in which they are shown."""
        return tuple(figure for group in self.groups for figure in group.figures())

    @property
    def uncertain_policies(self) -> tuple[str, ...]:
        """The uncertain policies that occur in it; more than one where it mixes them."""
        return tuple(dict.fromkeys(group.uncertain for group in self.groups))

    @property
    def class_sets(self) -> tuple[str, ...]:
        """The class sets that occur in it."""
        return tuple(dict.fromkeys(group.class_set for group in self.groups))

    @property
    def averages(self) -> tuple[str, ...]:
        """The averages that occur in it."""
        return tuple(dict.fromkeys(a for group in self.groups for a in group.averages))


def _classification_report(class_set: str, name: str) -> tuple[FigureGroup, FigureGroup]:
    # scikit-learn's classification_report of a multilabel indicator matrix.
    return (
        FigureGroup(
            PRF,
            ("micro", "macro", "weighted", "example-based"),
            class_set,
            "ones",
            name + '["{report_average} avg"]["{report_measure}"]',
        ),
        FigureGroup(
            PRF,
            ("per-observation",),
            class_set,
            "ones",
            name + '["{observation}"]["{report_measure}"]',
        ),
    )


_ALL = (
    Convention(
        name="f1chexbert",
        source="f1chexbert 0.0.2 (PyPI), F1CheXbert.forward",
        groups=(
            *_classification_report("14", "class_report"),
            *_classification_report("5", "class_report_5"),
            FigureGroup(("exact_match",), ("example-based",), "5", "ones", "accuracy"),
        ),
        peculiarities=(
            "Its accuracy is the exact match over the five, not the share of equal labels.",
            "Its per-example accuracy is 1 for a report whose five labels all match, else 0.",
            "A report without a positive label on either side has an example-based F1 of 0.",
        ),
    ),
    Convention(
        name="radeval",
        source="RadEval 2.2.1 (PyPI), metric f1chexbert",
        groups=(
            FigureGroup(
                ("f1",), ("micro", "macro", "weighted"), "5", "ones", "f1chexbert_5_{average}_f1"
            ),
            FigureGroup(
                ("f1",), ("micro", "macro", "weighted"), "14", "ones", "f1chexbert_all_{average}_f1"
            ),
            FigureGroup(
                ("accuracy",), ("example-based",), "5", "ones", "mean of f1chexbert_sample_acc_5"
            ),
            FigureGroup(
                ("accuracy",), ("example-based",), "14", "ones", "mean of f1chexbert_sample_acc_all"
            ),
            FigureGroup(
                ("f1",),
                ("per-observation",),
                "5",
                "ones",
                'f1chexbert_label_scores_f1["f1chexbert_5"]["{observation}"]',
            ),
            FigureGroup(
                ("f1",),
                ("per-observation",),
                "14",
                "ones",
                'f1chexbert_label_scores_f1["f1chexbert_all"]["{observation}"]',
            ),
        ),
        peculiarities=(
            "Its per_sample scores are label accuracy, not F1.",
            "It rounds to four decimals unless details are asked for; these are not rounded.",
        ),
    ),
    Convention(
        name="ifcc",
        source="github.com/ysmiura/ifcc, eval_prf.py (Miura et al., NAACL 2021)",
        groups=(
            FigureGroup(PRF, ("micro",), "5", "ones", "5-micro"),
            FigureGroup(("accuracy",), ("micro",), "5", "ones", "5-acc"),
            FigureGroup(("accuracy", *PRF), ("per-observation",), "14", "ones", "{observation}"),
            FigureGroup(PRF, ("micro",), "5", "multiclass", "5-micro with --uncertain"),
            FigureGroup(("accuracy",), ("micro",), "5", "multiclass", "5-acc with --uncertain"),
            FigureGroup(
                ("accuracy", *PRF),
                ("per-observation",),
                "14",
                "multiclass",
                "{observation} with --uncertain",
            ),
        ),
        peculiarities=(
            "5-acc is the share of equal labels, not of exactly matched reports.",
            "With uncertain as its own class, precision, recall and F1 are micro averages over the "
            "classes positive and uncertain.",
        ),
    ),
    Convention(
        name="r2gen",
        source="github.com/zhjohnchan/R2Gen, compute_ce.py (Chen et al., EMNLP 2020)",
        groups=(
            FigureGroup(PRF, ("macro", "micro"), "14", "zeros", "{MEASURE}_{AVERAGE}"),
            FigureGroup(("auroc",), ("macro",), "14", "zeros", "AVG_AUCROC"),
            FigureGroup(("auroc",), ("per-observation",), "14", "zeros", "AUCROC_{observation}"),
        ),
        peculiarities=(
            "It scores every column after the first; CheXbert's and CheXpert's tables have the "
            "text there, so all 14 count, No Finding too.",
            "Its AUROC is of hard labels, so it equals the mean of sensitivity and specificity; it "
            "is undefined for an observation with one class only in the references, and so is "
            "their mean (the original stops there with an error).",
        ),
    ),
    Convention(
        name="wcl",
        source="github.com/zzxslp/WCL, calculate_metric.py (Yan et al., EMNLP Findings 2021); "
        "used by ORGan (Hou et al., ACL 2023)",
        groups=(FigureGroup((*PRF, "accuracy"), ("macro",), "14", "ones", "{measure}"),),
        peculiarities=(
            "Means over the observations of binary figures; ORGan's authors call it "
            '"macro-weighted", yet no weight is in it.',
        ),
    ),
    Convention(
        name="cvt2distilgpt2",
        source="github.com/aehrc/cvt2distilgpt2, tools/metrics/chexbert.py (Nicolson et al., "
        "Artificial Intelligence in Medicine 2023)",
        groups=(
            FigureGroup(PRF, ("macro", "micro"), "14", "zeros", "ce_{measure}_{average}"),
            FigureGroup(PRF, ("example-based",), "14", "zeros", "ce_{measure}_example"),
        ),
        drops_duplicates=True,
        peculiarities=(
            "Of reports with one id only the first counts.",
            "0/0 is 0, also in the example-based figures: a report without a positive label on "
            "either side counts as 0.",
        ),
    ),
    Convention(
        name="rgrg",
        source="github.com/ttanida/rgrg, evaluate_language_model.py (Tanida et al., CVPR 2023)",
        groups=(
            FigureGroup(PRF, ("micro",), "14", "ones", "{measure}_micro_all"),
            FigureGroup(("accuracy",), ("micro",), "14", "ones", "acc_all"),
            FigureGroup(PRF, ("micro",), "5", "ones", "{measure}_micro_5"),
            FigureGroup(("accuracy",), ("micro",), "5", "ones", "acc_5"),
            FigureGroup(PRF, ("example-based",), "14", "zeros", "{measure}_example_all"),
            FigureGroup(("accuracy",), ("example-based",), "14", "zeros", "acc_example_all"),
            FigureGroup((*PRF, "accuracy"), ("example-based",), "5", "zeros"),
            FigureGroup((*PRF, "accuracy"), ("per-observation",), "14", "ones", "{observation}"),
        ),
        peculiarities=(
            "It mixes two mappings in one table: uncertain is positive in the micro averages and "
            "negative in the example-based ones.",
            "Its own table has the example-based figures for the 14 only.",
        ),
    ),
)

#: Name -> convention, in the order of the documentation.
CONVENTIONS: dict[str, Convention] = {convention.name: convention for convention in _ALL}


def find_conventions(names: str | tuple[str, ...] | list[str]) -> tuple[Convention, ...]:
    """Conventions by name; "all" gives all of them.

    Raises:
        InputError: If there is no convention of that name; the message lists those there are.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise InputError(f"name at least one convention: {', '.join(CONVENTIONS)}, or all")
    found: dict[str, Convention] = {}
    for name in wanted:
        if name == "all":
            found.update(CONVENTIONS)
        elif name in CONVENTIONS:
            found[name] = CONVENTIONS[name]
        else:
            raise InputError(
                f"there is no convention {name!r}; choose from {', '.join(CONVENTIONS)}, or all"
            )
    return tuple(found.values())
