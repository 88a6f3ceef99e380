"""The Share button, and the posts in a workspace's sharing channel."""
