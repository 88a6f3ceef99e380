"""The compose page: one text, chips and further fields become a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.core.derive import again, continue_tune, vary
from bot.core.desk import Desk
from bot.core.submission import Derived
from bot.web import fields, form
from bot.web.asked import IGNORED, MOOD, TEXT, Asked
from bot.web.errors import wants_json
from bot.web.examples import Examples
from bot.web.language import translate
from bot.web.limits import Limits, Reader, TooMuch
from bot.web.views import Views
from bot.web.visitor import find_tune, requested_tune, user_id, viewer_of, with_cookie
from generator.request import PARAMETERS, RequestError, TuneRequest
from generator.user_messages import UserError, UserMessage
from storage.errors import NoRoom, QueueFull
from storage.sharing import UNCLAIMED
from storage.storage import Storage
from storage.tunes import Origin, Tune
from storage.viewer import Viewer, owns

LATEST_TUNES = 10
# Texts for the box.
TEXTS = (UserMessage("a slow jig in G minor"), UserMessage("a lively polka on the whistle"), "|:EAAB c2Bc|dBAB G2EG|")
# An opening may be anything, even somebody else's private tune. So only the owner sees and reuses it.
NOT_AGAIN = UserMessage("This tune started from an opening that only its owner can see. You can vary the tune instead.")
UNCLEAR = UserMessage(
    "I found nothing to compose in this text. Write what you would like, such as “a slow jig in G minor”, or paste ABC."
)


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody entered: the text in the box, and the fields by parameter."""

    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(PARAMETERS, ""))
    asked: Asked = field(default_factory=Asked)

    @classmethod
    async def read(cls, sent: Mapping[str, object], reader: Reader) -> Form:
        """Raises RequestError for values of a wrong type."""
        values, text, mood = form.typed(sent), form.text(TEXT, sent.get(TEXT)), form.text(MOOD, sent.get(MOOD))
        return cls(values, await reader(Asked.read, text, mood, form.names(sent.get(IGNORED))))

    async def requests(self, desk: Desk, reader: Reader) -> list[TuneRequest]:
        """Raises FormError with everything that is wrong."""
        errors: dict[str | None, str] = {}
        if self.asked.is_unclear:
            errors[TEXT] = translate(UNCLEAR)
        count = 1
        try:
            count = self.asked.count
        except RequestError as error:
            errors[TEXT] = translate(error.message)
        filled = await reader(self.asked.filled_into, self.values)
        found = await reader(lambda: TuneRequest.errors(**filled))
        if not any(error.field == "model" for error in found):
            try:
                await desk.check_model(str(PARAMETERS["model"].check(filled["model"])))
            except RequestError as error:
                found.append(error)
        for wrong in found:
            # A value that only the text has is wrong in the text.
            name = TEXT if not self.values[wrong.field].strip() and wrong.field in self.asked.parameters else wrong.field
            message = translate(wrong.message)
            errors[name] = f"{errors[name]} {message}" if name in errors else message
        if errors:
            raise FormError(errors)
        return (await reader(lambda: TuneRequest.check(**filled))).in_a_row(count)

    @property
    def content(self) -> dict[str, str]:
        """Everything that makes another request, by name."""
        return {**self.values, TEXT: self.asked.text, MOOD: self.asked.mood, IGNORED: ",".join(sorted(self.asked.ignored))}


class FormError(Exception):
    """What is wrong with a form: messages by field; None stands for the whole form."""

    def __init__(self, errors: Mapping[Any, str], status: int = 422) -> None:
        super().__init__()
        self.status = status
        self.errors: dict[str | None, str] = {name: errors[name] for name in fields.in_order(errors)}


class ComposePages:
    def __init__(self, storage: Storage, desk: Desk, views: Views, examples: Examples, limits: Limits) -> None:
        self._storage, self._desk, self._views, self._examples, self._limits = storage, desk, views, examples, limits

    async def page(self, request: web.Request) -> web.Response:
        """The form, filled in from the address (`?text=a+jig&key=D`) or from an earlier tune (`?from=ID`)."""
        viewer = viewer_of(request)
        tune = await find_tune(self._storage, request.query.get("from", ""), viewer)
        if tune is not None:
            return await self._show(request, Form(_filled(tune, viewer)))
        reader = self._limits.reader(request)
        shown = await Form.read(request.query, reader)
        try:
            await shown.requests(self._desk, reader)
        except FormError as error:  # what is missing is not wrong yet
            typed: set[str | None] = {name for name, value in {**shown.values, TEXT: shown.asked.text}.items() if value}
            return await self._show(request, shown, {name: error.errors[name] for name in error.errors if name in typed})
        return await self._show(request, shown)

    async def understood(self, request: web.Request) -> web.Response:
        """What was understood of a text that is being typed, as a part of the page."""
        sent = await form.body(request)
        asked = (await Form.read({name: sent.get(name) for name in (TEXT, IGNORED)}, self._limits.reader(request))).asked
        return self._views.page("understood.html", asked=asked)

    async def compose(self, request: web.Request) -> web.Response:
        await self._limits.open_tunes.check(self._limits.network(request))  # before reading, which costs more
        sent, entered, reader = await form.body(request), Form(), self._limits.reader(request)
        try:
            entered = await Form.read(sent, reader)
            requests = await entered.requests(self._desk, reader)
        except RequestError as error:
            return await self._refuse(request, entered, FormError({error.field: translate(error.message)}))
        except FormError as error:
            return await self._refuse(request, entered, error)
        return await self._submit(request, requests, form.event_id(sent.get("token"), entered.content), entered)

    async def again(self, request: web.Request) -> web.Response:
        tune = await requested_tune(self._storage, request)
        if tune.request.opening and not owns(viewer_of(request), tune):
            raise web.HTTPForbidden(text=translate(NOT_AGAIN))
        return await self._submit_from(request, tune, *again(tune))

    async def vary(self, request: web.Request) -> web.Response:
        return await self._derive(request, vary)

    async def continue_tune(self, request: web.Request) -> web.Response:
        return await self._derive(request, continue_tune)

    async def _derive(self, request: web.Request, derive: Callable[[Tune], Derived]) -> web.Response:
        tune = await requested_tune(self._storage, request)
        if tune.composition is None:
            raise web.HTTPSeeOther(f"/tunes/{tune.id}")
        try:
            derived = await self._limits.reader(request)(derive, tune)
        except RequestError as error:
            refusal = FormError({None: translate(error.message)})
            return await self._refuse(request, Form(_filled(tune, viewer_of(request))), refusal)
        return await self._submit_from(request, tune, *derived)

    async def _submit_from(
        self, request: web.Request, tune: Tune, tune_request: TuneRequest, parent_id: str | None
    ) -> web.Response:
        """Submits a request that a button on the tune's page makes. One press of the button has one event id."""
        token = (await form.body(request)).get("token")
        event_id = form.event_id(token, {"path": request.path})
        return await self._submit(request, [tune_request], event_id, Form(_filled(tune, viewer_of(request))), parent_id)

    async def _submit(
        self,
        request: web.Request,
        requests: Sequence[TuneRequest],
        event_id: str,
        entered: Form,
        parent_id: str | None = None,
    ) -> web.Response:
        """Stores the requests. If they are refused, the form shows what was entered again."""
        reply = {} if viewer_of(request).user_id else UNCLAIMED
        origin = Origin(platform="web", event_id=event_id, user_id=user_id(request), reply=reply)
        network = self._limits.network(request)
        try:
            self._limits.tunes.take(network, len(requests))
            async with self._limits.open_tunes.adding(network, len(requests)) as open_ids:
                if len(requests) > 1:
                    tunes = await self._desk.submit_set(requests, origin, parent_id=parent_id)
                else:
                    tunes = [await self._desk.submit(requests[0], origin, parent_id=parent_id)]
                open_ids.update(each.id for each in tunes)
        except UserError as error:
            status = 503 if isinstance(error, NoRoom | QueueFull) else 429
            return await self._refuse(request, entered, FormError({None: translate(error.message)}, status))
        except TooMuch as error:
            return await self._refuse(request, entered, FormError({None: error.text or ""}, error.status))
        tune = tunes[0]
        address = f"/tunes/{tune.id}"
        if wants_json(request):
            accepted = {"id": tune.id, "address": address, "status": str(tune.status), "seed": tune.request.seed}
            return with_cookie(request, web.json_response(accepted, status=202, headers={"Location": address}))
        return with_cookie(request, web.Response(status=303, headers={"Location": address}))

    async def _refuse(self, request: web.Request, entered: Form, error: FormError) -> web.Response:
        if wants_json(request):
            every = [{"field": name, "error": message} for name, message in error.errors.items()]
            return web.json_response({**every[0], "errors": every}, status=error.status)
        return await self._show(request, entered, error.errors, error.status)

    async def _show(
        self, request: web.Request, entered: Form, errors: Mapping[str | None, str] = {}, status: int = 200
    ) -> web.Response:
        """The compose page. `errors` are messages by field; None stands for the whole form."""
        latest = (await self._storage.gallery.mine(viewer_of(request), limit=LATEST_TUNES)).tunes
        page = self._views.page(
            "compose.html",
            here="compose",
            status=status,
            indexed=not request.query_string and request.method == "GET",
            values=entered.values,
            asked=entered.asked,
            errors=errors,
            latest=latest,
            rhythms=fields.RHYTHM_CHIPS,
            keys=fields.KEY_CHIPS,
            every_key=fields.KEYS,
            moods=fields.MOOD_CHIPS,
            groups=fields.field_groups(await self._desk.models(), chosen_model=entered.values["model"]),
            options_open=any(entered.values[name] or name in errors for name in PARAMETERS if name not in ("rhythm", "key")),
            label=fields.label,
            texts={text: "/?" + urlencode({TEXT: text}) for text in map(translate, TEXTS)},
            examples=await self._examples.shown(),
            token=form.new_token(),
        )
        return with_cookie(request, page)


def _filled(tune: Tune, viewer: Viewer) -> dict[str, str]:
    """The form's values for this tune, without the opening if the viewer is not its owner."""
    return form.filled(tune.request if owns(viewer, tune) else replace(tune.request, opening="", mode="continue"))
