"""What the built-in model would gain if its trust in the rules learned from a hospital's coding.

    python benchmarks/builtin_trust.py torchxrayvision-*.whl

The model that ships learned no label from the Indiana reports. Here its trust and temperatures are
fitted to their human coding through the aggregation, on three quarters of the development reports,
and each report is told by the fit that did not see it; beside it the same chances as they ship.
F1 of positive over the eight coded classes beside No Finding.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from builtin_quality import f1, hits

from lingula.builtin import BuiltinLabeler
from lingula.labels import Label
from lingula.observations import NO_FINDING
from lingula.training.data.openi_labels import NINE_TERMS, coded_observations, nine_classes
from lingula.training.data.sources import coded_development
from lingula.training.mentions.reports import ReportMentions, fit_trust, out_of_fold


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("openi", type=Path, help="torchxrayvision's wheel, or the archive")
    arguments.add_argument("--threads", type=int, default=2)
    chosen = arguments.parse_args()
    labeler = BuiltinLabeler(threads=chosen.threads)
    names = list(labeler.schema.names)
    reports = coded_development(chosen.openi)
    texts, codes = [item.text for item in reports], [item.codes for item in reports]
    coded = coded_observations(codes, labeler.schema)
    mentions = ReportMentions.gather(labeler.rules, labeler.model, texts)
    start = labeler.model.joint
    learned = out_of_fold(
        mentions,
        texts,
        lambda some: mentions.probabilities(fit_trust(mentions, coded, start, some)),
    )
    truth = nine_classes(codes)
    kept = [at for at, term in enumerate(NINE_TERMS) if term != NO_FINDING]
    columns = [names.index(list(NINE_TERMS)[at]) for at in kept]
    print(f"{len(texts)} coded reports of the development part, {len(kept)} classes")
    for name, chances in (
        ("as it ships", mentions.probabilities(start)),
        ("trust of the coding, out of fold", learned),
    ):
        said = chances.argmax(axis=-1)[:, columns] == Label.POSITIVE
        counts = hits(truth[:, kept], said).sum(axis=0, keepdims=True)
        micro, macro = f1(counts.astype(float))
        print(f"{name}: micro F1 {micro[0]:.3f}, macro F1 {macro[0]:.3f}")


if __name__ == "__main__":
    main()
