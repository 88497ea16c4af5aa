"""Builders for tests: plain functions that make real rows."""
