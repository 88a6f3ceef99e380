"""Stand-ins for Discord, Slack and Comet on loopback: the real client libraries talk to them, and nothing leaves the machine."""
