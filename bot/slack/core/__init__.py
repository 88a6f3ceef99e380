"""What the features of the Slack app share. It imports no feature."""
