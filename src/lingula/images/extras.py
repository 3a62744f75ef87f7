"""Whether the packages of the extra ``images`` are there."""

from __future__ import annotations

from lingula.errors import MissingExtraError
from lingula.network import silence


def require_images(feature: str = "Image models") -> None:
    """Raise MissingExtraError where a package of the extra ``images`` is not installed.

    Args:
        feature: What was asked for, as the start of a sentence.
    """
    silence()
    try:
        import accelerate  # noqa: F401
        import monai  # noqa: F401
        import PIL  # noqa: F401
        import pydicom  # noqa: F401
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        raise MissingExtraError(feature, "images") from None
