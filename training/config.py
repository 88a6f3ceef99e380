"""What a training run is told: a TOML file of `configs/` overrides what it names."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from generator.composer.model import ModelConfig


@dataclass(frozen=True, slots=True)
class TrainConfig:
    name: str = "tunesmith"
    description: str = ""  # what people read who choose among models
    model: ModelConfig = field(default_factory=ModelConfig)
    tokens: Literal["tunesmith", "folk_rnn", "characters"] = "tunesmith"  # the form in which tunes are read
    collections: tuple[str, ...] = ()  # whose tunes alone are learned from and validated with; none: all
    window: int = 0  # tokens of an example that is cut out of all tunes joined; 0: an example is a whole tune
    batch: int = 32  # examples; smaller ones generalise better here, larger ones run faster
    epochs: int = 40
    minutes: float = 0.0  # training ends with the epoch in which they are up; 0: no limit
    optimizer: Literal["adamw", "adam", "rmsprop"] = "adamw"
    learning_rate: float = 2e-3  # at its height
    # cosine: from nothing to its height in the warm-up, then down to nothing; decay: × 0.97 an epoch after the 20th
    schedule: Literal["cosine", "constant", "decay"] = "cosine"
    warm_up: float = 0.02  # of all steps, for the cosine
    weight_decay: float = 0.05
    clip_norm: float = 1.0  # of each variable's gradient; 0: not clipped
    weight_averaging: float = 0.0  # momentum of the average that is validated and kept, such as 0.999; 0: none
    header_dropout: float = 0.15  # so that a wish may leave rhythm or mode open
    begin_from: str = ""  # the folder of a run whose best weights are gone on from; none: from nothing
    patience: int = 6  # epochs without a better validation loss
    mixed_precision: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if get_origin(kind) is Literal and getattr(self, name) not in (known := get_args(kind)):
                raise ValueError(f"{name} is {getattr(self, name)!r}, which is none of {', '.join(known)}.")

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads a TOML file that overrides what it names; raises ValueError for names that do not exist."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        model = values.pop("model", {})
        for given, kind in ((values, cls), (model, ModelConfig)):
            unknown = set(given) - {item.name for item in fields(kind)}
            if unknown:
                raise ValueError(f"{path} sets {', '.join(sorted(unknown))}, which does not exist.")
        values["collections"] = tuple(values.get("collections", ()))
        return cls(**values, model=ModelConfig(**model))

    def flat(self) -> dict[str, Any]:
        """Each value by its name, the model's as `model.units`."""
        values = asdict(self)
        return {**{f"model.{name}": value for name, value in values.pop("model").items()}, **values}
