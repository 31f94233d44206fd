"""Frameworks that are known here, and the archetype of model that each is taken as where nothing was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.workload.quantity import Text

__all__ = ["DEEP", "FRAMEWORKS", "Framework", "archetype", "known_framework"]

DEEP = "deep"
_ARCHETYPES: Mapping[str, tuple[str, ...]] = {
    "trees": (
        "xgboost", "lightgbm", "catboost", "scikit-learn", "sklearn", "scikit", "spark", "linear", "prophet",
        "statsmodels",
    ),
    "llm": ("vllm", "llm", "tgi", "djl", "lmi", "sglang", "tensorrt-llm"),
    "transformer": (
        "huggingface", "hugging-face", "transformers", "sentence-transformers", "sentence", "triton", "bert", "whisper",
        "diffusers",
    ),
    DEEP: (
        "pytorch", "torch", "tensorflow", "keras", "mxnet", "jax", "flax", "onnx", "paddle", "fastai", "openvino",
        "chainer", "caffe", "lightning", "detectron", "yolo", "timm", "neuron", "tensorrt",
    ),
}  # fmt: skip
# What is told to a user: one name each, in the order of the archetypes.
FRAMEWORKS = (
    "xgboost", "lightgbm", "catboost", "scikit-learn", "spark", "vllm", "tgi", "djl", "sglang", "huggingface",
    "sentence-transformers", "diffusers", "whisper", "triton", "pytorch", "tensorflow", "keras", "mxnet", "jax", "onnx",
)  # fmt: skip


def archetype(framework: str) -> str:
    """trees, llm, transformer or deep, by the framework's name; deep where it is not known."""
    return _found(framework) or DEEP


def known_framework(framework: str) -> bool:
    """Whether the archetype follows from the name."""
    return _found(framework) is not None


def _found(framework: str) -> str | None:
    name = framework.lower().replace("_", "-").replace(" ", "-")
    return next((kind for kind, words in _ARCHETYPES.items() if any(word in name for word in words)), None)


class Framework(Text):
    """A framework's name: any text, the known ones proposed."""

    def __init__(self) -> None:
        super().__init__(60, one_line=True)

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "examples": list(FRAMEWORKS)}
