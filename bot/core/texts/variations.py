"""English texts of the buttons that make a new tune from a finished one."""

from generator.user_messages import UserMessage

VARY_A_LITTLE = UserMessage("Vary a little")
VARY = UserMessage("Vary")
VARY_A_LOT = UserMessage("Vary a lot")
CONTINUE = UserMessage("Continue")
B_PART = UserMessage("B part")
CHANGE = UserMessage("Change…")
INSTRUMENT = UserMessage("Instrument")
WHICH_INSTRUMENT = UserMessage("Which instrument should play it?")
DEFAULT_INSTRUMENT = UserMessage("the rhythm's default instrument")
CHANGE_TUNE = UserMessage("Change the tune")
FIELD_RHYTHM = UserMessage("Rhythm")
FIELD_KEY = UserMessage("Key")
FIELD_OPENING = UserMessage("Opening in ABC")
FIELD_TUNE = UserMessage("Tune in ABC")
FIELD_TEMPERATURE = UserMessage("Temperature (0.1 to 2)")
FIELD_SEED = UserMessage("Seed")
FIELD_TITLE = UserMessage("Title")
NOT_SET = UserMessage("not set")
NEW_SEED = UserMessage("leave empty for a new seed")
CONTINUE_EDITING = UserMessage("Continue editing")
TYPED = UserMessage("What you typed")


def without_backing(instrument: str) -> UserMessage:
    """A choice of instrument that plays without guitar and bodhrán."""
    return UserMessage("{instrument}, without backing", instrument=instrument)
