"""Channels are adapters: a patient's message in, the reply out, no rule of the clinic."""
