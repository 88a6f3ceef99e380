"""The Share button, and the posts in a server's sharing channel."""
