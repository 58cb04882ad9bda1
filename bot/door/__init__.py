"""The door: who may speak, in which order, and that nobody is left without an answer."""
