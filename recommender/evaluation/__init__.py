"""Evaluation: data sets, tasks, metrics, baselines and reports, each figure with a command."""
