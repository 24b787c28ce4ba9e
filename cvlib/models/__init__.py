"""Models of the book, each a function that builds a chain of layers."""

from cvlib.models.alexnet import alexnet
from cvlib.models.captioner import Captioner, captioner
from cvlib.models.densenet import dense_block, dense_layer, densenet, transition
from cvlib.models.fcn import fcn
from cvlib.models.grid_detector import grid_detections, grid_detector, grid_loss, grid_targets
from cvlib.models.inception import googlenet, inception_module, inception_net
from cvlib.models.lenet import lenet5
from cvlib.models.region_proposals import (
    anchor_by_anchor,
    proposal_recall,
    region_proposal_head,
    region_proposal_net,
    rpn_loss,
    rpn_proposals,
    rpn_targets,
)
from cvlib.models.resnet import bottleneck_block, residual_block, resnet
from cvlib.models.softmax_classifier import softmax_classifier
from cvlib.models.vgg import vgg16

__all__ = [
    "Captioner",
    "alexnet",
    "anchor_by_anchor",
    "bottleneck_block",
    "captioner",
    "dense_block",
    "dense_layer",
    "densenet",
    "fcn",
    "googlenet",
    "grid_detections",
    "grid_detector",
    "grid_loss",
    "grid_targets",
    "inception_module",
    "inception_net",
    "lenet5",
    "proposal_recall",
    "region_proposal_head",
    "region_proposal_net",
    "residual_block",
    "resnet",
    "rpn_loss",
    "rpn_proposals",
    "rpn_targets",
    "softmax_classifier",
    "transition",
    "vgg16",
]
