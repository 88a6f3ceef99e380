"""English texts of the Delete button."""

from generator.user_messages import UserMessage

DELETE = UserMessage("Delete")
DELETE_FOR_GOOD = UserMessage("Delete for good")
DELETE_QUESTION = UserMessage("Delete this tune for good? Its files and likes are deleted too.")
DELETED = UserMessage("Deleted.")
