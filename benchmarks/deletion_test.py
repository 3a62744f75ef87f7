"""Do the words that an attribution of a BERT labeler names matter? The deletion test's figures.

    python benchmarks/deletion_test.py --labeler FOLDER_OR_PTH --reports reports.csv
    python benchmarks/deletion_test.py                # a small model, trained here in a minute

Without --labeler a two-layer encoder is trained from random weights on made-up reports (sentences
of the rules' own examples, labeled by the rules) and tested on others like them.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

import lingula
from lingula.explain import DeletionTest, deletion_test
from lingula.explain.attribution import METHODS
from lingula.rules import RuleLabeler, load_lexicon


def made_up_reports(count: int, seed: int) -> list[str]:
    """Reports of three to six sentences from the examples of the rules."""
    sentences = sorted({example.text for _, example in load_lexicon("chexpert14").examples()})
    chance = random.Random(seed)
    return [" ".join(chance.sample(sentences, chance.randint(3, 6))) for _ in range(count)]


def train_small_model(folder: Path, *, steps: int = 1500, texts: int = 4000, seed: int = 0) -> Path:
    """A model folder that has learned to label made-up reports as the rules do."""
    import numpy as np
    import torch

    from lingula import bert
    from lingula.bert.model import LabelModel
    from lingula.bert.settings import ModelSettings
    from lingula.bert.tokenizer import SPECIAL_TOKENS, TextTokenizer
    from lingula.bert.weights import save_folder

    torch.manual_seed(seed)
    rules = RuleLabeler()
    reports = made_up_reports(texts, seed)
    classes = torch.from_numpy(rules.label(reports).classes.astype(np.int64))
    vocabulary = Path(bert.__file__).parent / "assets" / "vocab.txt"
    tokenizer = TextTokenizer.from_vocabulary(vocabulary, 128)
    # Only tokens that occur: most of the time of so small a model would go into the others.
    used = {int(x) for tokens in tokenizer.encode(reports) for x in tokens.windows[0]}
    used |= {tokenizer.backend.token_to_id(token) for token in SPECIAL_TOKENS}
    words = "\n".join(str(tokenizer.backend.id_to_token(x)) for x in sorted(used))
    own_vocabulary = folder.with_name(folder.name + "-vocab.txt")
    own_vocabulary.write_text(words + "\n", encoding="utf-8")
    tokenizer = TextTokenizer.from_vocabulary(own_vocabulary, 128)
    ids = [tokens.windows[0] for tokens in tokenizer.encode(reports)]
    config: dict[str, Any] = {
        "model_type": "bert",
        "vocab_size": tokenizer.vocabulary_size,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "max_position_embeddings": 128,
    }
    model = LabelModel.from_config(config, rules.schema).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    chance = np.random.default_rng(seed)
    for _ in range(steps):
        rows = chance.choice(len(reports), size=32, replace=False)
        width = max(len(ids[row]) for row in rows)
        batch = torch.full((len(rows), width), tokenizer.pad_id)
        mask = torch.zeros_like(batch)
        for at, row in enumerate(rows):
            batch[at, : len(ids[row])] = torch.from_numpy(ids[row])
            mask[at, : len(ids[row])] = 1
        logits = model(batch, mask)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), classes[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    about = ModelSettings(rules.schema, name="small", max_length=128)
    save_folder(folder, model.eval(), tokenizer, about)
    return folder


def describe(result: DeletionTest) -> str:
    return (
        f"{result.method}: {result.labels} labels of {result.reports} reports, "
        f"{result.share:.0%} of the words removed\n"
        f"  probability falls by {result.top_drop:.3f} without the top words, by "
        f"{result.random_drop:.3f} without random ones\n"
        f"  difference {result.difference:.3f} (95% interval {result.low:.3f} to "
        f"{result.high:.3f}); top words matter more in {result.wins:.1%} of the labels\n"
        f"  label changes: {result.top_flips:.1%} without the top words, "
        f"{result.random_flips:.1%} without random ones"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labeler", help="A CheXbert .pth file or a model folder.")
    parser.add_argument("--reports", type=Path, help="A table of reports.")
    parser.add_argument("--text-column", action="append", default=[])
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.labeler is None:
        import tempfile

        folder = Path(tempfile.mkdtemp()) / "small"
        started = time.perf_counter()
        train_small_model(folder)
        print(f"trained in {time.perf_counter() - started:.0f} s")
        labeler = lingula.load(folder, runtime="torch")
    else:
        labeler = lingula.load(options.labeler)
    if options.reports is None:
        texts = made_up_reports(options.sample, options.seed + 1)
    else:
        from lingula.explain.sample import draw_sample

        texts = draw_sample(
            options.reports,
            options.sample,
            labeler.schema,
            seed=options.seed,
            text_columns=options.text_column,
        ).texts
    truth = RuleLabeler().label(texts)
    same = labeler.label(texts).classes == truth.classes if options.labeler is None else None
    if same is not None:
        print(f"agrees with the rules in {same.mean():.1%} of the cells")
    for method in METHODS:
        print(
            describe(
                deletion_test(labeler, texts, method=method, share=options.share, seed=options.seed)
            )
        )


if __name__ == "__main__":
    main()
