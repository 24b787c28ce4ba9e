"""Residual nets, Inception and DenseNet."""
