"""The `tunesmith` command, one module per group of subcommands.

Each subcommand imports what it needs when it runs, so that the bot's process never loads TensorFlow or music21.
"""
