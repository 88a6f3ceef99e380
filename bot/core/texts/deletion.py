"""English texts of the Delete button."""

from bot.core.texts.gallery import KEEP_TUNE
from generator.user_messages import UserMessage

DELETE = UserMessage("Delete")
DELETE_FOR_GOOD = UserMessage("Delete for good")
DELETE_QUESTION = UserMessage("Delete this tune for good? Its files and likes are deleted too.")
DELETED = UserMessage("Deleted.")
# Title, text, yes and no.
QUESTION = (DELETE, DELETE_QUESTION, DELETE_FOR_GOOD, KEEP_TUNE)
