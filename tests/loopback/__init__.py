"""Stand-ins for Discord and Slack on loopback: the real libraries talk to them, nothing leaves the machine."""
