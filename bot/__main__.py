"""`python -m bot` runs the `tunesmith` command."""

from bot.cli.main import main

if __name__ == "__main__":
    main(prog_name="tunesmith")
