"""Recurrent nets and captioning."""
