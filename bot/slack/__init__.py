"""The Slack app: commands, buttons, messages and the posts of finished tunes, in Slack's own forms.

What other platforms do too is in `bot.core`. A folder or file here is one feature, and registers its listeners with slack-bolt.
"""
