"""Seeing inside a convolutional net."""
