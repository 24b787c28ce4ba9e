"""Recurrent nets and captioning."""

from __future__ import annotations

from byhand.concept import Concept, Misconception, Point


class TruncatedBackpropagation(Concept):
    """State carried forward, gradient cut."""

    id = "A40"
    title = "Truncated backpropagation through time"
    question = "What is truncated backpropagation through time, and what does the truncation cost?"
    model = (
        "Backpropagation through time must keep the values of every time step until the gradient has come back to "
        "it, so for a long sequence one update takes much memory and time. Truncated backpropagation cuts the "
        "sequence into chunks of $k$ steps. The hidden state is carried forward from the end of each chunk into the "
        "next, but the gradient is cut there: the carried state counts as a constant. With $k = 3$, the forward pass "
        r"runs through $h_0 \to h_1 \to h_2 \to h_3 \to h_4 \to h_5 \to h_6$ without a break; the backward pass runs "
        r"through $h_3 \to h_2 \to h_1$ in the first chunk and, on its own, through $h_6 \to h_5 \to h_4$ in the "
        "second. The weights are updated after each chunk, whose values can then be forgotten, so memory depends on "
        "$k$ and not on the length of the sequence. The price is a biased gradient: influences that reach back "
        "beyond the start of the chunk are left out, and long dependencies are learned badly."
    )
    points = (
        Point(
            "Truncated backpropagation through time cuts a long sequence into chunks of $k$ steps.",
            "chunk | segment | k time steps | every k steps | k steps truncat | k steps cut | fixed number steps | "
            "cut sequence | piece | split sequence | block",
        ),
        Point(
            "In truncated backpropagation, the hidden state is carried forward from chunk to chunk.",
            "hidden carr | hidden pass | hidden next | hidden kept | hidden hand | hidden forward | state carr | "
            "carry state",
        ),
        Point(
            "In truncated backpropagation, the gradient stops where a chunk begins and reaches no further back.",
            "gradient stop | gradient cut | gradient end | constant | detach | no gradient | gradient truncat | "
            "backward only chunk | back-propagat only k",
        ),
        Point(
            "Truncation makes the memory for one update depend on $k$, not on the length of the sequence.",
            "memory | cheap | store k | cost",
        ),
        Point(
            "A truncated gradient is biased: it leaves out influences from before the start of the chunk.",
            "bias | long depend | long-term | long-range | left out | leaves out | miss | beyond | further back | "
            "approximat",
        ),
        Point(
            "In truncated backpropagation, the weights can be updated after each chunk.",
            "updat chunk | updat segment | updat after each | updat every | updat block | updat k steps",
        ),
    )
    misconceptions = (
        Misconception(
            "state_set_to_zero",
            "In truncated backpropagation, the hidden state is set to zero at the start of every chunk.",
            "It is carried over from the chunk before. Only the gradient stops there.",
            "state zero chunk | state zero every | state reset | reset state",
            "Ask what the word truncated belongs to: the state or the backpropagation.",
        ),
        Misconception(
            "forward_pass_truncated",
            "A net that is trained with truncation sees only the last $k$ steps in its forward pass.",
            "The forward pass is not truncated: through the carried state, old inputs still reach the present step.",
            "sees only last | forward only last | forward only k",
            "Follow $h_4$ back in the forward pass: from what is it computed?",
        ),
        Misconception(
            "gradient_stays_exact",
            "Truncated backpropagation gives the exact gradient of the whole sequence, only with less memory.",
            "It gives an approximation: the paths that lead back beyond the start of a chunk are missing.",
            "exact gradient !approx !bias !miss | same gradient whole !approx !bias",
            "Ask where the path from a late loss to an early input has gone.",
        ),
        Misconception(
            "rest_thrown_away",
            "Truncation to $k$ steps throws away all but the first $k$ steps of each sequence.",
            "Every step of the sequence is used, chunk after chunk.",
            "throw away | throws away | discard rest | rest discard | drop rest | ignor rest",
            "Count the steps that are used when 6 steps are cut into chunks of 3.",
        ),
        Misconception(
            "confused_with_clipping",
            "Truncation means that a gradient whose norm is larger than a threshold is scaled down to it.",
            "That is gradient clipping. Truncation limits how many steps back the gradient runs, whatever its size.",
            "larger threshold | above threshold | exceed threshold | gradient scaled down",
            "Ask whether the limit is a number of steps or a size.",
        ),
        Misconception(
            "weights_of_each_chunk",
            "Each chunk of a truncated sequence has its own weights, which are trained on that chunk alone.",
            "All chunks share the same weights, as all time steps do; each chunk contributes an update to them.",
            "chunk own weight | weight own chunk | differ weight chunk | separate weight chunk",
            "Ask which weights would be used for a longer sequence.",
        ),
    )


class BackpropagationThroughTime(Concept):
    """Unroll, share, sum."""

    id = "A41"
    title = "Backpropagation in a recurrent net"
    question = "The graph of a recurrent net has a cycle. How does backpropagation work on it all the same?"
    model = (
        "A recurrent net computes $h_t = f(W h_{t-1} + U x_t)$: drawn once, its graph has a cycle, but its "
        "computation over $T$ steps has none. Unrolled in time it is a feed-forward net with one layer for each "
        "step, all with the same weights, and ordinary backpropagation runs through it from the last step back to "
        "the first. At each step, the gradient of the state comes from two sides: from the loss of that step and "
        "from the next state. From step $t$ back to step $k$ it is multiplied by the product of the Jacobians in "
        r"between, $\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}}$. "
        "Since $W$ is used at every step, its gradient is the sum of the contributions of all steps: "
        r"$\frac{\partial L}{\partial W} = \sum_{t} \sum_{k \le t}$ $\frac{\partial L_t}{\partial h_t} \, "
        r"\frac{\partial h_t}{\partial h_k} \, \frac{\partial^{+} h_k}{\partial W}$, where $\partial^{+}$ takes "
        "$h_{k-1}$ as fixed (Pascanu et al. 2013)."
    )
    points = (
        Point(
            "Unrolled in time, a recurrent net is a feed-forward net with one layer for each time step.",
            "unroll | unfold",
        ),
        Point(
            "All time steps of an unrolled recurrent net share the same weights.",
            "same weight | shar weight | weight shar | same parameter | shar parameter",
        ),
        Point(
            "Backpropagation through time runs from the last time step back to the first.",
            "last first | backward time | back time | back-prop time | reverse | last step back",
        ),
        Point(
            "The gradient of a weight shared by all time steps is the sum of the contributions of all steps.",
            "sum contribut | sum gradient | gradient sum | add up | gradient add | added up | accumulat | sum over",
        ),
        Point(
            r"From step $t$ back to $k$, the gradient is multiplied by the Jacobians in between, $\prod_{i=k+1}^{t} "
            r"\frac{\partial h_i}{\partial h_{i-1}}$.",
            "jacobian | product deriv | multipl deriv | prod partial | chain rule multipl | product matri",
        ),
        Point(
            "The gradient of a hidden state comes from the loss at its own step and from the next state.",
            "two sides | two parts | two sources | two terms | loss next | both loss | own step next",
        ),
    )
    misconceptions = (
        Misconception(
            "impossible_on_a_cycle",
            "Backpropagation cannot be used on a recurrent net, because its graph has a cycle.",
            "Over a finite number of steps the cycle can be unrolled, and the unrolled graph has none.",
            "back-prop no recurrent | back-prop no cycl | impossibl back-prop",
            "Write out the computation for three steps: does anything depend on itself?",
        ),
        Misconception(
            "round_the_cycle",
            "Backpropagation through time goes round the cycle again and again until the gradient settles.",
            "It passes through every time step exactly once, from the last to the first.",
            "round the cycle | round cycle | until gradient settle | until gradient converg | loop until",
            "Count the layers of the unrolled net.",
        ),
        Misconception(
            "weights_of_each_step",
            "In the unrolled net, each time step has its own weights, which are updated separately.",
            "All steps share one set of weights; it is updated once, with the sum of their gradients.",
            "step own weight | weight own step | separat weight step | differ weight step",
            "Count the parameters for a sequence of 10 steps and for one of 1000.",
        ),
        Misconception(
            "last_step_alone",
            r"The weights are updated with the gradient of the last time step alone, $\frac{\partial L_T}{\partial "
            "W}$.",
            "Every step used the weights, so every step contributes to their gradient, even if only the last has a "
            "loss.",
            "last step alone | only last step gradient !loss | gradient last step only !loss",
            r"Differentiate $w \cdot (w \cdot x)$: both factors $w$ count.",
        ),
        Misconception(
            "product_of_the_steps_gradients",
            r"The gradient of a shared weight is the product of its gradients in all steps, $\prod_t \frac{\partial "
            r"L_t}{\partial W}$.",
            "It is their sum: changing the weight changes every step at once, and small changes add up. What is "
            "multiplied are the Jacobians along the way from one state to another.",
            "shar weight product !jacobian | gradient product single | weight product gradient step !jacobian",
            r"Differentiate $w \cdot a + w \cdot b$.",
        ),
        Misconception(
            "nothing_to_store",
            "Nothing of the forward pass has to be stored, since the weights are the same at every step.",
            "The gradient of $W$ at a step needs the state before that step, and the Jacobians need the states too: "
            "they differ from step to step and must be kept (or computed again).",
            "no forward stor | no forward kept | no state stor | no states kept",
            r"The derivative of $\tanh$ at step $t$ needs $h_t$.",
        ),
        Misconception(
            "same_direction",
            "The gradient runs through the time steps in the same direction as the data.",
            "It runs against it, from the last step to the first: a state influences only what comes after it.",
            "same direction",
            "Ask which losses the state $h_3$ has had an influence on.",
        ),
    )


class VanishingGradients(Concept):
    """Products of Jacobians, and what tames them."""

    id = "A42"
    title = "Vanishing and exploding gradients"
    question = "Why do gradients vanish or explode in a recurrent net, and what helps against either?"
    model = (
        r"Between the steps $k$ and $t$ the gradient is multiplied by a product of Jacobians, $\frac{\partial "
        r"h_t}{\partial h_k} = \prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}}$; for $h_i = \tanh(W h_{i-1} "
        r"+ U x_i)$ each factor is $\operatorname{diag}(1 - h_i^2) \, W$. If the norms of all factors stay below a "
        "number smaller than 1, the product shrinks exponentially with $t - k$: the gradient vanishes, and distant "
        r"steps are not learned (it is enough that the largest singular value of $W$ is below 1, since $\tanh$ has "
        "slopes of at most 1; Pascanu et al. 2013). If the factors stretch a common direction by more than 1, the "
        "product can grow exponentially: the gradient explodes, and one update can ruin the weights. Against "
        "exploding helps clipping, which scales a gradient down to a chosen norm where it is larger. Against "
        "vanishing help gates: an LSTM (Hochreiter and Schmidhuber 1997; its forget gate $f_t$ is from Gers et al. "
        r"2000) passes its cell state on by $c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t$, so that with $f_t$ "
        "near 1 the gradient passes along it almost unchanged; a GRU works in a similar way. An orthogonal $W$ at "
        "the start keeps norms, and truncation bounds the number of factors, at the price of long dependencies."
    )
    points = (
        Point(
            r"Between steps $k$ and $t$, the gradient is multiplied by a product of Jacobians, $\prod_{i=k+1}^{t} "
            r"\frac{\partial h_i}{\partial h_{i-1}}$.",
            "jacobian | product deriv | multipl matri | repeat multipl | multipl again | same matri | power of w | "
            "power matri | product factor | prod partial",
        ),
        Point(
            "If the norms of all Jacobians stay below 0.9, say, the gradient vanishes exponentially.",
            "vanish exponential | vanish small | below 1 | less 1 | smaller 1 | less one | smaller one | below one | "
            "vanish shrink",
        ),
        Point(
            "If the Jacobians stretch a common direction by more than 1, the gradient can explode.",
            "explod grow | explod exponential | above 1 | more 1 | greater 1 | larger 1 | larger one | more one | "
            "greater one | above one | explod large",
        ),
        Point(
            "Clipping scales too large a gradient down to a chosen norm, which helps against exploding.",
            "clip",
        ),
        Point(
            "The gates of an LSTM or GRU let the state pass almost unchanged, which helps against vanishing.",
            "lstm | gru | gate | gated",
        ),
        Point(
            "An orthogonal recurrent matrix keeps norms at first; truncation bounds the number of factors.",
            "orthogonal | initialis | truncat | identity matri",
        ),
    )
    misconceptions = (
        Misconception(
            "clipping_against_vanishing",
            "Gradient clipping cures vanishing gradients, because it keeps every gradient at the same size.",
            "Clipping makes large gradients smaller and leaves small ones as they are: it helps against exploding "
            "gradients.",
            "clip vanish !explod !lstm !gate !gru",
            "Apply the rule to a gradient of norm 0.001.",
        ),
        Misconception(
            "larger_learning_rate",
            "Vanishing gradients are cured by a larger learning rate, which makes up for the small factors.",
            "The gradient with respect to near steps would grow by the same factor and make training unstable; the "
            "distant steps would still be drowned out.",
            "larger learning rate | higher learning rate | increas learning rate | bigger learning rate",
            "Compare the contribution of step 1 with that of step 50, before and after.",
        ),
        Misconception(
            "relu_settles_it",
            "With ReLU in place of tanh, the gradients of a recurrent net can neither vanish nor explode.",
            "The factor $W$ remains: its powers can shrink or grow, and ReLU does not even bound the states.",
            "relu no vanish | relu no explod",
            "Take one unit with $w = 0.5$ or $w = 2$, always active.",
        ),
        Misconception(
            "weights_vanish",
            "Vanishing gradients means that the weights of the recurrent net shrink until they become zero.",
            "It is the gradient from distant steps that becomes tiny; the weights may have any size, and stop "
            "learning from these steps.",
            "weight become zero | weight go zero | weight vanish !gradient | weight becom tiny | weight are zero",
            "Ask what is multiplied on the way back.",
        ),
        Misconception(
            "small_loss",
            "Gradients vanish because the loss has become small towards the end of training.",
            "They vanish on the way back through many steps, however large the loss is, and from the first update on.",
            "vanish loss small | loss small gradient",
            "Compute the product of 50 factors of 0.8.",
        ),
        Misconception(
            "explosion_by_addition",
            r"Gradients explode because the contributions of all steps are added up, $\sum_t \frac{\partial "
            r"L_t}{\partial W}$.",
            "A sum of $T$ terms of one size grows in proportion to $T$. What explodes is the product of many "
            "factors, which grows exponentially.",
            "explod add !product !multipl | explod sum !product !multipl",
            r"Compare $50 \cdot 1.2$ with $1.2^{50}$.",
        ),
        Misconception(
            "lstm_never_explodes",
            "In an LSTM, gradients can no longer explode, since its gates keep values between 0 and 1.",
            "The way along the cell state is tame, but gradients also run through the gates and the recurrent "
            "matrices; clipping is used with LSTMs as well.",
            "lstm no explod !prevent !stop !guard !protect",
            "Look for matrices on the way from $h_t$ back to $h_{t-1}$.",
        ),
    )


class Captioning(Concept):
    """From an image to words."""

    id = "A43"
    title = "A recurrent net for image captioning"
    question = "How does a recurrent net write a caption for an image, in training and at test time?"
    model = (
        "A convolutional encoder, usually trained for classification beforehand, turns the image into a feature "
        "vector $v$. A recurrent decoder writes the caption from it: $v$ is its first input (Vinyals et al. 2015) or "
        "sets its first hidden state. At each step the decoder reads the embedding $e$ of the previous word, updates "
        "its state, $h_t = f(W h_{t-1} + U e(w_{t-1}))$, and gives a distribution over the vocabulary, $p(w_t | w_1, "
        r"\ldots, w_{t-1}, v)$ $= \operatorname{softmax}(W_o h_t + b)$. In training, the loss is the sum of the "
        r"cross-entropies $-\log p(w_t | \ldots)$ of the words of the true caption, and the decoder is fed the true "
        "previous word, which is called teacher forcing. At test time it is fed its own words, from a start token "
        "until it gives the end token: the most probable word at each step (greedy), or the best few beginnings kept "
        "in parallel (beam search)."
    )
    points = (
        Point(
            "A convolutional encoder turns the image into a feature vector, which describes its content.",
            "cnn feature | convol feature | encod feature | cnn vector | convol vector | encod vector | cnn encod | "
            "convol encod | cnn represent",
        ),
        Point(
            "The image's feature vector enters the decoder as its first input or sets its first hidden state.",
            "first input | initial state | initial hidden | first hidden | start state | initialis | first step | h 0",
        ),
        Point(
            "At each step, the decoder gives a distribution over the words of the vocabulary.",
            "softmax | distribut vocabular | distribut word | probab word | predict next word | word by word | next "
            "word previous",
        ),
        Point(
            "The captioning loss is the sum of the cross-entropies of the words of the true caption.",
            "cross-entrop | log likelihood | log-likelihood | negative log",
        ),
        Point(
            "With teacher forcing, the decoder is fed the true previous word, whatever it has predicted.",
            "teacher forc | true previous | correct previous | ground truth word | true word | reference word",
        ),
        Point(
            "At test time, the decoder is fed its own words, chosen greedily or by beam search.",
            "greed | beam | own word | own output | own predict | end token",
        ),
    )
    misconceptions = (
        Misconception(
            "roles_swapped",
            "The recurrent net reads the image row by row, and a convolutional net then writes the words.",
            "It is the other way round: the convolutional net reads the image, the recurrent net writes the words.",
            "image row by | image row row | recurrent read image row",
            "Ask which of the two is made for sequences.",
        ),
        Misconception(
            "all_words_at_once",
            "The decoder gives all the words of the caption at once, from a single softmax at the end.",
            "It gives one word at each step, and each word depends on those before it.",
            "all word once | whole caption once | single softmax | entire caption once",
            "Ask how the second word could know the first.",
        ),
        Misconception(
            "teacher_forcing_at_test_time",
            "At test time, too, the decoder is fed the true previous word in place of its own.",
            "At test time nobody knows the true words: the decoder is fed its own.",
            "test time true !train | test teacher forc !train | test correct word !train",
            "Ask where the true caption of a new photograph would come from.",
        ),
        Misconception(
            "fixed_length",
            "Every caption that the decoder writes has the same fixed number of words, set before training.",
            "It goes on until it gives the end token, so short and long captions are possible.",
            "fixed number word | same number word | fixed length",
            "Ask what the end token is for.",
        ),
        Misconception(
            "greedy_is_optimal",
            "Taking the most probable word at every step always gives the most probable caption.",
            "The most probable first word may lead to poor continuations. That is why beam search keeps several "
            "beginnings, and it too may miss the best.",
            "greed optimal | greed always | most probable word always | most probable word every best caption",
            "Compare a first word of 0.6 followed by 0.3 with one of 0.4 followed by 0.9.",
        ),
        Misconception(
            "captions_are_retrieved",
            "The decoder chooses the best among the captions that it has seen during its training.",
            "It puts captions together word by word, also ones that no image in the training set had.",
            "choos caption train | chooses caption seen | select caption train | caption seen train | retriev caption",
            "Count the sentences of ten words that a vocabulary of 10,000 allows.",
        ),
        Misconception(
            "weights_of_each_word",
            "The decoder has separate weights for the first word, the second word, and so on.",
            "Its weights are the same at every step; only the state and the word that it reads differ.",
            "separate weight | own weight | differ weight word",
            "Ask how it would write a caption longer than any in training.",
        ),
    )
