"""Measurements. Each module prints a table and writes a JSON record under results/."""
