"""The suitability check before a visit (clinical brief, part 4): questions, answers, label.

The outcome is a routing label for the team, never a verdict, and no label stands in the way of a
talk with the doctor.
"""
