"""The pages on which people install the app."""

from generator.user_messages import UserMessage

INSTALL = UserMessage("Add Tunesmith to Slack")
WHAT_IT_DOES = UserMessage("Tunesmith composes Irish dance tunes. Slack asks you next what it may do in your workspace.")
CONTINUE = UserMessage("Continue to Slack")
WHAT_NEXT = UserMessage("Type {command} in any channel, and you get a tune.", command="/tune")
OPEN_SLACK = UserMessage("Open Slack")
FAILED = UserMessage("Tunesmith was not added")
START_AGAIN = UserMessage("Start again")

CANCELLED = UserMessage("You did not allow it, so nothing has changed.")
WRONG_BROWSER = UserMessage(
    "Your browser did not bring back the cookie that it got at the start. Allow cookies for this page, and stay in one browser."
)
TOO_OLD = UserMessage("This attempt is older than ten minutes, or was used already.")
NOT_CONFIRMED = UserMessage("Slack did not confirm it.")
SLACK_AWAY = UserMessage("Slack does not answer. Please try again in a few minutes.")
NOT_STORED = UserMessage("I could not store it. Please try again in a few minutes.")


def installed_in(workspace: str) -> UserMessage:
    return UserMessage("Tunesmith is now in {workspace}", workspace=workspace)
