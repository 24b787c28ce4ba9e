"""Compression by distillation."""
