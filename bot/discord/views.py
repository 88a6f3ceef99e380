"""The views under messages, made of the buttons and menus of several features."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.discord.core.persistent_items import view_with
from bot.discord.deletion.button import DeleteButton
from bot.discord.files.button import FilesButton
from bot.discord.likes.button import LikeButton
from bot.discord.sessions.buttons import session_buttons
from bot.discord.sets.components import SetAgainButton, SetMenu
from bot.discord.sharing.button import ShareButton
from bot.discord.variations.buttons import DeriveButton
from bot.discord.variations.change import ChangeButton
from bot.discord.variations.instrument import InstrumentButton
from bot.languages import Language
from storage.tunes import Tune


class MessageViews:
    def of_tune(self, tune: Tune, translate: Language, *, in_session: bool) -> discord.ui.View:
        """All buttons under a tune's message, with its number of likes; those of a session come last.

        `in_session`: it is the message that delivered the tune. A session is not played on under other messages, such as the
        post in the sharing channel. A tune that was played as written has no Again button: it would come out the same.
        """
        again = [] if tune.request.mode == "play" else ["again"]
        return view_with(
            *(
                DeriveButton(action, tune.id, translate, row=0)
                for action in (*again, "vary-little", "vary", "vary-lot", "continue")
            ),
            DeriveButton("second-part", tune.id, translate, row=1),
            ChangeButton("change", tune.id, translate, row=1),
            InstrumentButton("instrument", tune.id, translate, row=1),
            FilesButton("files", tune.id, translate, row=1),
            LikeButton("like", tune.id, translate, row=2, likes=tune.likes),
            ShareButton("share", tune.id, translate, row=2),
            DeleteButton("delete", tune.id, translate, row=2),
            *(session_buttons(tune, translate) if in_session else []),
        )

    def of_set(self, tunes: Sequence[Tune], translate: Language) -> discord.ui.View:
        """The components under a message of several finished tunes."""
        set_id = tunes[0].set_id
        assert set_id is not None
        return view_with(SetMenu(set_id, translate, tunes), SetAgainButton(set_id, translate))
