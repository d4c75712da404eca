"""From a query to candidates. Knows nothing of prompts or language models."""
