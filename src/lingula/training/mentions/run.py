"""``lingula train`` for a mention model: folds of styles, then the model of all, in one command."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from lingula.builtin.joining import Floats, Joint
from lingula.builtin.marking import mark_names, marked_observations
from lingula.builtin.reading import MarkReader
from lingula.labels import Label
from lingula.rules import RuleLabeler
from lingula.training.data.sources import text_files
from lingula.training.mentions.calibrating import calibrate
from lingula.training.mentions.examples import UNKNOWN, Example, ExampleMaker
from lingula.training.mentions.fit import fit, predict
from lingula.training.mentions.frames import FrameFiller, load_frames
from lingula.training.mentions.held import Held, figures
from lingula.training.mentions.joint import choose_sure, fit_joint
from lingula.training.mentions.model_folder import write_model
from lingula.training.mentions.network import MentionNetwork, build_network
from lingula.training.mentions.opening import is_mention_model, open_network
from lingula.training.mentions.perturbing import Perturbation
from lingula.training.mentions.recipe import MentionRecipe
from lingula.training.model.backbones import minilm_folder

#: Sentences drawn from each frame of a left-out style, and from each that is kept out.
JUDGED_COPIES, KEPT_COPIES = 2, 6
#: Parts of the kept-out frames; each is told of by trust that was fitted on the others.
JOINT_FOLDS = 5

Report = Callable[[str, int, int, float], None]


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
            output: Run folder; gets ``run.json`` and ``model``.
        """
        began = time.perf_counter()
        output.mkdir(parents=True, exist_ok=True)
        stages = range(self.recipe.folds + 1)
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
            stage: 0 on all frames, 1 to ``folds`` without the styles of a fold.
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
        new = self.judged(output, 0)
        joints = self.fit_joints(new)
        record: dict[str, Any] = {
            "recipe": asdict(self.recipe),
            "sure": choose_sure(*new.chances(joints), new.classes),
            "rules": self.rules.sha256,
            "seconds": round(time.perf_counter() - began, 1),
            "torch": torch.__version__,
            "new_sentences": figures(new, self.crossed(new)),
        }
        held = [self.judged(output, stage) for stage in range(1, self.recipe.folds + 1)]
        if held:
            every = Held.joined(held)
            record["left_out"] = figures(every, every.chances(joints))
        folder = output / "model"
        write_model(folder, self.load(output / "stage0.pt"), joints, record)
        if self.recipe.openi:
            record["coded_reports"] = calibrate(
                folder, Path(self.recipe.openi), self.rules, self.recipe.threads
            )
        (output / "run.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        return record

    def fit_joints(self, new: Held) -> list[Joint]:
        """Of the early and of the last head."""
        count, options = len(self.rules.schema), self.recipe.joint
        return [
            fit_joint(
                new.logits[:, head],
                new.rules,
                new.observations,
                new.classes,
                count=count,
                options=options,
            )
            for head in (0, 1)
        ]

    def crossed(self, new: Held) -> tuple[Floats, Floats]:
        """Chances of each fifth of the frames by trust that was fitted on the others."""
        number = {frame: at for at, frame in enumerate(dict.fromkeys(new.frames))}
        fold = np.array([number[frame] % JOINT_FOLDS for frame in new.frames])
        early, last = np.zeros((2, len(fold), len(Label)))
        for at in range(JOINT_FOLDS):
            rows = fold == at
            joints = self.fit_joints(new.some(~rows))
            early[rows], last[rows] = new.some(rows).chances(joints)
        return early, last

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
                        made.setdefault(item.text, replace(item, frame=frame))
        return list(made.values())

    def _parts(self, stage: int) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]:
        """The frames that a stage is trained on, and those that it is judged on."""
        every = self._frames.by_style
        if not stage:
            return every, self._frames.kept_out
        styles = list(every)
        out = [name for at, name in enumerate(styles) if at % self.recipe.folds == stage - 1]
        kept = {name: frames for name, frames in every.items() if name not in out}
        return kept, {name: every[name] for name in out}

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
        copies = JUDGED_COPIES if stage else KEPT_COPIES
        examples = [
            *self.sentences(frames, [99, 0], copies=copies, perturbed=0.0),
            *self.sentences(frames, [99, 1], copies=copies, perturbed=1.0),
        ]
        logits = predict(network, reader, [item.text for item in examples])
        known = [
            (item.style, item.frame, label, said, about, found[at])
            for item, found in zip(examples, logits, strict=True)
            for at, (label, said, about) in enumerate(
                zip(item.classes, item.rules, marked_observations(item.text), strict=True)
            )
            if label != UNKNOWN
        ]
        styles, names, classes, rules, about, rows = zip(*known, strict=True)
        return Held(
            styles, names, np.array(classes), np.array(rules), np.array(about), np.stack(rows)
        )

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
        network, tokenizer = self._begin(draw)
        name = f"without some styles, {stage}" if stage else "all"
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

    def _begin(self, draw: Callable[[int], list[Example]]) -> tuple[MentionNetwork, Tokenizer]:
        """The network before training: of an encoder, or of a mention model that goes on."""
        backbone = self.recipe.backbone
        if backbone.path and is_mention_model(Path(backbone.path)):
            return open_network(Path(backbone.path))
        with minilm_folder(backbone.path) as folder:
            texts = [item.text for epoch in range(2) for item in draw(epoch)]
            return build_network(folder, self.rules.schema, texts, backbone)


def _train_apart(recipe: MentionRecipe, stage: int, file: Path) -> None:
    """One stage in a process of its own."""
    MentionTraining(recipe).train_stage(stage, file)
