"""Optimisers, schedules of their learning rate, and clipping of what they are given."""

from cvlib.optim.adam import Adam, AdamW
from cvlib.optim.clipping import clip_by_global_norm, clip_by_value, global_norm
from cvlib.optim.optimiser import Optimiser
from cvlib.optim.rmsprop import RMSProp
from cvlib.optim.schedules import constant, cosine, step_decay, warm_up
from cvlib.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimiser",
    "RMSProp",
    "clip_by_global_norm",
    "clip_by_value",
    "constant",
    "cosine",
    "global_norm",
    "step_decay",
    "warm_up",
]
