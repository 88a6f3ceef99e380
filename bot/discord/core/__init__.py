"""What several features of the Discord bot use. It imports no feature."""
