"""From an utterance to ranked picks with reasons, and a record of both."""
