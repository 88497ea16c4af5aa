"""Pages of the rules, the rungs and the calendar."""
