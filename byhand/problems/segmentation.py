"""Segmentation and upsampling."""

from __future__ import annotations

from byhand.concept import Concept, Misconception, Point


class FullyConvolutional(Concept):
    """Against dense layers and against a sliding window."""

    id = "A31"
    title = "Why a fully convolutional net for semantic segmentation"
    question = (
        "Why is a fully convolutional net used for semantic segmentation, rather than a classifier with dense "
        "layers, or such a classifier slid over the image?"
    )
    model = (
        "Semantic segmentation asks for a class at every pixel, so the net must give a map of scores. A classifier "
        "with dense layers flattens its last feature map and gives one vector of scores for the whole image: its "
        "output has no positions, and its first dense matrix fits one input size only. A fully convolutional net "
        r"(Long et al. 2015) keeps maps to the end, with a $1 \times 1$ convolution that gives one map of scores for "
        "each class, and takes images of any size. One could slide a classifier over the image, one patch around "
        "each pixel, but neighbouring patches overlap and most of the work would be repeated; the fully "
        "convolutional net computes every value once and shares it. And since a dense layer on a feature map can be "
        "rewritten as a convolution with the same weights, a trained classifier can be converted and then fine-tuned "
        "with a loss over all pixels."
    )
    points = (
        Point(
            "Semantic segmentation asks for a class at every pixel, not for one class of the whole image.",
            "every pixel | each pixel | per pixel | per-pixel | pixel-wis | dense predict | pixel class",
        ),
        Point(
            "A classifier with dense layers gives one vector of scores for the whole image, without positions.",
            "one vector | single vector | one label | single label | flatten | no position | no spatial | lose "
            "spatial | discard spatial | lose position | keep map | keep spatial | preserv spatial",
        ),
        Point(
            "A fully convolutional net takes images of any size, while a dense layer fits one input size only.",
            "any size | any input | arbitrary | variable size | different size | fixed size | fixed input | every "
            "size | one input size",
        ),
        Point(
            "Sliding a classifier over the image repeats most of the work, since neighbouring patches overlap.",
            "overlap | repeat | redundan | again and again | shar comput | comput once | sliding-window | patch slow "
            "| patch expens",
        ),
        Point(
            "A dense layer on a feature map can be rewritten as a convolution with the same weights.",
            "rewrit convol | convert | dense as convol | reshap | same weight | turn dense convol | pretrained | "
            "fine-tun",
        ),
    )
    misconceptions = (
        Misconception(
            "convolutions_have_no_weights",
            "A fully convolutional net is preferred because convolutions have no weights that must be learned.",
            "They have weights, shared by all positions. The gain is a map of scores for any input size.",
            "convol no weight | convol no parameter",
            r"Count the weights of a $1 \times 1$ convolution from 512 to 21 maps.",
        ),
        Misconception(
            "images_cannot_enter_dense_layers",
            "A dense layer cannot be used in semantic segmentation because it cannot take an image as its input.",
            "It can take any image once its pixels are in a row; but only one size, and without sharing weights "
            "between positions.",
            "dense no take image | dense layer no input image | dense no accept image",
            "Flatten a small image and multiply.",
        ),
        Misconception(
            "one_class_for_the_image",
            "Semantic segmentation gives the whole image one class, and a fully convolutional net finds it faster.",
            "That is classification. Semantic segmentation gives every pixel a class.",
            "segment whole image one class !classif !dense !every | segment one label image !classif !dense !every | "
            "segment single class image !classif !dense !every",
            "Ask how large the answer is: one word, or a map?",
        ),
        Misconception(
            "instances_told_apart",
            "Semantic segmentation tells two touching cars apart, which only a fully convolutional net can do.",
            "That is instance segmentation. In semantic segmentation all pixels of both cars get the same class.",
            "two car apart | touching apart | two object apart | separate instance !instance-segment",
            "Colour the answer by class: can the two cars be told apart?",
        ),
        Misconception(
            "sliding_costs_the_same",
            "Sliding a classifier over the image costs the same as one pass of the fully convolutional net.",
            "Neighbouring patches share most of their pixels, and the slid classifier computes the same convolutions "
            "for each of them again.",
            "slid same cost | slid cost same | slid equal cost | slid as fast",
            r"Two patches of $100 \times 100$ pixels, one pixel apart: how many pixels do they share?",
        ),
        Misconception(
            "conversion_needs_training_anew",
            "Rewriting the dense layers as convolutions changes their weights, so the net must be trained from "
            "scratch.",
            "The weights are the same numbers, only shaped as filters: on an image of the old size the outputs are "
            "equal.",
            "train from scratch | convert chang weight | rewrit chang weight | convert lose weight",
            "Write the dot product of one dense unit as a sum over a window.",
        ),
        Misconception(
            "weights_grow_with_the_image",
            "The number of weights in a convolutional layer grows in proportion to the size of the image.",
            "It depends on the size, depth and number of the filters only. It is the dense layer whose weights grow "
            "with the image.",
            "convol weight grow !dense | weight convol depend image size !dense | parameter convol grow !dense",
            "Where does the height of the image stand in the formula for the parameters?",
        ),
    )


class OutputResolution(Concept):
    """Strides, upsampling, and what resolution costs."""

    id = "A32"
    title = "How a fully convolutional net's output size follows its input"
    question = (
        "How does the output of a fully convolutional net for segmentation depend on the size of its input, and what "
        "does resolution cost?"
    )
    model = (
        "Every layer works on all positions in the same way, so the output is a map whose height and width grow in "
        "proportion to those of the input. The strides of the layers multiply: with a total stride of 32, an image "
        r"of $224 \times 224$ pixels leaves a map of $7 \times 7$ scores for each class, one for every $32 \times "
        "32$ pixels. The scores must then be upsampled to the size of the image, and because detail was lost on the "
        "way, boundaries come out coarse (Long et al. 2015 therefore add finer layers back in). Without the strides "
        "the resolution stays, but memory and work rise: half the total stride means four times as many positions in "
        "the last map, and the receptive field grows more slowly. Dilated convolutions widen the receptive field "
        "without a stride, at the price of these larger maps. An image of twice the height and width costs about "
        "four times the memory and work, with not one weight more."
    )
    points = (
        Point(
            "The height and width of a fully convolutional net's output grow in proportion to those of its input.",
            "output proportion | output input size | output grow input | output scal input | size follow input | map "
            "proportion | input divided | output depend input | output tied input",
        ),
        Point(
            r"The strides of layers multiply: a total stride of 32 turns $224 \times 224$ pixels into $7 \times 7$ "
            "positions.",
            "strides multipl | total stride | stride product | product stride | factor 32 | stride 32 | overall "
            "stride | 7x7",
        ),
        Point(
            "A coarse map of scores must be upsampled to give a class for every pixel.",
            "up-sampl | interpol | transpos convol | deconvol | enlarg",
        ),
        Point(
            "Strides and pooling lose spatial detail, so that upsampled boundaries are coarse.",
            "los detail | los resolution | los spatial | coars | blur bound | fine detail | rough bound",
        ),
        Point(
            "Resolution costs memory and work: half the total stride means four times as many positions.",
            "memory | four times | quadrupl | expens | more work | more comput | cost comput",
        ),
        Point(
            "Dilated convolutions widen the receptive field without a stride, at the price of larger maps.",
            "dilat | atrous | a-trous | receptive",
        ),
    )
    misconceptions = (
        Misconception(
            "output_of_fixed_size",
            "The output of a fully convolutional net has the same fixed size, whatever the size of the image.",
            "There is no dense layer that would fix a size: the larger the image, the larger the map of scores.",
            "output same size every !pixel | output fixed size | output always same size !input",
            "Follow the height of two different images through one strided convolution.",
        ),
        Misconception(
            "upsampling_restores_detail",
            "Upsampling the map of scores brings back the detail that strides and pooling have removed.",
            "It brings back the size. What was lost can only come from somewhere else, such as earlier layers.",
            "up-sampl bring back detail !skip !early | up-sampl restor detail !skip !early | up-sampl recover detail "
            "!skip !early",
            "Shrink a checkerboard of single pixels by averaging, then enlarge it again.",
        ),
        Misconception(
            "full_resolution_for_nothing",
            "A net made of convolutions alone always gives an output of the size of its input, whatever its strides.",
            "Every stride of 2 halves the map. Only with stride 1 and same padding everywhere does a convolutional "
            "net keep the size.",
            "whatever stride | regardless stride | always output size input",
            "Apply the formula for the output size to a stride of 2.",
        ),
        Misconception(
            "more_weights_for_larger_images",
            "A larger image needs a fully convolutional net with more weights, since more pixels are read.",
            "The filters stay the same and are applied at more positions: more work and memory, not one weight more.",
            "larger image more weight | large image more parameter | more weight image | bigger image more weight",
            "Count the parameters of a convolution: is the image in the formula?",
        ),
        Misconception(
            "strides_add_up",
            "The strides of successive layers add up: five layers of stride 2 reduce the map by a factor of 10.",
            "They multiply: each layer works on the map that the one before has left, so the factor is $2^5 = 32$.",
            "strides add | stride sum | sum stride",
            "Halve 224 five times.",
        ),
        Misconception(
            "strides_are_free",
            "Large strides are free: they only save time, and the segmentation is just as exact.",
            "They are paid for in resolution: one score stands for a whole block of pixels, and boundaries get "
            "coarse.",
            "strides free | stride only save | stride just as exact",
            "Imagine a lamp post two pixels wide under a stride of 32.",
        ),
        Misconception(
            "cost_grows_with_the_side",
            "An image of twice the height and twice the width costs about twice the memory and work.",
            "It has four times as many pixels, and the work of a convolution is in proportion to the number of "
            "positions.",
            "twice height work !four !quadrupl | double height work !four !quadrupl | twice the work !four !quadrupl "
            "| twice the cost !four !quadrupl",
            "Count the positions of the filter.",
        ),
    )


class TransposedConvolution(Concept):
    """Learned upsampling, and the transpose behind the name."""

    id = "A33"
    title = "The role of transposed convolution"
    question = (
        "What is the role of a transposed convolution in a segmentation net, and why does it have this name?"
    )
    model = (
        "A transposed convolution upsamples a map with weights that are learned: in a segmentation net it takes the "
        "coarse map of scores back towards the resolution of the image. Each input value multiplies the whole "
        "filter, and the products are laid into the output $s$ cells apart and added where they overlap: with a "
        "filter of side $f$ and padding $p$, a side of $n$ cells becomes $(n-1)s - 2p + f$. The name comes from "
        "algebra: a convolution with stride $s$ is linear, $y = Cx$ with a matrix $C$ made of its filter, and the "
        r"transposed convolution multiplies by the transpose, $C^\top$. That is the same computation that takes the "
        "gradient backwards through the strided convolution. It is not the inverse of the convolution: it can "
        "restore the size, not the values. With suitable fixed weights it is bilinear interpolation, from which "
        "training can start (Long et al. 2015)."
    )
    points = (
        Point(
            "A transposed convolution enlarges a map: it is a kind of upsampling.",
            "up-sampl | enlarg | increas resolution | larger map | increas size | higher resolution",
        ),
        Point(
            "The weights of a transposed convolution can be learned, unlike those of a fixed interpolation.",
            "learn | trainabl",
        ),
        Point(
            "In a transposed convolution, each input value multiplies the whole filter; overlaps are added.",
            "overlap | multipl whole filter | multipl filter | spread filter | stamp",
        ),
        Point(
            "A transposed convolution multiplies by the transpose of a strided convolution's matrix.",
            "transpos matri | multipl transpos | adjoint | c top",
        ),
        Point(
            "A transposed convolution is what takes the gradient backwards through a strided convolution.",
            "gradient back | gradient through | backward | back-propag | back pass | gradient convol",
        ),
        Point(
            "A transposed convolution is not an inverse: it can restore the size of a map, not its values.",
            "no inver | no undo | no value | size no | shape no value | shape only",
        ),
    )
    misconceptions = (
        Misconception(
            "inverse_of_convolution",
            "A transposed convolution undoes a convolution and gives back the values that went in.",
            "It gives back the size only. The transpose of a matrix is in general not its inverse, and the name "
            "deconvolution, which one also meets, promises too much.",
            "undo convol | undoes convol | inver convol | give back value | gives back value",
            "Average pairs of numbers: can anything tell which pair it was?",
        ),
        Misconception(
            "nothing_to_learn",
            "A transposed convolution copies each value into several cells and has nothing to learn.",
            "That is nearest-neighbour upsampling. A transposed convolution has a filter whose weights are trained.",
            "nothing learn | no weight | no parameter | copies nearest !unlike",
            "Ask what its gradient is taken for.",
        ),
        Misconception(
            "the_filter_is_transposed",
            "A transposed convolution is called so because rows and columns of its filter change places.",
            "What is transposed is the large matrix that turns the flattened input into the flattened output. The "
            "filter's own entries stay as they are.",
            "row column filter | filter rows columns | row column kernel | transpos filter itself",
            "Write the convolution of 4 numbers with the filter $(a, b)$ as a matrix, then transpose that.",
        ),
        Misconception(
            "stride_shrinks",
            "A transposed convolution with stride 2 halves the height and the width of its input map.",
            "A convolution with stride 2 does. In a transposed one, stride 2 lays the products two cells apart, so "
            "the map becomes about twice as high and wide.",
            "transpos halv !doubl !twice | transpos shrink !grow !enlarg !back | transpos reduc size | transpos "
            "smaller map",
            "Take one input value and a filter of 3 by 3: how large is the output?",
        ),
        Misconception(
            "always_bilinear",
            "A transposed convolution always computes bilinear interpolation, whatever weights it has.",
            "It can, with the right fixed weights, and training may start from these. In general its weights are "
            "learned and give another map.",
            "always bilinear | same bilinear | same as bilinear",
            "Ask what would be left to train.",
        ),
        Misconception(
            "confused_with_unpooling",
            "A transposed convolution remembers where each maximum was and puts the value back there.",
            "That is unpooling with the positions kept from max pooling. A transposed convolution knows nothing of "
            "maxima: it spreads every value with the same filter.",
            "rememb maxim | rememb position | where maxim | position maxim",
            "Ask which layer would have kept the positions.",
        ),
        Misconception(
            "it_adds_channels",
            "The role of a transposed convolution is to make a map deeper and keep its height and width.",
            r"Its role is to make the map higher and wider. Depth alone is changed by a $1 \times 1$ convolution.",
            "map deeper | make deeper | more channel keep | increas depth keep",
            "Ask which sizes the last layer of a segmentation net must have.",
        ),
    )


class SegmentationSkips(Concept):
    """From the encoder across to the decoder."""

    id = "A34"
    title = "Skip connections in segmentation"
    question = "What do skip connections between encoder and decoder bring to a segmentation net?"
    model = (
        "On the way down, strides and pooling lose spatial detail: the deepest maps of the encoder know what is in "
        "the image but only roughly where. Its early maps are the other way round: fine in resolution, with edges in "
        "the right place, but little meaning. Skip connections carry the early maps across to those layers of the "
        "decoder that have the same resolution, where they join the upsampled deep maps. They are added in the fully "
        "convolutional nets of Long et al. (2015), after a layer that turns them into scores, and concatenated in "
        "the U-Net (Ronneberger et al. 2015), whose convolutions then combine both. So the decoder can draw exact "
        "boundaries around what the deep layers have recognised; upsampling alone could not."
    )
    points = (
        Point(
            "Strides and pooling in the encoder lose spatial detail that a segmentation needs.",
            "los detail | lost detail | los spatial | lost spatial | los resolution | lost resolution | lost pool | "
            "discard detail | roughly where",
        ),
        Point(
            "Skip connections carry maps of the encoder across to decoder layers of the same resolution.",
            "encod decod | early decod | early across | early late | shallow deep | contract expan | down up path",
        ),
        Point(
            "Deep maps know what is in the image, early maps know where: the decoder needs both.",
            "what where | semantic detail | semantic spatial | meaning detail | meaning position | context local | "
            "semantic where | meaning where | semantic fine",
        ),
        Point(
            "The U-Net joins the two maps by concatenation, the nets of Long et al. (2015) by addition.",
            "concat | added | adds | adding | addition | summed | sums | stacked",
        ),
        Point(
            "With skip connections, boundaries come out sharper than with upsampling alone.",
            "boundar | sharp | exact edge | precis | outline | contour | fine edge",
        ),
    )
    misconceptions = (
        Misconception(
            "residual_connections",
            "The skip connections of a U-Net are residual connections: each adds a block's input to the block's "
            "output.",
            "They reach from the encoder across to the decoder, and the U-Net concatenates. Residual connections, "
            "which go around a few layers, may be used in addition.",
            "are residual | same residual | same as resnet | adds block input !unlike",
            "Ask where the connection begins and where it ends.",
        ),
        Misconception(
            "layers_left_out",
            "Skip connections make a segmentation net faster by leaving out some of its layers.",
            "No layer is left out: the connection runs beside the layers, and the maps that it brings make a little "
            "more work.",
            "leav out layer | left out layer | skip layer fast | jump over layer fast",
            "Count the layers that are computed, with and without the connection.",
        ),
        Misconception(
            "deep_maps_are_the_fine_ones",
            "The deepest maps of the encoder hold the finest spatial detail, and skip connections pass it on.",
            "The deepest maps are the coarsest. It is the early maps whose detail is passed on.",
            "deepest finest | deepest fine detail | deep most detail | deepest most detail",
            "Compare the sizes of the first and the last map of the encoder.",
        ),
        Misconception(
            "upsampling_replaced",
            "With skip connections, the deep maps no longer need to be upsampled before they are used.",
            "The deep maps must still be brought to the size of those they join; only then can the two be combined.",
            "no need up-sampl | no up-sampl | replac up-sampl",
            "Compare the sizes of the two maps that are to be joined.",
        ),
        Misconception(
            "sizes_need_not_match",
            "Skip connections join maps of any height and width without cropping or resizing.",
            "To be added or concatenated, the maps must agree in height and width; the original U-Net crops the "
            "encoder's maps for that.",
            "any height no | no crop | no resiz | any size no",
            "Try to lay a map of 64 by 64 on one of 56 by 56.",
        ),
        Misconception(
            "gradient_only",
            "The only purpose of skip connections in segmentation is to keep gradients from vanishing.",
            "They do give gradients a shorter way, but here their purpose is spatial detail, which the deep maps "
            "have lost.",
            "only purpose gradient | only gradient | only vanish | solely gradient",
            "Ask why they begin exactly before each pooling.",
        ),
        Misconception(
            "against_overfitting",
            "Skip connections in segmentation are there to prevent overfitting, as dropout is.",
            "They bring detail to the decoder, and make the net rather more flexible than less.",
            "overfit | regularis | like dropout",
            "Ask what they take away from the net: nothing.",
        ),
    )
