"""Sizes, parameters and costs."""
