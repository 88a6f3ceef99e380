"""Teaches the title model the titles of the collections: `python -m training.titles`, about three minutes on one core."""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.composer.title_rules import (
    FEWEST_WORDS,
    LONGEST,
    MOST_WORDS,
    SHORTEST,
    joints,
    letters,
    names_other_rhythm,
    shape,
)
from generator.composer.titles import LETTERS, SHIPPED, digest
from generator.composer.unfit import unfit
from generator.notation.errors import NotationError
from generator.notation.metres import RHYTHMS
from generator.notation.reader import read
from training.corpus.corpus import infer_rhythm
from training.corpus.sources import RawTune, tunes

# Aird's and the miscellany's names are Scottish and English, in spellings of their own: their titles are known, not learned.
LEARNED = ("irish.abc", "oneills1850", "ryansMammoth")
CONDITIONS = ("", *RHYTHMS)
UNITS = 256
BEFORE, AFTER = 3, 2  # neighbours that a word has had on either side, for new ones to be trusted
HELD_OUT = 0.08  # of the titles, to stop by
_MARK = "reel|jig|slip ?jig|hornpipe|clog|strathspey|highland fling|fling"

_MISPRINTS = {
    "behavior": "behaviour", "cockels": "cockles", "edinboro'": "edinburgh", "edinburg": "edinburgh", "favorite": "favourite",
    "folic": "frolic", "hornpipie": "hornpipe", "humor": "humours", "humors": "humours", "humour": "humours",
    "laborer": "labourer", "laboring": "labouring", "lullagy": "lullaby", "motherinlaw": "mother-in-law", "mountan": "mountain",
    "o'niel": "o'neill", "rememberance": "remembrance", "seige": "siege", "was'nt": "wasn't",
}  # fmt: skip


def field(text: str) -> list[str]:
    """The titles in a tune's `T:` fields."""
    found = re.findall(r"^T:(.*)$", text, re.MULTILINE)
    return [title.strip().removeprefix("T:").strip() for title in found]


def tidy(title: str) -> str:
    """A collection's title in small letters, without numbers, settings, rhythm marks and stray signs; articles in front."""
    text = unicodedata.normalize("NFC", title).lower().replace("’", "'").replace("&", " and ").replace("t:", "t")
    text = re.sub(r"\(.*?\)|\[.*?\]|%.*|\"|, or .*|\b(?:1st|2nd|3rd|first|second) setting.*|,? no\. ?\d+.*", " ", text)
    text = re.sub(rf"\s*-+\s*(?:{_MARK})\W*$|\s--.*", " ", text)
    text = re.sub(r"[\s.,:;!?]+$", "", text)
    text = re.sub(r"^(.*?)[.,]*,\s*(the|an|a)$", r"\2 \1", text)
    text = re.sub(r"[,!?]", "", re.sub(r"\b(mrs?|st|dr)\.", r"\1", text))
    return " ".join(_MISPRINTS.get(word, word) for word in text.split())


def known(raw: Iterable[RawTune]) -> set[str]:
    """Every title of every collection as titles are compared: also the second ones, and each side of an “or”."""
    found = set()
    for tune in raw:
        for title in field(tune.text):
            sides = (title, *re.split(r",? or |/|;|\(|--", title))
            found |= {letters(form) for side in sides for form in (side, tidy(side))}
    return found - {""}


def examples(raw: Iterable[RawTune]) -> list[tuple[str, str]]:
    """Rhythm and title of what the model learns from: each once, in small letters, none of them unfit."""
    found: dict[tuple[str, str], None] = {}
    for tune in raw:
        if tune.collection not in LEARNED:
            continue
        rhythm = _rhythm(tune)
        titles = field(tune.text)
        for title in titles[:1] if tune.collection == "oneills1850" else titles:  # its second titles are Irish in an old script
            text = tidy(title)
            if rhythm and text.endswith(("'s", "s'")):
                text += f" {rhythm}"  # the books leave it to the heading
            if learnable(text, rhythm) and not unfit(title):
                found[rhythm, text] = None
    return list(found)


def shapes(titles: Iterable[str]) -> set[str]:
    """What titles are built of, with “green *” for a word that stands before many others, and “* maid” for one after many."""
    parts, before, after = set(), defaultdict(set), defaultdict(set)
    for title in titles:
        parts.update(shape(title))
        for one, two in joints(title):
            parts.add(f"{one} {two}")
            before[one].add(two)
            after[two].add(one)
    parts |= {f"{word} *" for word, others in before.items() if len(others) >= BEFORE}
    return parts | {f"* {word}" for word, others in after.items() if len(others) >= AFTER}


def learnable(text: str, rhythm: str) -> bool:
    return (
        SHORTEST <= len(text) <= LONGEST
        and FEWEST_WORDS <= len(text.split()) <= MOST_WORDS
        and set(text) <= set(LETTERS)
        and not unfit(text)
        and not names_other_rhythm(text, rhythm)
    )


def _rhythm(tune: RawTune) -> str:
    try:
        return infer_rhythm(tune, read(tune.text))
    except NotationError:
        return ""


def arrays(titles: Sequence[tuple[str, str]]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Characters in, rhythm and characters out, each [title, place]; places after the end hold -1 in the output."""
    longest = max(len(title) for _, title in titles) + 1
    inputs, outputs = np.zeros((len(titles), longest), np.int32), np.full((len(titles), longest), -1, np.int32)
    for row, (_, title) in enumerate(titles):
        codes = [LETTERS.index(letter) for letter in title]
        inputs[row, 1 : len(codes) + 1] = codes
        outputs[row, : len(codes) + 1] = [*codes, 0]
    rhythms = np.array([[CONDITIONS.index(rhythm)] for rhythm, _ in titles], np.int32)
    return inputs, np.broadcast_to(rhythms, inputs.shape), outputs


def build(units: int = UNITS) -> Any:
    import keras

    characters, rhythms = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    spelt = keras.layers.Embedding(len(LETTERS), 48, name="characters")(characters)
    asked = keras.layers.Embedding(len(CONDITIONS), 16, name="rhythms")(rhythms)
    joined = keras.layers.Concatenate()([keras.layers.Dropout(0.1)(spelt), keras.layers.Dropout(0.1)(asked)])
    hidden = keras.layers.LSTM(units, return_sequences=True, name="lstm")(joined)
    scores = keras.layers.Dense(len(LETTERS), name="output")(keras.layers.Dropout(0.4)(hidden))
    return keras.Model([characters, rhythms], scores)


def save(model: Any, titles: Sequence[tuple[str, str]], all_known: set[str], path: Path) -> None:
    """The model in half precision with its embeddings folded into the gates; hashes of titles and shapes; words."""
    spelt, asked = (np.asarray(model.get_layer(name).get_weights()[0]) for name in ("characters", "rhythms"))
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    output, output_bias = model.get_layer("output").get_weights()
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        characters=(spelt @ kernel[: spelt.shape[1]] + bias).astype(np.float16),
        rhythms=np.array(CONDITIONS),
        conditions=(asked @ kernel[spelt.shape[1] :]).astype(np.float16),
        recurrent=recurrent.astype(np.float16),
        output=output.astype(np.float16),
        bias=output_bias.astype(np.float16),
        known=np.array(sorted(map(digest, all_known)), np.uint64),
        shapes=np.array(sorted(map(digest, shapes(title for _, title in titles))), np.uint64),
        words=np.frombuffer(" ".join(sorted({word for _, title in titles for word in title.split()})).encode(), np.uint8),
    )


def train(raw: Sequence[RawTune], path: Path, *, epochs: int = 60, units: int = UNITS, seed: int = 1) -> dict[str, float]:
    """Trains until held-out titles get no likelier, saves the best, and tells the figures."""
    import keras

    keras.utils.set_random_seed(seed)
    began = time.monotonic()
    titles = examples(raw)
    order = np.random.default_rng(seed).permutation(len(titles))
    inputs, rhythms, outputs = (array[order] for array in arrays(titles))
    rhythms = np.where(np.random.default_rng(seed).random((len(titles), 1)) < 0.1, 0, rhythms)  # an open rhythm is learned, too
    held_out = max(1, round(HELD_OUT * len(titles)))
    model = build(units)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), loss)
    history = model.fit(
        [inputs[held_out:], rhythms[held_out:]],
        outputs[held_out:],
        batch_size=64,
        epochs=epochs,
        validation_data=([inputs[:held_out], rhythms[:held_out]], outputs[:held_out]),
        callbacks=[
            keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.4),
            keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True),
        ],
        verbose=2,
    )
    save(model, titles, known(raw), path)
    return {
        "titles": len(titles),
        "epochs": len(history.history["loss"]),
        "held_out_nats_per_character": round(min(history.history["val_loss"]), 3),
        "seconds": round(time.monotonic() - began, 1),
        "bytes": path.stat().st_size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.titles", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/corpus"), help="where irish.abc is kept")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="the file to write")
    options = parser.parse_args()
    print(train(list(tunes(options.data)), options.out))  # noqa: T201


if __name__ == "__main__":
    main()
