"""The words of Pombo as types: instances, live state, commands, events, errors. No adapter is imported here."""
