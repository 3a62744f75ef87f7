"""``lingula train`` for a mention model: folds of styles, then the model of all, in one command."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from lingula.builtin.joining import Joint
from lingula.builtin.marking import mark_names
from lingula.builtin.mention_model import FIRST, REST, SETTINGS, TOKENIZER
from lingula.builtin.reading import MarkReader
from lingula.rules import RuleLabeler
from lingula.training.data.sources import text_files
from lingula.training.mentions.examples import UNKNOWN, Example, ExampleMaker
from lingula.training.mentions.export import export_mentions
from lingula.training.mentions.fit import fit, predict
from lingula.training.mentions.frames import FrameFiller, load_frames
from lingula.training.mentions.joint import choose_sure, fit_joint
from lingula.training.mentions.network import MentionNetwork, build_network
from lingula.training.mentions.perturbing import Perturbation
from lingula.training.mentions.recipe import MentionRecipe
from lingula.training.model.backbones import minilm_folder

#: Sentences drawn from each frame of a left-out style.
JUDGED_COPIES = 2
#: One in so many frames of each style is new to the model by which trust is fitted.
FRAME_FOLDS = 5

Report = Callable[[str, int, int, float], None]


@dataclass(frozen=True, eq=False)
class Held:
    """Mentions of left-out styles: what is true, what the rules and the model say.

    Attributes:
        styles: m names.
        classes: (m,): what is true.
        rules: (m,): what the rules say.
        logits: float32, (m, 2, 4): of the early and of the last head.
    """

    styles: tuple[str, ...]
    classes: npt.NDArray[np.intp]
    rules: npt.NDArray[np.intp]
    logits: npt.NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence[Held]) -> Held:
        """Several as one."""
        return cls(
            tuple(style for part in parts for style in part.styles),
            np.concatenate([part.classes for part in parts]),
            np.concatenate([part.rules for part in parts]),
            np.concatenate([part.logits for part in parts]),
        )


class MentionTraining:
    """One recipe's training.

    Args:
        recipe: With the paths of its inputs.
        report: Called after each epoch with the stage, the epoch, their count and the loss; not
            where several processes train.
    """

    def __init__(self, recipe: MentionRecipe, report: Report | None = None) -> None:
        self.recipe = recipe
        self.rules = RuleLabeler()
        self._report = report
        self.maker = ExampleMaker(self.rules)
        self._frames = load_frames()
        texts = text_files(Path(recipe.synthetic)) if recipe.synthetic else []
        examples = [item.text for _, item in self.rules.lexicon.examples()]
        self._by_rules = [
            *self.maker.from_rules(texts, "synthetic"),
            *self.maker.from_rules(examples, "lexicon"),
        ]

    def run(self, output: Path) -> dict[str, Any]:
        """Train, judge and write; the record that ``run.json`` holds.

        A stage whose weights are in the folder is not trained again.

        Args:
            output: Run folder; gets ``run.json``, ``left_out.npz`` and ``model``.
        """
        began = time.perf_counter()
        output.mkdir(parents=True, exist_ok=True)
        stages = [*range(1, self.recipe.folds + 2), 0]
        files = [output / f"stage{stage}.pt" for stage in stages]
        if self.recipe.processes == 1:
            for stage, file in zip(stages, files, strict=True):
                self.train_stage(stage, file)
        else:
            with ProcessPoolExecutor(
                self.recipe.processes, mp_context=get_context("spawn")
            ) as pool:
                work = [
                    pool.submit(_train_apart, self.recipe, stage, file)
                    for stage, file in zip(stages, files, strict=True)
                ]
                for item in work:
                    item.result()
        return self.assemble(output, began)

    def train_stage(self, stage: int, file: Path) -> None:
        """Train and keep the weights.

        Args:
            stage: 0 on all frames, 1 to ``folds`` without the styles of a fold, and the number
                after that without every fifth frame of each style.
            file: For weights and tokenizer; where it is there, nothing is done.
        """
        if file.is_file():
            return
        torch.set_num_threads(self.recipe.threads)
        network, tokenizer = self._train(stage)
        state = {
            "weights": network.state_dict(),
            "config": network.encoder.config.to_dict(),
            "tokenizer": tokenizer.to_str(),
        }
        torch.save(state, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)

    def assemble(self, output: Path, began: float) -> dict[str, Any]:
        """From the trained stages to the model folder and the record."""
        held = Held.joined(
            [self.judged(output, stage) for stage in range(1, self.recipe.folds + 1)]
        )
        new = self.judged(output, self.recipe.folds + 1)
        joints = [
            fit_joint(new.logits[:, head], new.rules, new.classes, self.recipe.strength)
            for head in (0, 1)
        ]
        rules = new.rules.tolist()
        early, last = (
            joint.chances(new.logits[:, head], rules) for head, joint in enumerate(joints)
        )
        record = {
            "recipe": asdict(self.recipe),
            "sure": choose_sure(early, last, new.classes),
            "rules": self.rules.sha256,
            "seconds": round(time.perf_counter() - began, 1),
            "torch": torch.__version__,
            "left_out": figures(held, joints[1], joints[0]),
            "new_sentences": figures(new, joints[1], joints[0]),
        }
        write_model(output / "model", self.load(output / "stage0.pt"), joints, record)
        (output / "run.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        np.savez_compressed(
            output / "left_out.npz",
            styles=np.array(held.styles), classes=held.classes, rules=held.rules,
            logits=held.logits,
        )  # fmt: skip
        return record

    def sentences(
        self,
        frames: Mapping[str, Sequence[str]],
        seed: Sequence[int],
        *,
        copies: int,
        perturbed: float,
    ) -> list[Example]:
        """Distinct sentences drawn from frames, which are given by style."""
        generator = np.random.default_rng([self.recipe.seed, *seed])
        filler = FrameFiller(self._frames, generator, Perturbation(generator, perturbed))
        made: dict[str, Example] = {}
        for style, some in frames.items():
            for frame in some:
                for _ in range(copies):
                    for item in self.maker.from_known(filler.fill(frame, style)):
                        made.setdefault(item.text, item)
        return list(made.values())

    def _parts(self, stage: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The frames that a stage is trained on, and those that it is judged on."""
        kept: dict[str, list[str]] = {}
        out: dict[str, list[str]] = {}
        for number, (style, frames) in enumerate(self._frames.by_style.items()):
            for at, frame in enumerate(frames):
                if stage > self.recipe.folds:
                    left_out = at % FRAME_FOLDS == number % FRAME_FOLDS
                else:
                    left_out = stage > 0 and number % self.recipe.folds == stage - 1
                (out if left_out else kept).setdefault(style, []).append(frame)
        return kept, out

    def load(self, file: Path) -> tuple[MentionNetwork, Tokenizer]:
        """Network and tokenizer of a stage that was kept."""
        from transformers import BertConfig

        state = torch.load(file, weights_only=True)
        config = BertConfig.from_dict(state["config"], attn_implementation="eager")
        network = MentionNetwork(config, dropout=0.0, early=self.recipe.backbone.early)
        network.load_state_dict(state["weights"])
        return network.eval(), Tokenizer.from_str(state["tokenizer"])

    def judged(self, output: Path, stage: int) -> Held:
        """What a stage's model says of the frames that it was not trained on."""
        network, tokenizer = self.load(output / f"stage{stage}.pt")
        reader = MarkReader(tokenizer, mark_names(self.rules.schema))
        frames = self._parts(stage)[1]
        examples = [
            *self.sentences(frames, [99, 0], copies=JUDGED_COPIES, perturbed=0.0),
            *self.sentences(frames, [99, 1], copies=JUDGED_COPIES, perturbed=1.0),
        ]
        logits = predict(network, reader, [item.text for item in examples])
        known = [
            (item.style, label, said, found[at])
            for item, found in zip(examples, logits, strict=True)
            for at, (label, said) in enumerate(zip(item.classes, item.rules, strict=True))
            if label != UNKNOWN
        ]
        names, classes, rules, rows = zip(*known, strict=True)
        return Held(names, np.array(classes), np.array(rules), np.stack(rows))

    def _train(self, stage: int) -> tuple[MentionNetwork, Tokenizer]:
        recipe = self.recipe
        frames = self._parts(stage)[0]

        def draw(epoch: int) -> list[Example]:
            made = self.sentences(
                frames, [stage, epoch], copies=recipe.copies, perturbed=recipe.perturbed
            )
            generator = np.random.default_rng([recipe.seed, stage, epoch, 1])
            taken = generator.random(len(self._by_rules)) < recipe.by_rules
            return [*made, *(self._by_rules[at] for at in np.flatnonzero(taken))]

        torch.manual_seed(recipe.seed + stage)
        with minilm_folder(recipe.backbone.path) as folder:
            texts = [item.text for epoch in range(2) for item in draw(epoch)]
            network, tokenizer = build_network(folder, self.rules.schema, texts, recipe.backbone)
        name = f"with parts left out, {stage}" if stage else "all"
        epochs = recipe.fold_epochs if stage else recipe.fit.epochs
        report = self._report
        fit(
            network,
            MarkReader(tokenizer, mark_names(self.rules.schema)),
            draw,
            replace(recipe.fit, seed=recipe.seed + stage, epochs=epochs),
            None if report is None else lambda *facts: report(name, *facts),
        )
        return network, tokenizer


def _train_apart(recipe: MentionRecipe, stage: int, file: Path) -> None:
    """One stage in a process of its own."""
    MentionTraining(recipe).train_stage(stage, file)


def figures(held: Held, joint: Joint, early: Joint) -> dict[str, Any]:
    """Shares of mentions that rules, model, and both together get right, by style and in all."""
    rules = held.rules.tolist()
    said = {
        "rules": held.rules,
        "model": held.logits[:, 1].argmax(axis=1),
        "early": early.chances(held.logits[:, 0], rules).argmax(axis=1),
        "joined": joint.chances(held.logits[:, 1], rules).argmax(axis=1),
    }
    names = np.array(held.styles)
    out: dict[str, Any] = {}
    for style in (*dict.fromkeys(held.styles), "all"):
        rows = np.ones(len(names), dtype=bool) if style == "all" else names == style
        out[style] = {
            "mentions": int(rows.sum()),
            **{
                who: round(float((what[rows] == held.classes[rows]).mean()), 4)
                for who, what in said.items()
            },
        }
    return out


def write_model(
    folder: Path,
    trained: tuple[MentionNetwork, Tokenizer],
    joints: Sequence[Joint],
    record: dict[str, Any],
) -> None:
    """A model folder: graphs, tokenizer and ``mentions.json``."""
    network, tokenizer = trained
    folder.mkdir(parents=True, exist_ok=True)
    export_mentions(network, folder)
    (folder / TOKENIZER).write_text(tokenizer.to_str(), encoding="utf-8")
    early, last = (
        {"temperature": joint.temperature, "trust": joint.trust.tolist()} for joint in joints
    )
    settings = {
        "format": 1,
        "schema": "chexpert14",
        "joint": last,
        "early": early,
        "sure": record["sure"],
        "trained_with_rules": record["rules"],
        "left_out_styles": record["left_out"]["all"],
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in (FIRST, REST, TOKENIZER)
        },
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
