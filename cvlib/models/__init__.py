"""Models of the book, each a function that builds a chain of layers."""

from cvlib.models.alexnet import alexnet
from cvlib.models.autoencoder import autoencoder, image_decoder, image_encoder
from cvlib.models.captioner import Captioner, captioner
from cvlib.models.densenet import dense_block, dense_layer, densenet, transition
from cvlib.models.distillation import student_net, teacher_logits, teacher_net, teacher_student_loss
from cvlib.models.fcn import fcn
from cvlib.models.gan import (
    GAN,
    GANHistory,
    digit_discriminator,
    digit_gan,
    digit_generator,
    mode_coverage,
    point_discriminator,
    point_gan,
    point_generator,
    train_gan,
)
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
from cvlib.models.two_stage import (
    RegionClassifier,
    region_classifier,
    region_detections,
    region_loss,
    region_targets,
)
from cvlib.models.vae import VAE, Reparameterise, vae, vae_loss
from cvlib.models.vgg import vgg16

__all__ = [
    "GAN",
    "VAE",
    "Captioner",
    "GANHistory",
    "RegionClassifier",
    "Reparameterise",
    "alexnet",
    "anchor_by_anchor",
    "autoencoder",
    "bottleneck_block",
    "captioner",
    "dense_block",
    "dense_layer",
    "densenet",
    "digit_discriminator",
    "digit_gan",
    "digit_generator",
    "fcn",
    "googlenet",
    "grid_detections",
    "grid_detector",
    "grid_loss",
    "grid_targets",
    "image_decoder",
    "image_encoder",
    "inception_module",
    "inception_net",
    "lenet5",
    "mode_coverage",
    "point_discriminator",
    "point_gan",
    "point_generator",
    "proposal_recall",
    "region_classifier",
    "region_detections",
    "region_loss",
    "region_proposal_head",
    "region_proposal_net",
    "region_targets",
    "residual_block",
    "resnet",
    "rpn_loss",
    "rpn_proposals",
    "rpn_targets",
    "softmax_classifier",
    "student_net",
    "teacher_logits",
    "teacher_net",
    "teacher_student_loss",
    "train_gan",
    "transition",
    "vae",
    "vae_loss",
    "vgg16",
]
