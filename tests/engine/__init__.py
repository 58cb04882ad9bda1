"""Tests of what runs inside Rasa; they run in the engine's own environment, on Python 3.10."""
