"""Tuning: instruction data from behaviour, adapters trained on it, and their checkpoints."""
