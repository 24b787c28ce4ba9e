"""Questions in words on detection, segmentation, sequences, generative models and on seeing inside a net.

Answers here are in other words than the model answers: a student's, in full; wrong ones; and true sentences that come
close to a misconception.
"""

from __future__ import annotations

import random
import re

import pytest
from routes import concept

import byhand
from byhand.concept import Choice

# Every point is made.
FULL = {
    "A35": (
        "There are no labels in the training set. The net has to reproduce its own input, and its loss measures the "
        "reconstruction error. It is still trained with backprop. Since the supervision signal comes from the data "
        "itself, people call it self-supervised. The learned features can later be used for a classifier."
    ),
    "A36": (
        "Minimising the reconstruction error pulls the output towards the input. But we don't care about the copy: "
        "the goal is a useful code. The bottleneck has fewer dimensions than the image and forces the network to "
        "compress, so it has to find the structure and regularities of the data. One can also add noise (denoising "
        "autoencoder) or sparsity. With no constraint it would just copy."
    ),
    "A37": (
        "A VAE assumes a prior N(0, I) on the latent z. The encoder outputs mean and variance of a Gaussian. The "
        "decoder models a probability distribution p(x|z). It's trained by maximizing the ELBO, i.e. reconstruction "
        "minus a KL term, which keeps the latent distribution close to the prior. For generation we sample z from "
        "the prior and decode it."
    ),
    "A38": (
        "The generator G maps noise to fake images; the discriminator D tries to distinguish real from fake. They "
        "play a minimax game: min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]. The optimal discriminator is "
        "p_data/(p_data + p_g). At equilibrium p_g = p_data and D = 1/2. Training alternates between updating D and "
        "G."
    ),
    "A39": (
        "It depends on the application. GAN samples are sharp while VAE samples are often blurry. The VAE optimises "
        "a lower bound on the likelihood. GANs suffer from mode collapse. GAN training is unstable. VAEs also give "
        "you an encoder."
    ),
    "A29": (
        "YOLO runs a single network once over the image. The image is divided in a grid and every cell predicts "
        "boxes and class probabilities. Faster R-CNN is a two stage detector: first the RPN, then a head which must "
        "be evaluated for each proposal. YOLO is however less accurate, especially on small objects."
    ),
    "A30": (
        "The RPN generates object proposals for the detector. It slides over the feature map and places anchors of "
        "several scales and aspect ratios at every location. It predicts an objectness score and regresses the box "
        "offsets. It shares the convolutional features with Fast R-CNN. The head assigns the class later."
    ),
    "A31": (
        "We need a label for each pixel. Fully connected layers flatten the feature map and throw away spatial "
        "information. FCNs can process images of arbitrary size. A sliding window would recompute overlapping "
        "regions again and again. Fully connected layers can be converted to convolutions, so pretrained weights "
        "can be reused."
    ),
    "A32": (
        "The output size is proportional to the input size. The total stride of the network, e.g. 32, is the "
        "product of the strides of the layers. The low-resolution scores have to be upsampled. Due to pooling fine "
        "detail is lost, so the segmentation is coarse. Keeping full resolution is expensive in memory. Dilated "
        "convolutions are an alternative."
    ),
    "A33": (
        "It is used for upsampling in the decoder. Its weights are learnable. Each input pixel is multiplied with "
        "the filter and overlapping outputs are summed. If convolution is a matrix C then this one multiplies by C "
        "transpose. It's the same as the backward pass of a convolution. It isn't the inverse of convolution."
    ),
    "A34": (
        "Pooling in the encoder loses spatial detail. Skip connections connect encoder layers with decoder layers "
        "of the same resolution. Thereby semantic information is combined with fine spatial detail. In U-Net the "
        "maps are concatenated, in FCN they're summed. The result has sharper boundaries."
    ),
    "A40": (
        "The sequence is split into segments of k steps. The hidden state is passed on to the next segment. The "
        "gradient isn't propagated across the boundary: the state is detached. This saves memory. The weights are "
        "updated after every segment. The drawback is that long-term dependencies cannot be learned."
    ),
    "A41": (
        "We unroll the network in time. All copies share the same weights. Then we backpropagate through time, from "
        "the last step to the first. The gradients of all time steps are summed. Between the time steps the chain "
        "rule multiplies Jacobians. The gradient at h_t gets contributions both from the loss at t and from the "
        "next state."
    ),
    "A42": (
        "The gradient is multiplied by the same matrix again and again. If its singular values are smaller than 1 "
        "the gradient vanishes, if they are larger than 1 it explodes. Gradient clipping helps against explosion. "
        "LSTM and GRU use gates against vanishing. Orthogonal initialization helps too."
    ),
    "A43": (
        "A CNN extracts a feature vector from the image. It's used as the initial hidden state of the RNN. At each "
        "time step the RNN predicts a distribution over the next word with a softmax. The loss is the sum of "
        "cross-entropies. During training we use teacher forcing. At inference we use greedy decoding or beam "
        "search."
    ),
    "B16": (
        "1. Plot the filters of the first layer. They look like edges and color blobs. Filters of deeper layers are "
        "hard to interpret. 2. Plot the activation maps for an image. 3. Find the image patches that maximally "
        "activate a neuron. Higher layers respond to complex patterns such as object parts."
    ),
}

# What the answer must be taken for.
WRONG = {
    "A35": {
        "You require class labels for the autoencoder.": "labels_needed",
        "It is trained with no loss function at all.": "no_loss",
        "It groups images into clusters": "clustering",
        "the network is trained to predict the class of the image": "the_target_is_a_class",
        "There is no backpropagation.": "no_backpropagation",
        "The code is given for every image": "given_codes",
    },
    "A36": {
        "The aim is an exact copy of the input.": "the_copy_is_the_purpose",
        "A bigger code is always better.": "larger_code_is_better",
        "The bottleneck makes it faster": "bottleneck_for_speed",
        "It is lossless compression": "lossless_file",
        "It can reproduce any image exactly": "every_image",
        "The weights become identity matrices": "identity_matrices",
    },
    "A37": {
        "Every autoencoder can generate images": "any_autoencoder_generates",
        "The encoder outputs a single code for every image": "one_code_per_image",
        "We maximise the exact likelihood": "exact_likelihood",
        "The KL divergence measures how different the output is from the input": "kl_compares_images",
        "The KL term pushes codes apart": "codes_pushed_apart",
    },
    "A38": {
        "The discriminator decides which class the object is": "discriminator_names_classes",
        "The generator modifies real images.": "generator_edits_real_images",
        "Both networks minimise the same loss.": "one_common_loss",
        "A GAN uses maximum likelihood": "maximum_likelihood",
        "The discriminator creates new images": "discriminator_generates",
        "First the discriminator is pretrained and then fixed": "discriminator_trained_once",
    },
    "A39": {
        "GANs are always better than VAEs": "gan_always_better",
        "A GAN computes a likelihood for every image": "gan_gives_likelihood",
        "GANs cover all modes": "gan_covers_everything",
        "The VAE is blurry because it was trained for a short time": "blur_from_short_training",
    },
    "A29": {
        "YOLO doesn't use convolutions": "no_convolutions",
        "Faster R-CNN needs selective search": "selective_search_in_faster_rcnn",
        "Faster R-CNN runs the whole network for each region": "whole_net_for_each_region",
        "YOLO needs no NMS": "no_suppression",
        "YOLO skips part of the image": "part_of_the_image",
    },
    "A30": {
        "It crops the regions and pools them to a fixed size.": "roi_pooling",
        "The RPN performs max pooling in each region so that all regions have the same size": "roi_pooling",
        "The RPN uses selective search": "selective_search",
        "The RPN decides which class the object has": "names_the_class",
        "It outputs the final boxes": "final_detections",
        "The anchors are learned": "anchors_are_learned",
    },
    "A31": {
        "Convolutional layers have no parameters": "convolutions_have_no_weights",
        "Segmentation gives one label for the whole image": "one_class_for_the_image",
        "The sliding window costs the same": "sliding_costs_the_same",
        "It has to be trained from scratch": "conversion_needs_training_anew",
    },
    "A32": {
        "The output always has a fixed size": "output_of_fixed_size",
        "Upsampling recovers the lost detail": "upsampling_restores_detail",
        "A larger image needs more weights": "more_weights_for_larger_images",
        "The strides are added up": "strides_add_up",
    },
    "A33": {
        "It is the inverse of a convolution": "inverse_of_convolution",
        "Deconvolution undoes the convolution": "inverse_of_convolution",
        "It has no weights": "nothing_to_learn",
        "It remembers the positions of the maxima": "confused_with_unpooling",
        "It is the same as bilinear interpolation": "always_bilinear",
    },
    "A34": {
        "They are the same as residual connections": "residual_connections",
        "They are there only for the gradient": "gradient_only",
        "They reduce overfitting": "against_overfitting",
        "The decoder doesn't need upsampling any more": "upsampling_replaced",
    },
    "A40": {
        "The hidden state is reset at each chunk": "state_set_to_zero",
        "Gradients above a threshold are cut": "confused_with_clipping",
        "The rest of the sequence is thrown away": "rest_thrown_away",
        "It gives the exact gradient": "gradient_stays_exact",
    },
    "A41": {
        "Backprop is not possible in recurrent nets": "impossible_on_a_cycle",
        "Each step has its own weights": "weights_of_each_step",
        "Only the gradient of the last step is used": "last_step_alone",
    },
    "A42": {
        "Use a higher learning rate against vanishing gradients": "larger_learning_rate",
        "Clipping solves vanishing gradients": "clipping_against_vanishing",
        "An LSTM can't have exploding gradients": "lstm_never_explodes",
        "The weights go to zero": "weights_vanish",
    },
    "A43": {
        "All words are predicted at once": "all_words_at_once",
        "The caption has a fixed number of words": "fixed_length",
        "Greedy search is optimal": "greedy_is_optimal",
        "It selects a caption from the training set": "captions_are_retrieved",
    },
    "B16": {
        "An activation map shows the weights": "map_shows_weights",
        "The filters of all layers can be shown as color pictures": "every_layer_in_colour",
        "First-layer filters detect objects": "objects_in_the_first_layer",
        "You need labels to find the patches": "labels_needed",
    },
}

# None of these may be taken for a mistake.
TRUE = {
    "A35": [
        "It doesn't need labels.",
        "Its loss compares output and input, so no label is needed.",
        "Unlike clustering, it learns a code.",
        "It is not a classifier: it cannot name the class.",
        "A classifier trained on the code needs few labels.",
    ],
    "A36": [
        "The purpose is the code and not an exact copy.",
        "A denoising autoencoder must reproduce the clean image from the noisy one.",
        "If the code is larger than the input, the net can copy.",
        "The compression is not lossless.",
    ],
    "A37": [
        "A plain autoencoder gives a single code for each image.",
        "The exact likelihood is intractable, therefore a lower bound is used.",
        "The KL divergence between q(z|x) and the prior is kept small.",
        "Sampling would stop the gradient, hence the reparameterisation trick.",
        "To make a new image no training image is encoded.",
    ],
    "A38": [
        "The discriminator maximises and the generator minimises the same value.",
        "The generator never sees real images.",
        "Unlike a VAE, a GAN does not maximise the likelihood.",
        "The discriminator is a binary classifier.",
        "After training the discriminator is thrown away and only the generator is used for new images.",
        "In every step the discriminator is trained first, with the generator fixed.",
    ],
    "A39": [
        "A VAE gives a bound on the likelihood, whereas a GAN gives none.",
        "Neither is better in every respect.",
        "A GAN does not cover all modes.",
        "GANs are sharper.",
    ],
    "A29": [
        "Faster R-CNN replaced selective search by an RPN.",
        "Faster R-CNN runs the backbone once and a small head for each region.",
        "Faster R-CNN is more accurate than YOLO.",
        "YOLO does not skip any part of the image.",
        "Both use non-maximum suppression.",
    ],
    "A30": [
        "The proposals then go to RoI pooling, which brings them to a fixed size.",
        "It does not decide which class an object has.",
        "It replaces selective search.",
        "The head turns proposals into final detections.",
        "It learns offsets for fixed anchors.",
        "It predicts class-agnostic scores.",
    ],
    "A31": [
        "A classifier gives one label for the whole image.",
        "It doesn't have to be trained from scratch.",
        "The weights of a dense layer grow with the image.",
        "Semantic segmentation does not separate two touching cars.",
    ],
    "A32": [
        "The output has the same size as the input after upsampling.",
        "Upsampling alone cannot bring back detail.",
        "With skip connections, upsampling can recover detail.",
        "The number of weights doesn't depend on the image.",
        "The strides multiply; they don't add.",
    ],
    "A33": [
        "It is not the inverse of a convolution.",
        "Its weights can be initialised as bilinear interpolation.",
        "A convolution with stride 2 halves the map and its transpose doubles it.",
        "Unlike unpooling, it does not remember the positions of the maxima.",
        "Unlike nearest neighbour, it has weights that are learned.",
    ],
    "A34": [
        "They bring back spatial detail from the encoder to the decoder.",
        "They help not only the gradient.",
        "Unlike in a ResNet, the maps are concatenated.",
        "Deep maps lack fine detail.",
    ],
    "A40": [
        "The hidden state is not reset.",
        "The gradient is only an approximation of the exact gradient.",
        "It should not be confused with clipping at a threshold.",
        "Nothing of the sequence is thrown away.",
    ],
    "A41": [
        "The steps do not have weights of their own.",
        "The loss may be only at the last step.",
        "The gradient flows in the opposite direction.",
        "The gradient is multiplied by a product of Jacobians since the weights are shared.",
    ],
    "A42": [
        "Clipping cures exploding gradients, not vanishing ones.",
        "Clipping against exploding, LSTM against vanishing.",
        "Clipping is for exploding gradients and something else for vanishing ones.",
        "An LSTM does not prevent exploding gradients.",
        "A larger learning rate doesn't help.",
    ],
    "A43": [
        "Words are generated one at a time, not all at once.",
        "Greedy decoding isn't optimal.",
        "In training the true word is fed, at test time its own prediction.",
        "Captions have variable rather than fixed length.",
    ],
    "B16": [
        "Unlike those of the first layer, filters of deeper layers cannot be shown as colour pictures.",
        "Activation maps show responses, not weights.",
        "From edges in the first layer to objects in deeper layers.",
        "No labels are needed for the patches.",
    ],
}

IDS = list(FULL)
SEEDS = 200


def variants(identity: str) -> list[Choice]:
    choices = [byhand.variant(identity, seed) for seed in range(SEEDS)]
    assert all(isinstance(choice, Choice) for choice in choices)
    return choices


def test_every_row_is_here():
    rows = [
        "A29",
        "A30",
        "A31",
        "A32",
        "A33",
        "A34",
        "A35",
        "A36",
        "A37",
        "A38",
        "A39",
        "A40",
        "A41",
        "A42",
        "A43",
        "B16",
    ]
    assert sorted(IDS) == sorted(WRONG) == sorted(TRUE) == rows


@pytest.mark.parametrize("identity", IDS)
def test_the_model_answer_is_right_and_no_other_rows_is(identity: str):
    problem = concept(identity)
    assert problem.check(problem.answer).correct
    for other in set(IDS) - {identity}:
        assert problem.check(concept(other).answer).credit <= 0.5


@pytest.mark.parametrize("identity", IDS)
def test_each_point_is_found_where_it_stands_alone(identity: str):
    problem = concept(identity)
    assert 5 <= len(problem.points) <= 6
    for point in problem.points:
        feedback = problem.check(point.text)
        assert feedback.parts[point.text] == "right", point.text
        assert feedback.mistake is None, point.text


@pytest.mark.parametrize("identity", IDS)
def test_each_claim_is_recognised_and_answered(identity: str):
    problem = concept(identity)
    assert len(problem.misconceptions) >= 6
    for misconception in problem.misconceptions:
        feedback = problem.check(misconception.claim)
        assert feedback.mistake == misconception.name
        assert misconception.message in feedback.message
        assert problem.check(misconception.message).mistake is None, misconception.message
        assert misconception.catch


@pytest.mark.parametrize("identity", IDS)
def test_a_students_full_answer_is_right(identity: str):
    feedback = concept(identity).check(FULL[identity])
    assert feedback.correct, feedback


@pytest.mark.parametrize("identity", IDS)
def test_each_sentence_of_it_is_needed_or_harmless(identity: str):
    """Without any one sentence, credit stays or falls and nothing is held against the student; without all, it is 0."""
    problem = concept(identity)
    sentences = re.split(r"(?<=[.;]) ", FULL[identity])
    credits = []
    for left_out in range(len(sentences)):
        feedback = problem.check(" ".join(sentences[:left_out] + sentences[left_out + 1 :]))
        assert feedback.mistake is None
        credits.append(feedback.credit)
    assert min(credits) < 1
    assert (
        problem.check(" ".join(f"It is not true that {sentence}" for sentence in sentences)).credit <= 1 / 5
    )


@pytest.mark.parametrize(("identity", "text"), [(i, text) for i in IDS for text in WRONG[i]])
def test_wrong_answers_are_recognised(identity: str, text: str):
    assert concept(identity).check(text).mistake == WRONG[identity][text]


@pytest.mark.parametrize(("identity", "text"), [(i, text) for i in IDS for text in TRUE[i]])
def test_true_sentences_are_not_taken_for_mistakes(identity: str, text: str):
    assert concept(identity).check(text).mistake is None


def test_the_recorded_mistake_is_recognised():
    """The hand-written solution described RoI pooling."""
    wrong = {mistake.name: mistake for mistake in concept("A30").mistakes}["roi_pooling"]
    assert wrong.recorded
    assert wrong.why
    text = (
        "It does max pooling in every region, so that regions of any size give feature maps of the same size."
    )
    assert concept("A30").check(text).mistake == "roi_pooling"
    for identity in set(IDS) - {"A30"}:
        assert not any(mistake.recorded for mistake in concept(identity).mistakes)


def test_formulas_that_must_be_shown():
    shown = {
        "A37": [r"\log p_\theta(x) \ge", r"[\log p_\theta(x|z)]", r"\mathrm{KL}(q_\phi(z|x) \parallel p(z))"],
        "A38": [
            r"\min_G \max_D V(D, G)",
            r"\mathbb{E}_{x \sim p_{\text{data}}}[\log D(x)]$ $+ \, \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]",
            r"D^{*}(x) = \frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_g(x)}",
        ],
        "A40": [r"h_0 \to h_1 \to h_2 \to h_3", r"h_3 \to h_2 \to h_1"],
        "A41": [r"\prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}}"],
        "A42": [r"\prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}}"],
        "A43": [r"h_t = f(", r"\operatorname{softmax}("],
    }
    for identity, formulas in shown.items():
        for formula in formulas:
            assert formula in concept(identity).answer


@pytest.mark.parametrize("identity", IDS)
def test_one_option_of_each_variant_differs_from_the_others(identity: str):
    problem = concept(identity)
    truths = {point.text for point in problem.points}
    claims = {misconception.claim for misconception in problem.misconceptions}
    for choice in variants(identity):
        assert choice.letters == "abcd"
        assert len(set(choice.options)) == 4
        assert set(choice.options) <= truths | claims
        odd = truths if "is right?" in choice.statement else claims
        right = [letter for letter, option in zip("abcd", choice.options, strict=True) if option in odd]
        assert right == [choice.answer]
        for letter in "abcd":
            feedback = choice.check(f"({letter})")
            assert feedback.correct is (letter == choice.answer)
            assert (feedback.mistake is None) is feedback.correct


@pytest.mark.parametrize("identity", IDS)
def test_variants_are_many_and_length_does_not_tell(identity: str):
    """Over a hundred sets of options in 200 seeds; the true option is the longest in at most two variants of three."""
    choices = variants(identity)
    assert len({frozenset(choice.options) for choice in choices}) > 100
    truths = [choice for choice in choices if "is right?" in choice.statement]
    longest = 0
    for choice in truths:
        lengths = [len(re.sub(r"\\[a-z]+|[{}$]", "", option)) for option in choice.options]
        longest += lengths["abcd".index(choice.answer)] == max(lengths)
    assert longest <= len(truths) * 0.72


@pytest.mark.parametrize("identity", IDS)
def test_chance_alone_earns_little(identity: str):
    """Words of the model answer in random order make no full answer."""
    problem, rng = concept(identity), random.Random(identity)
    words = re.sub(r"[^\w\s]", "", problem.answer).split()
    for _ in range(20):
        text = ". ".join(" ".join(rng.sample(words, 8)) for _ in range(6))
        assert not problem.check(text).correct
