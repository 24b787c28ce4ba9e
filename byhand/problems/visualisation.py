"""Seeing inside a convolutional net."""

from __future__ import annotations

from byhand.concept import Concept, Misconception, Point


class ThreeViews(Concept):
    """Filters, maps and patches."""

    id = "B16"
    title = "Three ways to see inside a convolutional net"
    question = "Describe three ways to see what a trained convolutional net has learned, and what each of them shows."
    model = (
        "First, show the filters of the first layer as small pictures: they act on the colours of the pixels, so "
        "they can be read directly; in nets trained on photographs, many look like oriented edges and blobs of "
        "colour (Krizhevsky et al. 2012). The filters of deeper layers act on maps and not on colours, so they "
        "cannot be read in this way. Second, run one image through the net and show the activation maps of a layer: "
        "each map shows where in this image its filter responds. Third, choose one unit, run many images through the "
        "net, and collect the patches that activate the unit most: what they have in common tells what it looks for. "
        "Zeiler and Fergus (2014), who show such patches beside projections back to the pixels, found corners and "
        "colours in low layers, textures above them, and parts of objects and whole objects in the highest."
    )
    points = (
        Point(
            "The filters of the first layer act on pixel colours and can be shown as small pictures.",
            "filter first | first-layer filter | weight first layer | first layer weight | kernel first",
        ),
        Point(
            "In nets trained on photographs, many first-layer filters look like oriented edges or colour blobs.",
            "edge | colour blob | blob | gabor | orient",
        ),
        Point(
            "An activation map shows where in one given image its filter responds, and how strongly.",
            "activation map | feature map | activat where | respond where | map of activation",
        ),
        Point(
            "The patches that activate a unit most, out of many images, tell what it looks for.",
            "patch | maximal activ | most activ | strongest activ | activat most | highest activ | top image",
        ),
        Point(
            "The filters of deeper layers act on earlier maps, so they cannot be read as coloured pictures.",
            "deep filter | filter deep | deep weight | later filter | filter later | high layer filter | filter "
            "other layer",
        ),
        Point(
            "Zeiler and Fergus (2014) found edges and colours in low layers, parts of objects in high ones.",
            "textur | part object | complex | hierarch | whole object",
        ),
    )
    misconceptions = (
        Misconception(
            "every_layer_in_colour",
            "The filters of every layer can be shown as colour pictures, just like those of the first.",
            "A filter of a deeper layer has one slice for each map that it reads, perhaps hundreds; three of them "
            "are not red, green and blue.",
            "filter every layer picture | filter every layer colour | filter any layer colour | filter all layer "
            "colour",
            "Ask for the depth of a filter in the second layer.",
        ),
        Misconception(
            "map_shows_weights",
            "An activation map shows the weights of a filter, with large weights in bright colours.",
            "It shows the filter's response at every position of one image. The weights are the same for all images.",
            "activation map weight | feature map weight",
            "Ask whether the picture changes when another image goes in.",
        ),
        Misconception(
            "patches_are_averages",
            "The patches that activate a unit most are found by averaging all images of the training set.",
            "They are pieces of single images, ranked by the unit's activation.",
            "averag image | averag all | mean image",
            "Ask where the unit itself comes in.",
        ),
        Misconception(
            "labels_needed",
            "Finding the patches that activate a unit most requires the class labels of the images.",
            "It requires the activations only: run the images through the net and sort.",
            "patch label | require label | need label",
            "Ask at which step a label would be used.",
        ),
        Misconception(
            "the_loss_curve",
            "The curve of the training loss shows what the single filters of a net have learned to look for.",
            "It shows how well the net does as a whole, and nothing about any filter.",
            "loss curve | curve loss | training curve | curve training",
            "Ask which filter a point of the curve belongs to.",
        ),
        Misconception(
            "black_map_dead_filter",
            "A filter whose activation map is black for one image is dead and can be removed from the net.",
            "It may look for something that this image does not show. Only a filter that stays silent for very many "
            "images is dead.",
            "one image dead | black dead | black remove | black useless",
            "Show the net another image.",
        ),
        Misconception(
            "objects_in_the_first_layer",
            "The filters of the first layer show whole objects, such as faces, wheels or the wings of birds.",
            "They are only a few pixels wide and show edges and colours. Objects appear in high layers.",
            "first layer object !edge !deep !later !last !high | first layer face !edge !deep !later !last !high",
            r"Ask how much of a face fits into $11 \times 11$ pixels.",
        ),
    )
