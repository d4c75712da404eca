"""Judging recommendations: blind campaigns, their figures, and what can be learned from them."""
