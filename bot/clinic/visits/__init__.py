"""The life of a visit after it was booked: its statuses, the rules and the words that change it.

Pure functions of a text, the clock and what is stored.
"""
