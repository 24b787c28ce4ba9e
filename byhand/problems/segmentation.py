"""Segmentation and upsampling."""
