"""Tests of the booking as a conversation."""
