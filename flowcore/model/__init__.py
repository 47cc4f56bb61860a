"""The nouns: frozen values that every floor above shares. No input, no output, msgspec only."""
