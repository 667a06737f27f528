"""Ways in that need no Qt: remote tablet, pedals with drivers of their own."""
