"""How well messages are understood, measured on messages that nothing was trained on: `make eval`.

Runs in the engine's environment, for it needs the trained model. Only `engine.py` knows Rasa;
everything else is plain Python.
"""
