"""DICOM objects that say something of images: segments, structures, presentations, reports."""
