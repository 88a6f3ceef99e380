"""Links to shared tunes on the web page: shown with the sheet and a player, for everybody to see.

Slack tells of links on the domains that the host adds to the manifest, and shows a player only on these.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.core.naming import rhythm_and_key, title_of
from bot.core.texts import delivery as texts
from bot.languages import Language
from bot.slack.core.blocks import Block, image, tune_row, video
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import FAILURES, error_code, is_temporary
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload
from bot.slack.core.reply import PLATFORM
from storage.tunes import Tune
from storage.viewer import PUBLIC

MAX_LINKS = 5  # of a message
_PATH = re.compile(r"/tunes/([0-9A-Za-z]{1,40})/?", re.ASCII)

log = structlog.get_logger(__name__)


def register(app: AsyncApp, context: Context) -> None:
    if context.web_url and context.web_url.startswith("https://"):  # Slack's clients and servers load it from there
        app.event("link_shared")(partial(_unfurl, context, context.web_url))


async def _unfurl(context: Context, web_url: str, body: Payload) -> None:
    event, tunes = Event.of_event(body), {}
    for url in _urls(body["event"])[:MAX_LINKS]:
        tune_id = _tune_id(url, web_url)
        if tune_id and (tune := await context.storage.gallery.visible_tune(tune_id, PUBLIC)):
            tunes[url] = tune
    if not tunes or not await context.storage.claims.claim(PLATFORM, event.id):
        return
    translate = (await caller_of(context, event)).translate
    shown = {url: await _choices(context, tune, f"{web_url}/tunes/{tune.id}", translate) for url, tune in tunes.items()}
    try:
        client = await context.clients.of(event.team_id, event.enterprise_id)
        for choice in range(3):
            unfurls = {url: {"blocks": choices[choice]} for url, choices in shown.items()}
            try:
                await client.chat_unfurl(**_place(body["event"]), unfurls=unfurls)
                return
            except SlackApiError as error:
                if is_temporary(error):
                    raise
                log.warning("Slack does not show a link to a tune so.", choice=choice, reason=error_code(error))
    except FAILURES as error:
        log.warning("A link to a tune could not be shown.", reason=error_code(error) or repr(error))


async def _choices(context: Context, tune: Tune, address: str, translate: Language) -> list[list[Block]]:
    """The best first. A player needs a scope and the domain in the manifest, a sheet a server that Slack can reach."""
    title, details = title_of(tune, translate), rhythm_and_key(tune, translate)
    files = {file.name for file in await context.storage.files(tune.id)}
    sheet, row = f"{address}/files/tune.png", tune_row(title, details, url=address)
    pictures = [image(translate(texts.sheet_music(title)), url=sheet)] if "tune.png" in files else []
    players = [video(title, f"{address}/player", thumbnail=sheet, url=address, description=" · ".join(details))]
    return [[*pictures, *players] if {"tune.png", "tune.mp3"} <= files else [row, *pictures], [row, *pictures], [row]]


def _urls(event: Payload) -> list[str]:
    links = event.get("links")
    found = [link.get("url") for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    return [url for url in found if isinstance(url, str)]


def _tune_id(url: str, web_url: str) -> str:
    """The id of the tune whose page this is; empty for all other addresses."""
    try:
        link, own = urlsplit(url), urlsplit(web_url)
    except ValueError:
        return ""
    same = link.scheme in ("http", "https") and link.netloc.lower() == own.netloc.lower()
    path = _PATH.fullmatch(link.path.removeprefix(own.path.rstrip("/"))) if same else None
    return path[1] if path else ""


def _place(event: Payload) -> dict[str, Any]:
    """Where the link is: in a message, or in one that is being written."""
    if event.get("unfurl_id"):
        return {"unfurl_id": event["unfurl_id"], "source": event.get("source")}
    return {"channel": event.get("channel"), "ts": event.get("message_ts")}
