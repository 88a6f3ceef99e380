"""The web page against real PostgreSQL, over real HTTP, and in a real browser."""
