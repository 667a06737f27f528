"""Names that only foreign code uses, for vulture; a name of ours never comes here."""

option_string = None  # argparse calls actions with it
trace = None  # what __exit__ is given
__cause__ = None  # Python's chain of exceptions
reading_validation_mode = None  # pydicom's settings
writeable = None  # numpy's flags
