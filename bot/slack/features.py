"""The features of the Slack app: each registers its listeners with slack-bolt, and the service that it provides."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.slack import deletion, files, sets, unfurls, views
from bot.slack.assistant import agent
from bot.slack.chat import messages
from bot.slack.compose import command, form, shortcuts
from bot.slack.core.context import Context
from bot.slack.delivery import cancel, service
from bot.slack.gallery import commands as gallery
from bot.slack.help import command as help_command
from bot.slack.home import tab as home
from bot.slack.installations import revocation
from bot.slack.likes import button as likes
from bot.slack.privacy import command as privacy
from bot.slack.sessions import command as session_command
from bot.slack.sessions import form as phrase_form
from bot.slack.sessions import whole_session
from bot.slack.settings import defaults, workspace
from bot.slack.sharing import button as sharing
from bot.slack.variations import buttons, change, instrument

FEATURES: tuple[Callable[[AsyncApp, Context], None], ...] = (
    revocation.register,
    views.register,
    service.register,
    cancel.register,
    command.register,
    form.register,
    shortcuts.register,
    messages.register,
    agent.register,  # before App Home: both hear that the app was opened
    help_command.register,
    buttons.register,
    change.register,
    instrument.register,
    files.register,
    sets.register,
    session_command.register,
    phrase_form.register,
    whole_session.register,
    gallery.register,
    defaults.register,
    workspace.register,
    privacy.register,
    home.register,
    likes.register,
    sharing.register,
    deletion.register,
    unfurls.register,
)

# What runs beside the listeners, from the start of the app until it is cancelled at the end.
JOBS: tuple[Callable[[Context], Coroutine[Any, Any, None]], ...] = (
    service.deliver_tunes,
    likes.update_numbers,
    sharing.post_shared_tunes,
)
