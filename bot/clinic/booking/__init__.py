"""Booking a consultation as a conversation: what was said so far, what comes next, and why.

Pure: a message and the free times go in, a draft and a verdict come out. The action keeps the
draft in the database and names the response; nothing is booked here.

The order of the questions is the order of the missing facts (`draft.next_step`), so whatever a
patient has said already, in one message or in five, is never asked again.
"""
