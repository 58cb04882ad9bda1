"""Tests of the life of a visit after it was booked."""
