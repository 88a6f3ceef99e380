"""English texts of `/defaults` and `/settings`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

SETTINGS = UserMessage("Show or change this server's rules for tunes.")
SERVER_RESET = UserMessage("Which setting to reset to its default.")
SERVER_SETTINGS = UserMessage("Settings of this server")
ONLY_IN_SERVERS = UserMessage("Settings belong to a server. Use this command in a server.")
ONLY_MANAGERS = UserMessage("You need the Manage Server permission to change this server's settings.")
PERMISSIONS = {
    "view_channel": UserMessage("View Channel"),
    "send_messages": UserMessage("Send Messages"),
    "send_messages_in_threads": UserMessage("Send Messages in Threads"),
    "embed_links": UserMessage("Embed Links"),
    "attach_files": UserMessage("Attach Files"),
}


def missing_permissions(channel: str, permissions: str) -> UserMessage:
    return UserMessage(
        "⚠️ I'm missing permissions in {channel}: {permissions}. Please allow them.", channel=channel, permissions=permissions
    )
