"""Messages to other systems: where they may go, how they are signed, and their delivery."""
