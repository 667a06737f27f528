"""What stops the recipe: one line that says what to do."""


class RecipeError(Exception):
    """A stage can't go on; the message is for the person who runs the recipe."""
