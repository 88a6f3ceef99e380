"""What a request's parameter is: how it is read, what it may be, and how it is explained.

`generator.request.TuneRequest` declares the parameters. The command line, the web form, the saved defaults and the tests of
Discord's `/tune` and of the documentation follow from that declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from generator.notation.names import translatable
from generator.user_messages import OneOf, UserError, UserMessage

MAX_TYPED_CHARACTERS = 40  # of a name or a number: longer input cannot be right, and messages quote no more of it
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")


class RequestError(UserError):
    """A request with a wrong value; `field` names the parameter."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One setting of a request.

    `read` turns user input, text or a value of `kind`, into the value that a request holds. It raises UserError. It never
    gets empty input, which means the default.
    """

    help: UserMessage  # at most 100 characters, for Discord
    read: Callable[[Any], Any]
    kind: type[Any] = str  # str, int, float, bool or tuple
    choices: tuple[str | int, ...] = ()  # every allowed value; for `bool` the words for true and false
    least: float | None = None
    most: float | None = None
    max_characters: int = MAX_TYPED_CHARACTERS
    personal: bool = False  # whether users can save a default of their own
    name: str = ""  # set by `declared_parameters`
    default: Any = None  # set by `declared_parameters`

    def check(self, value: Any) -> Any:
        """The value that a request holds for this input; raises RequestError."""
        if value is None or value == () or (isinstance(value, str) and not value.strip()):
            return self.default
        try:
            return self.read(value)
        except UserError as error:
            raise RequestError(self.name, error.message) from None

    def as_text(self, value: Any) -> str:
        """The value as text that `check` reads back; empty for the default."""
        if value == self.default:
            return ""
        if self.kind is bool:
            return str(self.choices[0 if value else 1])
        if self.kind is tuple:
            return ", ".join(value)
        return f"{value:g}" if self.kind is float else str(value)


def number(
    kind: type[int] | type[float], least: float, most: float, out_of_range: Callable[[str], UserMessage], **declaration: Any
) -> Parameter:
    """A number with limits. `out_of_range` makes the message for input that is too small, too large or not a number."""

    def read(value: Any) -> int | float:
        typed = value.strip() if isinstance(value, str) else value
        if kind is int and isinstance(typed, str) and not _WHOLE_NUMBER.fullmatch(typed):
            raise UserError(out_of_range(typed[:MAX_TYPED_CHARACTERS]))
        try:
            found = kind(typed[:MAX_TYPED_CHARACTERS].replace(",", ".") if isinstance(typed, str) else typed)
        except ValueError:
            raise UserError(out_of_range(typed[:MAX_TYPED_CHARACTERS])) from None
        if not least <= found <= most:  # also for NaN
            raise UserError(out_of_range(f"{found:g}" if kind is float else str(found)))
        return found

    return Parameter(read=read, kind=kind, least=least, most=most, **declaration)


def choice(choices: tuple[str, ...], unknown: Callable[[str, OneOf], UserMessage], **declaration: Any) -> Parameter:
    """One of some names. `unknown` makes the message for any other text."""

    def read(value: str) -> str:
        typed = spaced(value)
        if typed in choices:
            return typed
        raise UserError(unknown(typed[:MAX_TYPED_CHARACTERS], OneOf(map(translatable, choices))))

    return Parameter(read=read, choices=choices, **declaration)


def flag(yes: str, no: str, neither: UserMessage, **declaration: Any) -> Parameter:
    """True or false, or one of two words for them. `neither` is the message for any other text."""

    def read(value: str | bool) -> bool:
        if isinstance(value, bool):
            return value
        if value.strip() not in (yes, no):
            raise UserError(neither)
        return value.strip() == yes

    return Parameter(read=read, kind=bool, choices=(yes, no), **declaration)


def spaced(text: str) -> str:
    """A typed name in lower case, its words separated by single spaces: `Second_Part` becomes `second part`."""
    return " ".join(text.replace("-", " ").replace("_", " ").lower().split())


def declared_parameters(cls: type[Any]) -> dict[str, Parameter]:
    """The parameters in the annotations of a dataclass's fields, each with its field's name and default."""
    declared = {}
    for field in fields(cls):
        [parameter] = field.type.__metadata__  # type: ignore[union-attr]  # Annotated
        default = None if field.default is MISSING else field.default
        declared[field.name] = replace(parameter, name=field.name, default=default)
    return declared
