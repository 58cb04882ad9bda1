"""What runs by itself beside the door, in the front process."""
