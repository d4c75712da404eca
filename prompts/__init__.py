"""Instructions in words: what the language model is told. Text only, no ML library."""
