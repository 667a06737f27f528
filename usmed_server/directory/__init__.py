"""The directory: which sites there are, who knows a pseudonym, and a relay of sealed messages.

It never sees a name, a number of a patient, or a pixel.
"""
