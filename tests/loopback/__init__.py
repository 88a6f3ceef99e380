"""Stand-ins for Discord and Comet on loopback: the real client libraries talk to them, and nothing leaves the machine."""
