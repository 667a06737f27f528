"""The recipe that makes the bundled Romanian and English voice pack.

Run it with ``python -m models.recipe``; ``models/README.md`` tells the stages. It has its own
requirements (torch and others), which the program itself never needs.
"""
