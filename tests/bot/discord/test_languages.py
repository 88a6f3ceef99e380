"""Each person is answered in their language: the one that Discord names, or the one they chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.texts import common as core_texts
from bot.core.texts import compose as compose_texts
from bot.core.texts import delivery as delivery_texts
from bot.core.texts import variations as variations_texts
from bot.discord.compose import texts as discord_compose_texts
from bot.languages import language
from generator.notation.names import translatable
from generator.request import PARAMETERS
from generator.user_messages import LANGUAGES, OneOf, UserMessage
from storage import Viewer
from tests.bot.discord.conftest import Stage
from tests.loopback.discord import FIDDLER, Person

# Discord does not have Irish, so people choose it with /defaults.
SPEAKERS = [replace(FIDDLER, locale=locale) for locale in ("en-US", "de", "fr", "es-ES")]
each_speaker = pytest.mark.parametrize("person", [*SPEAKERS, replace(FIDDLER, locale="ga")], ids=lambda person: person.locale)


async def spoken(stage: Stage, person: Person) -> str:
    """The code of the language in which the person is answered."""
    if person.locale != "ga":
        return person.locale.partition("-")[0]
    await stage.storage.preferences.change_defaults(Viewer("discord", person.id, "200"), language="ga")
    return "ga"


@each_speaker
async def test_card_message_and_buttons_are_in_the_persons_language(stage: Stage, person: Person) -> None:
    discord, translate = stage.discord, language(await spoken(stage, person))
    asked = await discord.slash("tune", person=person, rhythm="reel")
    tune = await stage.accepted(asked)
    await discord.until(lambda: (discord.card(asked) or {})["content"] == translate(UserMessage("🎻 Next in the queue …")))
    await stage.storage.start(tune.id)
    await stage.storage.progress(tune.id, status=tune.status.COMPOSING, bars=2)
    bars = translate(UserMessage("🎻 Composing: {n} bar written …", "🎻 Composing: {n} bars written …", n=2))
    await discord.until(lambda: (discord.card(asked) or {})["content"] == bars)
    scores = {"closest_tune": {"title": "The Salamanca", "shared_notes": 14}}
    await stage.compose(tune.id, scores=scores, notices=(UserMessage("Only the first voice was read."),))
    [message] = await discord.posted()
    key = UserMessage("{tonic} {mode}", tonic=translatable("A"), mode=translatable("dorian"))
    closest = UserMessage(
        "closest known tune: {title}, {n} note", "closest known tune: {title}, {n} notes in a row", n=14, title="The Salamanca"
    )
    for shown in (
        translatable("reel"),
        key,
        delivery_texts.temperature(1),
        delivery_texts.seed(tune.request.seed),
        closest,
        delivery_texts.requested_by(FIDDLER.id),
    ):
        assert translate(shown) in message["content"].replace("\\", "")
    assert translate(UserMessage("Only the first voice was read.")) in message["content"]
    assert message["attachments"][2]["description"] == translate(delivery_texts.sheet_music("The Loopback"))
    assert list(discord.buttons(message))[:2] == [translate(core_texts.AGAIN), translate(variations_texts.VARY_A_LITTLE)]
    discord.assert_no_pings()


@each_speaker
async def test_a_button_answers_in_the_language_of_the_person_who_pressed_it(stage: Stage, person: Person) -> None:
    discord, translate = stage.discord, language(await spoken(stage, person))
    tune = await stage.accepted(await discord.slash("tune", person=replace(FIDDLER, locale="fr", id="401")))
    await stage.compose(tune.id)
    [message] = await discord.posted()
    pressed = await discord.click(message, f"tune:again:{tune.id}", person=person)
    await stage.accepted(pressed)
    first = translate(UserMessage("🎻 Next in the queue …"))  # the time left is on the next line, once it is known
    await discord.until(lambda: (discord.card(pressed) or {})["content"].startswith(first))


@each_speaker
async def test_refusals_are_in_the_persons_language(stage: Stage, person: Person) -> None:
    discord, translate = stage.discord, language(await spoken(stage, person))
    reel = UserMessage(
        "A {rhythm} is not written in {metre}. Leave out the metre or use {names}.",
        rhythm=translatable("reel"), metre="6/8", names=OneOf(["4/4", "2/2"]),
    )  # fmt: skip
    assert await discord.private_text(await discord.slash("tune", person=person, rhythm="reel", metre="6/8")) == translate(reel)
    line = UserMessage(
        "Line {line}, column {column}: {message}",
        line=2, column=5, message=UserMessage("I can't read “{text}” here.", text="ê"),
    )  # fmt: skip
    assert await discord.private_text(await discord.slash("tune", person=person, opening="K:D\nA B ê|")) == translate(line)
    assert await discord.private_text(await discord.slash("render", person=person)) == translate(core_texts.NOTHING_TO_PLAY)
    nothing = await discord.menu("Play this ABC", await discord.write("hello"), person=person)
    assert await discord.private_text(nothing) == translate(compose_texts.NO_ABC)


@each_speaker
async def test_a_failure_is_reported_in_the_persons_language(stage: Stage, person: Person) -> None:
    discord, translate = stage.discord, language(await spoken(stage, person))
    asked = await discord.slash("tune", person=person)
    tune = await stage.accepted(asked)
    await stage.storage.start(tune.id)
    time = UserMessage("{n:,} minute", "{n:,} minutes", n=12)
    error = UserMessage("The tune would play for {time}; I play at most {most} s. Shorten it.", time=time, most=180)
    await stage.storage.fail(tune.id, error)
    await discord.until(lambda: (discord.card(asked) or {})["content"] == translate(error))


async def test_after_a_restart_a_tune_is_in_the_language_of_its_request(stage: Stage) -> None:
    discord, translate = stage.discord, language("de")
    tune = await stage.accepted(await discord.slash("tune", person=replace(FIDDLER, locale="de")))
    await stage.stop_bot()
    await stage.compose(tune.id)
    await stage.start_bot()
    [message] = await discord.posted()
    assert list(discord.buttons(message))[:2] == [translate(core_texts.AGAIN), translate(variations_texts.VARY_A_LITTLE)]


async def test_a_persons_language_takes_precedence_over_the_servers(stage: Stage) -> None:
    discord, viewer = stage.discord, Viewer("discord", FIDDLER.id, "200")
    await stage.storage.preferences.change_community(viewer, language="fr")
    assert await discord.private_text(await discord.slash("render")) == language("fr")(core_texts.NOTHING_TO_PLAY)
    await stage.storage.preferences.change_defaults(viewer, language="ga")
    assert await discord.private_text(await discord.slash("render")) == language("ga")(core_texts.NOTHING_TO_PLAY)


def test_the_compared_languages_have_different_texts() -> None:
    said = {language(code)(core_texts.NOTHING_TO_PLAY) for code in LANGUAGES}
    assert len(said) == len(LANGUAGES)


async def test_keys_are_offered_in_the_persons_language(stage: Stage) -> None:
    french = replace(FIDDLER, locale="fr")
    assert {"name": "la dorien", "value": "Ador"} in await stage.discord.autocomplete("tune", "key", "", person=french)
    assert await stage.discord.autocomplete("tune", "key", "ré mixo", person=french) == [
        {"name": "ré mixolydien", "value": "Dmix"}
    ]
    assert (await stage.discord.autocomplete("tune", "key", "Bm", person=french))[0] == {"name": "si mineur", "value": "Bm"}


async def test_commands_are_registered_with_their_names_and_descriptions_in_each_language(stage: Stage) -> None:
    def said(of: dict[str, Any], field: str) -> list[str]:
        return [of.get(f"{field}_localizations", {}).get(locale) for locale in ("de", "fr", "es-ES", "es-419")]

    command = stage.discord.commands["tune"]
    assert said(command, "name") == [None, "air", "tema", "tema"]  # Germans call it a tune too
    assert said(command, "description") == [language(code)(discord_compose_texts.TUNE) for code in ("de", "fr", "es", "es")]
    options = {option["name"]: option for option in command["options"]}
    assert said(options["key"], "name") == ["tonart", "tonalité", "tonalidad", "tonalidad"]
    assert said(options["key"], "description") == [language(code)(PARAMETERS["key"].help) for code in ("de", "fr", "es", "es")]
    rhythms = {choice["value"]: choice for choice in options["rhythm"]["choices"]}
    assert said(rhythms["waltz"], "name") == ["Walzer", "valse", "vals", "vals"]
    menu = stage.discord.commands["Play this ABC"]
    assert said(menu, "name") == [language(code)(compose_texts.PLAY_ABC) for code in ("de", "fr", "es", "es")]
    assert "ga" not in command["description_localizations"]
