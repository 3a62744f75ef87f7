"""What is trained: a backbone that reads gray images, with the normalization that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lingula.errors import CheckpointError, RecipeError
from lingula.images.pictures import WHITE
from lingula.images.recipe import Augmentation, NetworkSettings
from lingula.network import silence


@dataclass(frozen=True)
class Normalization:
    """Mean and standard deviation of the training films' gray values, in 0 to 1."""

    mean: float
    deviation: float


class FilmNetwork(nn.Module):
    """From uint16 images (n, height, width) to outputs, (n, k) or (n, k, outputs).

    Args:
        settings: The backbone.
        observations: k.
        outputs: Numbers for each observation.
        normalization: Of gray values; part of the state.
        channels_last: Memory order.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        settings: NetworkSettings,
        observations: int,
        outputs: int,
        normalization: Normalization,
        *,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(normalization.mean))
        self.register_buffer("deviation", torch.tensor(normalization.deviation))
        self.augmentation = Augmentation()
        self.outputs = outputs
        self._channels = settings.channels
        self._frozen = settings.frozen
        self._order = torch.channels_last if channels_last else torch.contiguous_format
        self.backbone, self.last = _backbone(settings, observations * outputs)
        if settings.frozen:
            self.freeze()
        as_ordered: Any = self.to  # torch's stubs lack this form of it
        as_ordered(memory_format=self._order)

    def forward(self, pixels: Tensor) -> Tensor:
        """Outputs of some images."""
        images = pixels.float().unsqueeze(1) / WHITE
        if self.training and not self.augmentation.none:
            images = augmented(images, self.augmentation)
        images = (images - self.mean) / self.deviation
        images = images.expand(-1, self._channels, -1, -1).contiguous(memory_format=self._order)
        found = self.backbone(images)
        flat = found if isinstance(found, Tensor) else found.logits
        return flat if self.outputs == 1 else flat.unflatten(1, (-1, self.outputs))

    def freeze(self) -> None:
        """From now on train the last layer only; norms stay as they are."""
        self._frozen = True
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad = name.startswith(self.last)

    def train(self, mode: bool = True) -> FilmNetwork:
        """As of any module; the norms of a frozen backbone stay as they are."""
        super().train(mode)
        if mode and self._frozen:
            self.backbone.eval()
        return self


def augmented(images: Tensor, settings: Augmentation) -> Tensor:
    """Images turned, shifted, scaled, and changed in contrast and brightness, each by its own draw.

    Drawn from torch's generator, whose state a checkpoint holds.

    Args:
        images: Shape (n, 1, height, width), 0 to 1.
        settings: The most of each.
    """
    draws = torch.rand(len(images), 6, device=images.device) * 2 - 1
    angle = draws[:, 0] * torch.pi * settings.rotation / 180
    scale = 1 + draws[:, 1] * settings.zoom
    shift = draws[:, 2:4] * 2 * settings.shift
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    rows = (cosine, -sine, shift[:, 0], sine, cosine, shift[:, 1])
    turned = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = nn.functional.affine_grid(turned, list(images.shape), align_corners=False)
    moved = nn.functional.grid_sample(images, grid, align_corners=False)
    contrast = (1 + draws[:, 4] * settings.contrast).view(-1, 1, 1, 1)
    brightness = (draws[:, 5] * settings.brightness).view(-1, 1, 1, 1)
    return ((moved - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)


def load_weights(network: FilmNetwork, path: Path) -> tuple[int, int]:
    """Begin with weights from a file; the last layer and what does not fit stay as drawn.

    Names are compared without a leading "module.", "model." or "backbone.".

    Returns:
        How many tensors were taken, and how many the backbone has.

    Raises:
        CheckpointError: If the file cannot be read, or nothing fits.
    """
    given = {_bare(name): value for name, value in _tensors(path).items()}
    own = network.backbone.state_dict()
    taken = {
        name: given[name]
        for name, value in own.items()
        if name in given and given[name].shape == value.shape
    }
    if not taken:
        raise CheckpointError(f"{path}: none of its tensors fits this network")
    network.backbone.load_state_dict({**own, **taken})
    return len(taken), len(own)


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  (torch raises many kinds for a damaged file)
        raise CheckpointError(f"{path}: cannot be read as weights: {error}") from None
    held = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(held, dict):
        raise CheckpointError(f"{path}: holds no weights by name")
    return {name: value for name, value in held.items() if isinstance(value, Tensor)}


def _bare(name: str) -> str:
    for beginning in ("module.", "model.", "backbone."):
        name = name.removeprefix(beginning)
    return name


def _backbone(settings: NetworkSettings, outputs: int) -> tuple[nn.Module, str]:
    """The backbone, and how the names of its last layer begin."""
    if settings.kind == "huggingface":
        return _from_folder(settings, outputs), "classifier"
    silence()
    from monai.networks.nets.densenet import DenseNet

    network: nn.Module = DenseNet(
        spatial_dims=2,
        in_channels=settings.channels,
        out_channels=outputs,
        init_features=settings.init_features,
        growth_rate=settings.growth_rate,
        block_config=settings.blocks,
        dropout_prob=settings.dropout,
    )
    return network, "class_layers.out"


def _from_folder(settings: NetworkSettings, outputs: int) -> nn.Module:
    """An image classifier of Hugging Face, from a local folder and nothing else."""
    silence()
    from transformers import AutoConfig, AutoModelForImageClassification

    try:
        if not any(Path(settings.folder).glob("*.safetensors")):  # of a model folder of ours
            config = AutoConfig.from_pretrained(
                settings.folder, num_labels=outputs, local_files_only=True
            )
            made: Any = AutoModelForImageClassification  # its method has no types
            bare: nn.Module = made.from_config(config)
            return bare
        network: nn.Module = AutoModelForImageClassification.from_pretrained(
            settings.folder,
            num_labels=outputs,
            local_files_only=True,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
        )
    except (OSError, ValueError) as error:
        raise RecipeError(
            f"network.folder {settings.folder}: no image classifier of Hugging Face: {error}"
        ) from None
    return network
