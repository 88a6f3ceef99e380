"""The end of a platform that does not let the bot log in."""

EXIT_CODE_NO_LOGIN = 4


class NoLogin(Exception):
    """A platform does not let the bot log in, and another attempt would fail too. The message is for the host of the bot."""

    exit_code = EXIT_CODE_NO_LOGIN
