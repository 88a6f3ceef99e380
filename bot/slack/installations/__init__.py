"""The workspaces where the app is installed: who they are, and the tokens with which the app acts in them."""
