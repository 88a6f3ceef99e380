"""Discord's limits, and how long and how often the bot tries things.

Read these as `limits.NAME` when they are needed, so that a test can change one in one place.
"""

from datetime import timedelta

# Messages. Discord's clients count characters in UTF-16.
MESSAGE_CHARACTERS = 2_000
REQUEST_BYTES = 24 * 2**20  # all files of a message together: Discord's limit is 25 MiB with what surrounds them
FILE_BYTES = 12 * 2**20  # also where Discord allows more: sheet music and recording share one request

# Commands, menus and forms.
CHOICES = 25
CHOICE_CHARACTERS = 100  # also of an option in a menu, and of a placeholder
FIELD_LABEL_CHARACTERS = 45

# Discord's error codes.
MISSING_PERMISSIONS = 50013
INVALID_WEBHOOK_TOKEN = 50027
THREAD_ARCHIVED = 50083
NO_READ_HISTORY = 160002  # a reply needs the permission to read the channel's history
THREAD_LOCKED = 160005
CLOSED_THREAD = (THREAD_ARCHIVED, THREAD_LOCKED)
AUTHENTICATION_FAILED = 4004  # code with which the gateway closes the connection

# Time-outs. Discord waits 3 s for the first answer to an interaction.
STORE_FIRST_S = 1.0  # from the arrival of an interaction: if it is not stored by then, it is acknowledged before
ACKNOWLEDGE_S = 10.0  # a longer call is given up: Discord no longer waits for it
LOOKUP_S = 1.0  # for reading the database before that answer
DOWNLOAD_S = 1.5  # for downloading an attachment before that answer
CALL_S = 120.0  # for a call to Discord, with its upload; shorter than Discord remembers a nonce
CHANNEL_POST_S = 10.0  # how long the Share button waits for the post in the sharing channel
CLOSE_S = 5.0

# Retries.
RETRY_S, RETRY_AT_MOST_S = 1.0, 60.0
RECONNECT_S, RECONNECT_AT_MOST_S = 2.0, 60.0
RELISTEN_S = 2.0

# Shards.
LOOK_FOR_SHARDS_S = 1.0  # how often a process looks which shards it should have
IDENTIFY_EVERY_S = 5.5  # Discord's limit is one IDENTIFY in 5 s for each of `max_concurrency` groups of shards
IDENTIFY_TURN_S = 0.25  # how often a shard looks whether it is its turn

# Looking for a message that may have been posted before.
CLOCK_DIFFERENCE = timedelta(hours=2)  # at most, between a clock of ours, which somebody may set, and Discord's
SEARCHED_POSTS = 1_000  # the bot's message may have been sent at the end of an outage, after many others
SEARCHED_MESSAGES = 100  # for the latest turn of a session

# Calls to Discord. Its limit is 50 a second in all.
CALLS_PER_S = 40
CARD_EDITS_PER_S = 20  # of all queue cards together, so that finished tunes need not wait for them
CARD_EDIT_INTERVAL_S = 1.0  # of one card
CARD_BUSY_S = 0.1  # how often a card checks whether other calls still wait
LIKE_CHECK_INTERVAL_S = 1.0
LIKE_EDIT_INTERVAL_S = 3.0  # of one message; Discord takes five edits in five seconds in a channel
LIKE_EDITS_AT_ONCE = 4  # each takes about a tenth of a second, so this stays under Discord's limit
REQUESTS_AT_ONCE = 6  # stored at the same time, so that the first answers of others find the database free
POSTS_AT_ONCE = 32  # each holds its files in memory and may wait for the channel's rate limit

# Messages that were sent while the bot was away. Discord does not repeat them: they are read from the channels.
STORE_MARKS_S = 5.0  # how often the last messages seen are stored
MISSED_AGE = timedelta(hours=24)  # an outage of a night; nobody waits for an answer any longer
MISSED_CHANNELS = 50  # in a server, those with the newest messages
MISSED_MESSAGES = 300  # in a channel, the newest; three calls
MISSED_DIRECT = 200  # direct conversations, the newest
MISSED_PAUSE_S = 0.1  # after each channel: a quarter of the calls at most
FORGET_CONVERSATION_AFTER = timedelta(days=90)  # without a message
