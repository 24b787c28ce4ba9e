"""Underfitting, overfitting and regularisation."""
