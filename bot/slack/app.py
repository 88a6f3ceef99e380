"""slack-bolt's app: who may send events, which are ignored, and what happens when a listener fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_error_handler import AsyncListenerErrorHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.core.texts import common as texts
from bot.slack import features
from bot.slack.core import limits
from bot.slack.core.answers import answer
from bot.slack.core.caller import caller_of
from bot.slack.core.clients import LOGGER, Installations
from bot.slack.core.context import Context
from bot.slack.core.event import Event, Payload, UnreadableEvent
from generator.user_messages import UserError

log = structlog.get_logger(__name__)

# English, because without an installation Slack tells nobody's language.
NOT_INSTALLED = "I'm no longer installed in this workspace. Please ask its administrators to add me again."
# Messages that people write. Other kinds tell of edits, deletions and members.
WRITTEN = (None, "file_share", "me_message", "thread_broadcast")


class SlackApp(AsyncApp):
    """slack-bolt acknowledges events before their listeners run, and forgets them if the process dies then. Here the
    acknowledgement comes after the listener, or after two seconds if that takes longer; else Slack sends the event again.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._running: set[asyncio.Task[Any] | None] = set()
        self.listener_runner.listener_start_handler = _Start(self._running)
        self.listener_runner.listener_completion_handler = _Completion(self._running)

    async def finish(self) -> None:
        """Lets the listeners that are running end, for at most CLOSE_S."""
        if running := [task for task in self._running if task]:
            await asyncio.wait(running, timeout=limits.CLOSE_S)

    def _register_listener(
        self, functions: Any, matcher: Any, matchers: Any, middleware: Any, is_event: bool = False, ack_timeout: int = 3
    ) -> Any:
        return super()._register_listener(functions, matcher, matchers, middleware, False, 2 if is_event else ack_timeout)

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Acknowledges also what no feature listens to: Slack would send it again. An acknowledged event takes no text."""
        response = await super().async_dispatch(req)
        is_empty = response.status == 404 or (response.status == 200 and "event" in req.body)
        return BoltResponse(status=200, body="") if is_empty else response


def make_app(context: Context, installations: Installations, signing_secret: str = "") -> SlackApp:
    """The app with all features. Without a signing secret it takes no requests over HTTP."""
    app = SlackApp(
        name="tunesmith.slack",
        logger=LOGGER,
        client=context.clients.with_token(None),
        signing_secret=signing_secret,
        authorize=cast(Any, _Authorize(installations)),
        user_facing_authorize_error_message=NOT_INSTALLED,
        attaching_conversation_kwargs_enabled=False,
    )
    app.use(_ignore_what_people_did_not_write)
    app.error(_not_reached)
    app.listener_runner.listener_error_handler = _Failures(context)
    for register in features.FEATURES:
        register(app, context)
    return app


class _Authorize(AsyncAuthorize):
    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def __call__(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None, **unused: Any
    ) -> AuthorizeResult | None:
        return await self._installations.authorize(enterprise_id, team_id, user_id)


async def _ignore_what_people_did_not_write(
    body: dict[str, Any], ack: Callable[[], Awaitable[BoltResponse]], next: Callable[[], Awaitable[BoltResponse]]
) -> BoltResponse:
    """bolt ignores what the app itself does. Two bots that answer each other would never stop, so other bots are ignored too."""
    event = body.get("event")
    if not isinstance(event, dict) or event.get("type") not in ("message", "app_mention"):
        return await next()
    by_bot = event.get("bot_id") or event.get("user") == "USLACKBOT"
    return await (ack() if by_bot or event.get("subtype") not in WRITTEN else next())


class _Start(AsyncListenerStartHandler):
    def __init__(self, running: set[asyncio.Task[Any] | None]) -> None:
        self._running = running

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._running.add(asyncio.current_task())


class _Completion(AsyncListenerCompletionHandler):
    """Acknowledges also what a listener left unacknowledged, or whose acknowledgement bolt dropped after an error."""

    def __init__(self, running: set[asyncio.Task[Any] | None]) -> None:
        self._running = running

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._running.discard(asyncio.current_task())
        if request.context.ack.response is None:
            await request.context.ack()


class _Failures(AsyncListenerErrorHandler):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle(self, error: Exception, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        """Tells the person in one sentence; a UserError has its own. Their event counts as handled."""
        body = request.body
        if response is not None:
            response.status, response.body = 200, ""
        if not isinstance(error, UserError | UnreadableEvent):
            log.error("A request from Slack failed.", kind=_kind(body), exc_info=error)
        try:
            event = (
                Event.of_event(body) if "event" in body else (Event.of_interaction if "user" in body else Event.of_command)(body)
            )
        except UnreadableEvent as unreadable:
            log.warning("A payload from Slack could not be read.", kind=_kind(body), reason=str(unreadable))
        else:
            message = error.message if isinstance(error, UserError) else texts.REQUEST_FAILED
            self._context.start(self._tell(event, message))  # beside, so that Slack gets its acknowledgement now

    async def _tell(self, event: Event, message: str) -> None:
        caller = await caller_of(self._context, event)
        await answer(self._context, event, caller.translate(message))


async def _not_reached(error: Exception, body: dict[str, Any]) -> None:
    """No listener got the request, perhaps for lack of the database. It is not acknowledged, so Slack sends an event again."""
    log.error("A request from Slack reached no feature.", kind=_kind(body), exc_info=error)


def _kind(body: Payload) -> str:
    event = body.get("event")
    return str(event.get("type") if isinstance(event, dict) else body.get("command") or body.get("type"))[:40]
