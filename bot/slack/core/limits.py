"""Slack's limits, and how long and how often the app tries things.

Read these as `limits.NAME` when they are needed, so that a test can change one in one place.
"""

# Messages and views. Lengths are in UTF-16 units, of the text as it is sent.
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100  # App Home and modals
TEXT_CHARACTERS = 3_000  # of a section or a context element
FIELD_CHARACTERS, FIELDS = 2_000, 10  # of a section
HEADER_CHARACTERS = 150
ALT_TEXT_CHARACTERS = 2_000
VIDEO_CHARACTERS = 199  # of its title and description
CONTEXT_ELEMENTS = 10
ACTION_ELEMENTS = 25
ACTION_ID_CHARACTERS = BLOCK_ID_CHARACTERS = 255
BUTTON_CHARACTERS, VALUE_CHARACTERS = 75, 2_000
OPTIONS, OPTION_CHARACTERS, OPTION_VALUE_CHARACTERS = 100, 75, 150
PLACEHOLDER_CHARACTERS = 150
LABEL_CHARACTERS = HINT_CHARACTERS = 2_000
CONFIRM_TITLE_CHARACTERS, CONFIRM_TEXT_CHARACTERS, CONFIRM_BUTTON_CHARACTERS = 100, 300, 30
INPUT_CHARACTERS = 3_000
DRAFT_CHARACTERS = 590  # of a text in a section, so that it fits if all of them are escaped
VIEW_TITLE_CHARACTERS = 24  # also of a view's buttons

# Answers by an event's response_url.
RESPONSES, RESPONSES_S = 5, 30 * 60.0
REMEMBERED_EVENTS = 10_000

# Calls, for each method and workspace. Slack names tiers, and allows short bursts beyond them.
POST_INTERVAL_S = 1.0  # between two messages in a channel
CARD_INTERVAL_S = 1.0  # between two edits of cards in a channel
MINUTE_S = 61.0  # the first call of a minute may have taken a second longer on its way than the last
CALLS_PER_MINUTE = 50  # tier 3, and for methods that are not named here
METHOD_CALLS_PER_MINUTE = {
    "assistant.threads.setStatus": 600,
    "chat.getPermalink": 200,
    "chat.postEphemeral": 100,
    "chat.postMessage": 200,
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "files.info": 100,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
}
KEPT_FROM_CARDS = 20  # calls of chat.update a minute that cards leave to others
RETRY_AFTER_S = 5.0  # if Slack refuses a call because of its rate and doesn't say for how long
REMEMBERED_WORKSPACES = 1_000
REMEMBERED_CHANNELS = 1_000  # of a workspace
REMEMBERED_LINKS = 10_000  # to messages

# Time-outs. Slack waits 3 s for an acknowledgement.
STORE_FIRST_S = 1.0  # from the arrival of an event: if it is not stored by then, it is acknowledged before
LOOKUP_S = 1.0  # for reading the database, and at the same time for asking Slack about the person, before that
TRIGGER_S = 3.0  # from the arrival of an event: how long a form may be opened
FORM_FIRST_S = 1.5  # if it is not made by then, an empty form is opened before
REMEMBER_PERSON_S, REMEMBERED_PEOPLE = 3_600.0, 10_000
CALL_S = 30.0
TRANSFER_S = 120.0  # for a file, up or down
CLOSE_S = 5.0

# The socket.
PING_S = 2.0  # a connection that answers no ping for half as long again is replaced
HELLO_S = 10.0  # how long a new connection may take to say hello
WATCH_S = 0.5  # how often the state of the socket is looked at
RECONNECT_S, RECONNECT_AT_MOST_S = 1.0, 60.0
STEADY_S = 60.0  # after a connection that lasted so long, the pauses start at their minimum again

# Deliveries.
RETRY_S, RETRY_AT_MOST_S = 1.0, 60.0
CHANNEL_POST_S = 10.0  # how long the Share button waits for the post in the sharing channel
FILE_BYTES = 100 * 2**20  # Slack takes a gigabyte; nobody downloads that
UPLOADS_AT_ONCE = 4  # of files that somebody asked for: they are held in memory
SHARES_FIRST_S, SHARES_S = 1.0, 15.0  # how long to wait until Slack tells which message has a file; 100 calls a minute

# Numbers of likes.
LIKE_CHECK_INTERVAL_S = 1.0
LIKE_EDIT_INTERVAL_S = 3.0  # of one message
LIKE_EDITS_AT_ONCE = 32  # of all workspaces; those of one may wait for its limit of calls
RELISTEN_S = 2.0
REMEMBERED_MESSAGES = 1_000
