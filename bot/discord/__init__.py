"""Tunesmith in Discord: one folder for each feature, with its commands, buttons, forms and texts.

`core` has what features share; it imports no feature. Features import `core`, and a feature of a lower layer where they need
it (see the contracts in pyproject.toml). `features` lists what the client registers, `views` combines buttons of several
features. Whatever must survive a restart is in storage. Rules that hold on every platform are in bot.core.
"""
