"""What belongs to a release beside the code."""
