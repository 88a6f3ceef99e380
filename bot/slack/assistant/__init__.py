"""Slack's agent view of direct messages: suggested requests, a status while a request is answered, and a stop button.

Workspaces whose plan lacks it refuse it. There, direct messages are answered like others.
"""
