"""English texts of `/tune defaults` and `/tune settings`. Those that other platforms use too are in bot.core.texts."""

from generator.user_messages import UserMessage

WORKSPACE_SETTINGS = UserMessage("Settings of this workspace")
ONLY_IN_WORKSPACES = UserMessage("Settings belong to a workspace, and here you are a guest from another one.")
ONLY_ADMINS = UserMessage("Only owners and admins of this workspace can change its settings.")
CHANNELS = UserMessage("Channels where tunes can be requested (default: all).")
DELETERS = UserMessage("Who can delete a tune besides the person who requested it. Moderators are the owners and admins.")
RESET = UserMessage("Reset everything")
RESET_DEFAULTS_QUESTION = UserMessage("Forget all your defaults?")
RESET_SETTINGS_QUESTION = UserMessage("Reset all settings of this workspace?")
KEEP = UserMessage("Keep them")
SAVE = UserMessage("Save")


def invite_to(channel_id: str) -> UserMessage:
    return UserMessage("⚠️ I'm not in {channel} yet. Please invite me there with /invite.", channel=f"<#{channel_id}>")
