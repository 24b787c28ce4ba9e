"""Differentiable sampling."""
