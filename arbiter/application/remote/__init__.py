"""What Arbiter and an agent outside its process say to each other, whatever carries it."""
