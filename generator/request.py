"""What a user can request. `TuneRequest` declares each parameter once: field, limits, reader and help text together."""

# No `from __future__ import annotations` here: `declared_parameters` needs the annotations of TuneRequest as objects, not text.
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal, Self, get_args

from generator.notation.bar_numbers import read_bar_numbers
from generator.notation.errors import NotationError
from generator.notation.frequency_tables import KEY_COUNTS
from generator.notation.instruments import MOST_HALF_HOLED, RANGES, home_keys
from generator.notation.keys import Key
from generator.notation.metres import RHYTHMS, Metre
from generator.notation.names import translatable
from generator.notation.opening import read_opening
from generator.notation.opening_modes import OPENING_MODES, OpeningMode
from generator.notation.score import Score
from generator.notation.tokens import METRES, MODES, token_metre
from generator.parameter_readers import (
    MAX_KEEP_CHARACTERS,
    MAX_MODEL_CHARACTERS,
    MAX_OPENING_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    OMISSIONS,
    model_named,
    read_keep,
    read_key,
    read_metre,
    read_model,
    read_omissions,
    read_opening_text,
    read_rhythm,
    read_title,
)
from generator.parameters import Parameter, RequestError, choice, declared_parameters, flag, number
from generator.user_messages import OneOf, UserMessage

__all__ = [
    "DEFAULT_STRENGTH",
    "INSTRUMENTS",
    "MAX_CANDIDATES",
    "MAX_KEEP_CHARACTERS",
    "MAX_MODEL_CHARACTERS",
    "MAX_OPENING_CHARACTERS",
    "MAX_SEED",
    "MAX_STRENGTH",
    "MAX_TEMPERATURE",
    "MAX_TEMPO",
    "MAX_TIMES",
    "MAX_TITLE_CHARACTERS",
    "MIN_TEMPERATURE",
    "MIN_TEMPO",
    "OMISSIONS",
    "PARAMETERS",
    "STRUCTURES",
    "RequestError",
    "Structure",
    "TuneRequest",
    "instrument_named",
    "model_named",
]

# "parts": as is usual in the rhythm. "aabb": two parts, each played twice. "abac": four parts of which the third is the first.
Structure = Literal["parts", "parts of 4", "parts of 8", "parts of 16", "aabb", "abac", "free"]
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
MAX_SEED = 2**31 - 1
DEFAULT_STRENGTH, MAX_STRENGTH = 2, 3
MAX_CANDIDATES = 16
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
MIN_TEMPO, MAX_TEMPO = 0.5, 1.5
MAX_TIMES = 3
INSTRUMENTS = tuple(RANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """A checked request. None or an empty text means that the composer chooses.

    A field's annotation declares the parameter; `PARAMETERS` collects them. Make requests of user input with `check`.
    """

    rhythm: Annotated[
        str | None,
        Parameter(
            help=UserMessage("Type of tune: a dance such as a reel or jig, or an air."),
            read=read_rhythm,
            choices=tuple(RHYTHMS),
            personal=True,
        ),
    ] = None
    # As ABC writes it (`Ador`), or only a mode (`dorian`), for which the composer chooses a tonic.
    key: Annotated[
        str | None,
        Parameter(help=UserMessage("Tonic and mode in ABC notation: D, Am, Ador, Gmix."), read=read_key, personal=True),
    ] = None
    metre: Annotated[
        str | None,
        Parameter(help=UserMessage("Metre (time signature), such as 4/4 or 6/8."), read=read_metre, max_characters=20),
    ] = None
    opening: Annotated[
        str,
        Parameter(
            help=UserMessage("A few bars of ABC to start from."), read=read_opening_text, max_characters=MAX_OPENING_CHARACTERS
        ),
    ] = ""
    mode: Annotated[
        OpeningMode,
        choice(
            OPENING_MODES,
            lambda text, names: UserMessage("I don't know the mode “{text}”. Try {names}.", text=text, names=names),
            help=UserMessage("What to do with the opening (default: continue it)."),
        ),
    ] = "continue"
    strength: Annotated[
        int,
        number(
            int,
            1,
            MAX_STRENGTH,
            lambda value: UserMessage(
                "Strength must be from 1 (a few changes) to {most} (mostly new), not {value}.", most=MAX_STRENGTH, value=value
            ),
            help=UserMessage("How much a variation changes the tune (default: 2)."),
            choices=tuple(range(1, MAX_STRENGTH + 1)),
        ),
    ] = DEFAULT_STRENGTH
    # Numbers of bars as in bar_numbers; only in the mode `vary`, which then changes all other bars.
    keep: Annotated[
        str,
        Parameter(
            help=UserMessage("Bars that a variation keeps, such as 1-4 7; it composes all others anew."),
            read=read_keep,
            max_characters=MAX_KEEP_CHARACTERS,
        ),
    ] = ""
    structure: Annotated[
        Structure,
        choice(
            STRUCTURES,
            lambda text, names: UserMessage("I don't know the structure “{text}”. Try {names}.", text=text, names=names),
            help=UserMessage("Structure of the tune (default: as usual for its rhythm)."),
            personal=True,
        ),
    ] = "parts"
    title: Annotated[
        str, Parameter(help=UserMessage("Title of the tune."), read=read_title, max_characters=MAX_TITLE_CHARACTERS)
    ] = ""
    instrument: Annotated[
        str,
        choice(
            INSTRUMENTS,
            lambda text, names: UserMessage("I don't know the instrument “{text}”. Try {names}.", text=text, names=names),
            help=UserMessage("Melody instrument, which can play the tune (default: depends on the rhythm)."),
            personal=True,
        ),
    ] = ""
    backing: Annotated[
        bool,
        flag(
            "with",
            "without",
            UserMessage("Backing must be “with” or “without”."),
            help=UserMessage("Whether guitar and bodhrán play along (default: yes)."),
            personal=True,
        ),
    ] = True
    # False leaves only the chord symbols that the opening has, where it is played.
    chords: Annotated[
        bool,
        flag(
            "with",
            "without",
            UserMessage("Chords must be “with” or “without”."),
            help=UserMessage("Whether the chords of the backing are above the notes (default: only those in your ABC)."),
        ),
    ] = False
    temperature: Annotated[
        float,
        number(
            float,
            MIN_TEMPERATURE,
            MAX_TEMPERATURE,
            lambda value: UserMessage("Temperature must be from 0.1 (steady) to 2 (wild), not {value}.", value=value),
            help=UserMessage("From 0.1 (steady) to 2 (wild); default: 1."),
            personal=True,
        ),
    ] = 1.0
    # Relative to the rhythm's tempo; in the mode `play`, to the opening's own.
    tempo: Annotated[
        float,
        number(
            float,
            MIN_TEMPO,
            MAX_TEMPO,
            lambda value: UserMessage("Tempo must be from 0.5 (slow) to 1.5 (fast), not {value}.", value=value),
            help=UserMessage("Tempo relative to the usual one, from 0.5 (slow) to 1.5 (fast); default: 1."),
            personal=True,
        ),
    ] = 1.0
    # How many times the whole tune is played; None: twice if it is short, else once.
    times: Annotated[
        int | None,
        number(
            int,
            1,
            MAX_TIMES,
            lambda value: UserMessage("A tune can be played 1 to {most} times, not {value}.", most=MAX_TIMES, value=value),
            help=UserMessage("How many times the whole tune is played (default: short tunes twice, others once)."),
            choices=tuple(range(1, MAX_TIMES + 1)),
            personal=True,
        ),
    ] = None
    # Empty for the default model. The caller checks whether a worker offers it.
    model: Annotated[
        str,
        Parameter(
            help=UserMessage("Which model composes the tune (default: the standard model)."),
            read=read_model,
            max_characters=MAX_MODEL_CHARACTERS,
            personal=True,
        ),
    ] = ""
    seed: Annotated[
        int,
        number(
            int,
            0,
            MAX_SEED,
            lambda value: UserMessage("Seed must be a whole number from 0 to {most}, not {value}.", most=MAX_SEED, value=value),
            help=UserMessage("The same seed and settings give the same tune."),
        ),
    ]
    without: Annotated[
        tuple[str, ...],
        Parameter(
            help=UserMessage("What to leave out: triplets, semiquavers, accidentals, rests, ties … Separate with commas."),
            read=read_omissions,
            kind=tuple,
            max_characters=100,
        ),
    ] = ()
    # The number of tunes from which the best is chosen; None leaves it to the composer.
    candidates: Annotated[
        int | None,
        number(
            int,
            1,
            MAX_CANDIDATES,
            lambda value: UserMessage(
                "The number of candidates must be from 1 to {most}, not {value}.", most=MAX_CANDIDATES, value=value
            ),
            help=UserMessage("How many candidates to compose; you get the best one (default: 14)."),
            personal=True,
        ),
    ] = None

    @classmethod
    def check(cls, **given: Any) -> Self:
        """Makes a request of user input: text or values by parameter name, None or empty for the default.

        Draws a seed if none is given. Raises RequestError.
        """
        request, errors = cls._read(given)
        if errors:
            raise errors[0]
        request._check_metre()
        request._check_instrument(request._check_opening())
        return request

    @classmethod
    def errors(cls, **given: Any) -> list[RequestError]:
        """Everything that is wrong with user input, at most one error for each parameter, in their order."""
        request, errors = cls._read(given)
        key: Key | None = None
        try:
            request._check_metre()
        except RequestError as error:
            errors.append(error)
            request = replace(request, metre=None)
        try:
            key = request._check_opening()
        except RequestError as error:
            errors.append(error)
        try:
            request._check_instrument(key)
        except RequestError as error:
            errors.append(error)
        first = {error.field: error for error in reversed(errors)}
        return [first[name] for name in PARAMETERS if name in first]

    @classmethod
    def _read(cls, given: dict[str, Any]) -> tuple[Self, list[RequestError]]:
        """The request of the values that can be read, with the defaults for the others, and an error for each of the others."""
        if unknown := given.keys() - PARAMETERS.keys():
            raise TypeError(f"A request has no parameter {min(unknown)}.")
        values, errors = dict[str, Any](), list[RequestError]()
        for name, parameter in PARAMETERS.items():
            try:
                values[name] = parameter.check(given.get(name))
            except RequestError as error:
                values[name] = parameter.default
                errors.append(error)
        if values["mode"] == "play":  # then nothing is composed
            ignored = ("without", "model", "keep")
            values |= {name: PARAMETERS[name].default for name in ignored}
            errors = [error for error in errors if error.field not in ignored]
        if values["seed"] is None:
            values["seed"] = secrets.randbelow(MAX_SEED + 1)
        return cls(**values), errors

    def _check_metre(self) -> None:
        metre, rhythm = Metre.parse(self.metre or ""), RHYTHMS[self.rhythm] if self.rhythm else None
        if metre is None:
            return
        if rhythm and not rhythm.fits(metre):
            message = UserMessage(
                "A {rhythm} is not written in {metre}. Leave out the metre or use {names}.",
                rhythm=translatable(rhythm.name),
                metre=str(metre),
                names=OneOf(map(str, rhythm.metres)),
            )
            raise RequestError("metre", message)
        if token_metre(metre) not in METRES:
            names = OneOf(map(str, METRES))
            raise RequestError("metre", UserMessage("I don't compose in {metre}. Try {names}.", metre=str(metre), names=names))

    def _check_opening(self) -> Key | None:
        """Returns the key of the tune, None if the composer chooses its tonic."""
        if self.keep and self.mode != "vary":
            raise RequestError("keep", UserMessage("Only a variation keeps single bars: choose the mode “vary” too."))
        if not self.opening:
            if self.mode != "continue":
                raise RequestError("opening", _MISSING_OPENING[self.mode])
            return Key.parse(self.key) if self.key and self.key not in MODES else None
        try:
            opening = self.read_opening()
        except NotationError as error:
            raise RequestError("opening", error.message) from None
        self._check_keep(len(opening.bars))
        return opening.key

    def read_opening(self) -> Score:
        """The opening as the composer works on it, or in the mode `play` the tune to play. Raises NotationError."""
        return read_opening(
            self.opening, rhythm=self.rhythm, key=self.key, metre=self.metre, mode=self.mode, keeps_bars=bool(self.keep)
        )

    @property
    def kept_bars(self) -> list[int]:
        """The numbers of the bars that a variation keeps; empty if it chooses them."""
        return read_bar_numbers(self.keep)

    def _check_keep(self, bars: int) -> None:
        kept = self.kept_bars
        if kept and kept[-1] > bars:
            message = UserMessage("There is no bar {bar} to keep: the tune ends with bar {last}.", bar=kept[-1], last=bars)
            raise RequestError("keep", message)
        if len(kept) == bars:
            raise RequestError("keep", UserMessage("You keep every bar of the tune, so there is nothing to compose."))

    def _check_instrument(self, key: Key | None) -> None:
        if not (self.instrument and key) or self.mode == "play":  # which changes no notes
            return
        if RANGES[self.instrument].lacks(key) > MOST_HALF_HOLED:
            known = home_keys(KEY_COUNTS, self.instrument)
            commonest = sorted(known, key=known.__getitem__, reverse=True)[:4]
            message = UserMessage(
                "{key} is not playable on the {instrument}. Choose a key such as {names}, or another instrument.",
                key=key.name,
                instrument=translatable(self.instrument),
                names=OneOf(other.name for other in commonest),
            )
            raise RequestError("opening" if self.opening else "key", message)

    def again(self) -> Self:
        """The same request with a new seed."""
        return replace(self, seed=secrets.randbelow(MAX_SEED + 1))

    def in_a_row(self, count: int) -> list[Self]:
        """`count` copies of this request with consecutive seeds, the first with its own."""
        return [replace(self, seed=(self.seed + index) % (MAX_SEED + 1)) for index in range(count)]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Reads what `as_dict` returned, also after JSON. Missing parameters get their defaults."""
        return cls(**values | {"without": tuple(values.get("without", ()))})


# The messages for modes that need an opening.
_MISSING_OPENING = {
    "answer": UserMessage("There is no opening to answer. Enter a phrase of ABC as the opening."),
    "vary": UserMessage("There is no tune to vary. Enter a whole tune as the opening."),
    "second part": UserMessage("There is no first part to compose a second one for. Enter it as the opening."),
    "play": UserMessage("There is no tune to play. Enter its ABC as the opening."),
}

PARAMETERS = declared_parameters(TuneRequest)


def instrument_named(text: str | None) -> str:
    """The instrument that `text` names, in any case; empty for empty text. Raises RequestError."""
    return str(PARAMETERS["instrument"].check(text))
