"""A small world of reports, written for these tests, and a tiny encoder with random weights."""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Helpers of these tests are found by name.
sys.path.insert(0, str(Path(__file__).parent))
VOCABULARY = ROOT / "src" / "lingula" / "bert" / "assets" / "vocab.txt"

#: Sentences of each observation: said, denied, in doubt.
SENTENCES = {
    "Cardiomegaly": (
        ["The heart is enlarged.", "There is moderate cardiomegaly."],
        ["No cardiomegaly."],
        ["Possible mild cardiomegaly."],
    ),
    "Pleural Effusion": (
        ["There is a small left pleural effusion.", "Bilateral pleural effusions are present."],
        ["No pleural effusion.", "No evidence of pleural effusion."],
        ["A small pleural effusion cannot be excluded."],
    ),
    "Pneumothorax": (
        ["There is a right apical pneumothorax."],
        ["No pneumothorax.", "There is no evidence of pneumothorax."],
        ["Possible tiny pneumothorax."],
    ),
    "Atelectasis": (
        ["There is bibasilar atelectasis.", "Left basilar atelectasis is seen."],
        ["No atelectasis."],
        ["Opacity may represent atelectasis."],
    ),
    "Support Devices": (
        ["A right chest port is in place.", "The endotracheal tube is in good position."],
        [],
        [],
    ),
}
PLAIN = ["The trachea is midline.", "Comparison is made with the earlier study."]


def make_reports(count: int, seed: int) -> list[tuple[str, set[str]]]:
    """Reports with the observations that are said to be there."""
    generator = random.Random(seed)
    out = []
    for _ in range(count):
        sentences = generator.sample(PLAIN, 1)
        said = set()
        for name, kinds in SENTENCES.items():
            kind = generator.choices([0, 1, 2, 3], [0.3, 0.35, 0.1, 0.25])[0]
            if kind < 3 and kinds[kind]:
                sentences.append(generator.choice(kinds[kind]))
                if kind == 0:
                    said.add(name)
        generator.shuffle(sentences)
        out.append((" ".join(sentences), said))
    return out


def write_table(path: Path, rows: list[tuple[str, set[str]]], names: tuple[str, ...]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Report Impression", *names])
        for text, said in rows:
            writer.writerow([text, *("1" if name in said else "" for name in names)])


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as transformers writes it: BERT, 2 layers, 48 wide."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=96,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_bytes(VOCABULARY.read_bytes())
    return folder


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 reports with positive-only labels."""
    from lingula.schemas import load_schema

    path = tmp_path_factory.mktemp("data") / "reports.csv"
    write_table(path, make_reports(300, 1), load_schema("chexpert14").names)
    return path
