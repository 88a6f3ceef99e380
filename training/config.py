"""The configuration of a training run. The TOML files in `configs/` override its defaults."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from generator.composer.model import ModelConfig


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The settings of a run. The defaults are for our own model."""

    name: str = "tunesmith"
    description: str = ""  # shown to users who choose among models
    model: ModelConfig = field(default_factory=ModelConfig)
    tokenizer: Literal["tunesmith", "folk_rnn", "characters"] = "tunesmith"
    collections: tuple[str, ...] = ()  # to train and validate on; empty: all
    sequence_length: int = 0  # tokens of an example, cut out of all tunes joined; 0: an example is a whole tune
    batch_size: int = 32  # smaller batches generalize better here, larger ones run faster
    epochs: int = 40
    max_minutes: float = 0.0  # stop after the epoch in which this time is reached; 0: no limit
    optimizer: Literal["adamw", "adam", "rmsprop"] = "adamw"
    learning_rate: float = 2e-3  # peak
    # cosine: linear warm-up to the peak, then cosine decay to 0. decay: constant for 20 epochs, then × 0.97 per epoch.
    learning_rate_schedule: Literal["cosine", "constant", "decay"] = "cosine"
    warmup_fraction: float = 0.02  # of all steps, for the cosine schedule
    weight_decay: float = 0.05
    clip_norm: float = 1.0  # of each variable's gradient; 0: no clipping
    ema_momentum: float = 0.0  # of the moving average of the weights, which is then validated and saved; 0: no average
    header_dropout: float = 0.15  # probability of hiding each header token, so that requests need not set them
    form_dropout: float = 0.0  # probability of hiding all of a tune's form at once, beside what `header_dropout` hides
    init_from: str = ""  # folder of a run whose best weights are fine-tuned; empty: random initialization
    patience: int = 6  # early stopping after this number of epochs without a better validation loss
    # Keras' policy for the matrix products. auto: bfloat16 where the machine has instructions for it, else float32, which is
    # faster there (see training.precision).
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    seed: int = 1

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if get_origin(kind) is Literal and getattr(self, name) not in (choices := get_args(kind)):
                raise ValueError(f"{name} is {getattr(self, name)!r}, but must be one of {', '.join(choices)}.")

    @property
    def is_baseline(self) -> bool:
        """Whether the model can be measured but not composed with."""
        return self.tokenizer != "tunesmith" or self.model.heads > 0

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a TOML file; raises ValueError for unknown settings."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        model = values.pop("model", {})
        for given, kind in ((values, cls), (model, ModelConfig)):
            unknown = set(given) - {item.name for item in fields(kind)}
            if unknown:
                raise ValueError(f"{path} contains unknown settings: {', '.join(sorted(unknown))}.")
        values["collections"] = tuple(values.get("collections", ()))
        return cls(**values, model=ModelConfig(**model))

    def flat(self) -> dict[str, Any]:
        """All settings by name, the model's as `model.units`."""
        values = asdict(self)
        return {**{f"model.{name}": value for name, value in values.pop("model").items()}, **values}
