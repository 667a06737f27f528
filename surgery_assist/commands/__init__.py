"""What can be done: commands, the dispatcher that does them, undo, and what they ask of others."""
