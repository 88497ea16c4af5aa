"""Deadlines as pure functions: counting, explaining, warning."""

from grid.worktime.arithmetic.counting import Due, PauseSpan, SkippedDay, due, left
from grid.worktime.arithmetic.explanation import Code, Line, explain, line_text, quantity_text
from grid.worktime.arithmetic.lights import Light, light, lights

__all__ = [
    "Code",
    "Due",
    "Light",
    "Line",
    "PauseSpan",
    "SkippedDay",
    "due",
    "explain",
    "left",
    "light",
    "lights",
    "line_text",
    "quantity_text",
]
