"""Surgery Assist: a full-screen DICOM viewer that a surgeon drives by voice."""

__version__ = "0.1.0"
