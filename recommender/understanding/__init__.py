"""From an utterance and the session to a dialogue state and the aspects of an instruction."""
