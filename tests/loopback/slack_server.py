"""The stand-in's web API over HTTP: checks each call as Slack does, carries it out, and records breaches of Slack's rules."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.loopback.slack_accounts import Accounts
from tests.loopback.slack_asked import Asked, check_content, parsed
from tests.loopback.slack_assistant import Assistants
from tests.loopback.slack_chat import Chat
from tests.loopback.slack_delivery import COMMAND
from tests.loopback.slack_files import Files
from tests.loopback.slack_installations import Installation
from tests.loopback.slack_limits import RESPONSE_URL_S, RESPONSE_URL_USES, Moment
from tests.loopback.slack_methods import ALWAYS, METHODS, Method
from tests.loopback.slack_state import State
from tests.loopback.slack_views import Views
from tests.loopback.slack_world import Call, Channel, Fault, Payload, Person, Refused, Sent

RESPONSE_FIELDS = {
    "text", "blocks", "attachments", "response_type", "replace_original", "delete_original", "unfurl_links", "unfurl_media",
    "thread_ts", "metadata", "mrkdwn", "parse",
}  # fmt: skip


class ResponseUrl:
    """Where the app may answer an interaction: five times, for half an hour."""

    def __init__(self, began: Moment, channel: Channel, person: Person, installed: Installation, message: Payload | None) -> None:
        self.began, self.channel, self.person, self.installed, self.message = began, channel, person, installed, message
        self.uses = 0


class Server:
    """Holds the parts of the stand-in, and `calls`: every call of the web API, of an upload address and of a response_url."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.calls: list[Call] = []
        self.refusals: list[Call] = []
        self.chat, self.views, self.accounts, self.assistants = Chat(state), Views(state), Accounts(state), Assistants(state)
        self.files = Files(state, self.chat)
        self.handlers = {**self.chat.methods, **self.files.methods, **self.views.methods, **self.accounts.methods}
        self.handlers |= self.assistants.methods
        self.response_urls: dict[str, ResponseUrl] = {}
        self.faults: list[Fault] = []
        self._held: list[asyncio.Event] = []
        state.on_ack = self._acknowledged
        app = web.Application(client_max_size=2**28)
        app.router.add_get("/link/", state.delivery.handle)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/respond/{token}", self._respond)
        app.router.add_get("/files/{file}/{name}", self.files.download)
        app.router.add_get("/sign-in", self.files.sign_in)
        self._runner = web.AppRunner(app)

    async def start(self, port: int = 0) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.state.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        for release in self._held:
            release.set()
        await self.files.close()
        await self.state.delivery.close()
        await self._runner.cleanup()

    # --- every call
    async def _api(self, request: web.Request) -> web.Response:
        arguments, token = await _arguments(request)
        call = Call(request.match_info["method"], arguments, token)
        return await self._guarded(request, call, lambda: self._answer(request, call))

    async def _upload(self, request: web.Request) -> web.Response:
        call = Call("upload", {"file": request.match_info["file"]})
        await request.read()
        return await self._guarded(request, call, lambda: self.files.upload(request))

    async def _guarded(self, request: web.Request, call: Call, handle: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """Handles a call with the failure that the test asked for."""
        self.calls.append(call)
        fault = next((fault for fault in self.faults if re.search(fault.pattern, call.method)), None)
        if fault is not None:
            fault.times -= 1
            if not fault.times:
                self.faults.remove(fault)
            await self.state.notify()
            if fault.release is not None and not fault.after:
                await fault.release.wait()
            elif not fault.after:
                call.error = fault.error
                body = {"ok": False, "error": fault.error}
                return web.json_response(body, status=fault.status, headers=fault.headers)
        if request.transport is None:  # the app did not wait so long
            call.error = "connection_lost"
            return web.Response(status=503)
        response = await handle()
        await self.state.notify()
        if fault is not None and fault.release is not None and fault.after:
            await fault.release.wait()
        elif fault is not None and fault.after and request.transport is not None:
            request.transport.close()
        return response

    async def _answer(self, request: web.Request, call: Call) -> web.Response:
        headers: dict[str, str] = {}
        try:
            return web.json_response(await self._carry_out(request, call, headers), headers=headers)
        except Refused as refused:
            self.refused(call, refused)
            body: Payload = {"ok": False, "error": refused.error, **refused.fields}
            if refused.messages:
                body["response_metadata"] = {"messages": list(refused.messages)}
            if refused.retry_s:
                headers["Retry-After"] = str(int(refused.retry_s))
            return web.json_response(body, status=refused.status, headers=headers)

    def refused(self, call: Call, refused: Refused) -> None:
        call.error = refused.error
        self.refusals.append(call)
        if refused.breach:
            self.state.breach(f"{call.method}: {refused.error} {'; '.join(refused.messages)}".rstrip())

    async def _carry_out(self, request: web.Request, call: Call, headers: dict[str, str]) -> Payload:
        method = METHODS.get(call.method)
        if method is None:
            raise Refused("unknown_method", breach=True, req_method=call.method)
        sent = {name: value for name, value in call.arguments.items() if name not in ALWAYS and value is not None}
        arguments = parsed(sent, method)
        if method.no_token:
            answer, _ = self.state.installations.access(arguments, request.headers.get("Authorization", ""))
            return answer
        if method.app_token:
            return self._connect(call.token)
        installed = self.state.installations.authenticate(call.token)
        headers |= {"x-oauth-scopes": ",".join(installed.scopes), "x-accepted-oauth-scopes": ",".join(method.scopes)}
        if method.scopes and not set(method.scopes) & set(installed.scopes):
            needed, provided = ",".join(method.scopes), ",".join(installed.scopes)
            raise Refused("missing_scope", breach=True, needed=needed, provided=provided)
        team = self.state.team(installed, call.arguments)
        self._count(call.method, method, team.id if team else installed.at.id)
        return await self.handlers[call.method](Asked(arguments, installed, team, call.token))

    def _count(self, name: str, method: Method, team: str) -> None:
        tier = method.tier
        if self.state.rates.limits.distributed and name in ("conversations.history", "conversations.replies"):
            tier = 1
        if retry_s := self.state.rates.method(name, tier, team, self.state.clock.now()):
            raise Refused("ratelimited", status=429, retry_s=retry_s)

    def _connect(self, token: str) -> Payload:
        if token not in self.state.installations.app_tokens:
            error = "not_allowed_token_type" if token.startswith("xoxb-") else "invalid_auth"
            raise Refused(error, breach=error == "not_allowed_token_type")
        ticket = self.state.delivery.ticket()
        return {"ok": True, "url": f"{self.state.address.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id=1"}

    # --- answers to interactions
    def response_url(self, channel: Channel, person: Person, installed: Installation, message: Payload | None = None) -> str:
        token = f"{installed.at.id}-{self.state.number()}"
        self.response_urls[token] = ResponseUrl(self.state.clock.mark(), channel, person, installed, message)
        return f"{self.state.address}/respond/{token}"

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.json()
        call = Call("respond", body, request.match_info["token"])
        return await self._guarded(request, call, lambda: self._used(call))

    async def _used(self, call: Call) -> web.Response:
        url = self.response_urls.get(call.token)
        try:
            if url is None or self.state.clock.age(url.began) > RESPONSE_URL_S:
                raise Refused("expired_url", status=404)
            if url.uses >= RESPONSE_URL_USES:
                raise Refused("used_url", status=404, breach=True)
            url.uses += 1
            await self._say(url, call.arguments)
        except Refused as refused:
            self.refused(call, refused)
            status = refused.status if refused.status != 200 else 400
            return web.json_response({"ok": False, "error": refused.error}, status=status)
        return web.Response(text="ok")

    async def _say(self, url: ResponseUrl, body: Payload) -> None:
        if body.keys() - RESPONSE_FIELDS or body.get("response_type", "ephemeral") not in ("ephemeral", "in_channel"):
            raise Refused("invalid_payload", f"[ERROR] {sorted(body)}", breach=True)
        deleting, replacing = body.get("delete_original") is True, body.get("replace_original") is True
        check_content(body, needed=not deleting)
        original = url.message
        if (deleting or replacing) and original is None:
            raise Refused("invalid_payload", "[ERROR] there is no original message", breach=True)
        if original is not None and (deleting or replacing):
            ephemeral = "ephemeral_to" in original
            if deleting and ephemeral:
                self.state.ephemerals = [message for message in self.state.ephemerals if message is not original]
            elif deleting:
                await self.chat.remove(url.channel, original)
            else:
                self.chat.change(original, {"blocks": body.get("blocks"), **body})
            return
        author = self.state.bot_author(url.installed)
        thread_ts = body.get("thread_ts")
        if body.get("response_type") == "in_channel":
            kept = {name: body[name] for name in ("text", "blocks", "attachments", "metadata") if body.get(name)}
            message = self.state.add_message(url.channel, author, kept, thread_ts)
            await self.chat.announce(url.channel, message)
        else:
            self.chat.add_ephemeral(url.channel, url.person.id, author, body, thread_ts)

    async def _acknowledged(self, sent: Sent) -> None:
        """Carries out what the acknowledgement of a command or a form says."""
        kind = sent.payload.get("type", "")
        if not sent.ack or sent.person is None:
            if kind == "view_submission" and sent.person is not None:
                self.views.answer(sent.person, sent.payload["view"], {})
            return
        try:
            if sent.kind == COMMAND:
                await self._say(self.response_urls[sent.response_url.rsplit("/", 1)[1]], sent.ack)
            elif kind == "view_submission":
                self.views.answer(sent.person, sent.payload["view"], sent.ack)
            elif kind == "block_suggestion":
                pass  # the person's menu shows the options
            else:
                raise Refused("invalid_payload", f"[ERROR] an acknowledgement says {sent.ack}", breach=True)
        except Refused as refused:
            sent.failed = refused.error
            self.state.breach(f"acknowledgement of {kind or sent.kind}: {refused.error} {'; '.join(refused.messages)}")


async def _arguments(request: web.Request) -> tuple[Payload, str]:
    """The arguments of a call, and its token."""
    arguments: Payload = dict(request.query)
    if request.can_read_body:
        if request.content_type == "application/json":
            try:
                body: Any = json.loads(await request.text())
            except ValueError:
                body = None
            arguments |= body if isinstance(body, dict) else {"not JSON": True}
        else:
            arguments |= dict(await request.post())
    authorization = request.headers.get("Authorization", "")
    token = re.sub(r"^Bearer ", "", authorization) if authorization.startswith("Bearer ") else str(arguments.get("token") or "")
    return arguments, token
