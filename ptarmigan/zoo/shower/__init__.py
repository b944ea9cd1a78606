"""Published systems for particle showers."""
