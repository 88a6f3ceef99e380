"""The buttons and menus under messages. The features that their action ids name answer them, for messages of any age."""

from __future__ import annotations

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp

from bot.core.sessions import Turn
from bot.core.texts import common, deletion, files, likes, sets, sharing, variations
from bot.languages import Language
from bot.slack.core.blocks import Block, Element, actions, button, confirm, menu, option
from bot.slack.core.context import Context
from bot.slack.sessions.buttons import session_buttons
from storage.tunes import Tune

REQUEST_LABELS = {
    "again": ("🔁", common.AGAIN),
    "vary-little": ("🎲", variations.VARY_A_LITTLE),
    "vary": ("🎲", variations.VARY),
    "vary-lot": ("🎲", variations.VARY_A_LOT),
    "continue": ("➡️", variations.CONTINUE),
}
FORM_LABELS = {
    "second-part": ("🅱️", variations.B_PART),
    "change": ("✏️", variations.CHANGE),
    "instrument": ("🎻", variations.INSTRUMENT),
    "files": ("🗂️", files.MORE_FILES),
}


class MessageViews:
    def of_tune(self, tune: Tune, translate: Language, *, in_session: bool) -> list[Block]:
        """All buttons under a tune's message, with its number of likes; those of a session come last.

        `in_session`: it is the message that delivered the tune. A session is not played on under other messages, such as the
        post in the sharing channel. A tune that was played as written has no Again button: it would come out the same.
        """

        def tune_button(action: str, icon: str, label: str) -> Element:
            return button(f"tune:{action}", f"{icon} {translate(label)}", tune.id)

        question = confirm(*map(translate, deletion.QUESTION), style="danger")
        requests = [action for action in REQUEST_LABELS if action != "again" or tune.request.mode != "play"]
        rows = [
            actions(tune_button(action, *REQUEST_LABELS[action]) for action in requests),
            actions(tune_button(action, *label) for action, label in FORM_LABELS.items()),
            actions(
                [
                    button("tune:like", likes.like_label(tune.likes), tune.id),
                    tune_button("share", "📣", sharing.SHARE),
                    button("tune:delete", f"🗑️ {translate(deletion.DELETE)}", tune.id, style="danger", confirm=question),
                ]
            ),
        ]
        return [*rows, session_buttons(Turn(tune.id), translate)] if in_session and tune.request.mode == "answer" else rows

    def of_set(self, tunes: Sequence[Tune], translate: Language) -> list[Block]:
        """A menu that opens one of the finished tunes, and a button that requests as many again."""
        set_id = tunes[0].set_id
        assert set_id is not None
        options = []
        for number, tune in enumerate(tunes, 1):
            assert tune.composition is not None
            options.append(option(tune.id, f"{number}. {tune.composition.title}"))
        chosen = menu("set:choose", translate(sets.OPEN_ONE), options)
        return [actions([chosen, button("set:again", f"🔁 {translate(common.AGAIN)}", set_id)])]


def register(app: AsyncApp, context: Context) -> None:
    context.views = MessageViews()
