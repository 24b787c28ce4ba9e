"""Autoencoders, variational autoencoders and GANs."""

from __future__ import annotations

from byhand.concept import Concept, Misconception, Point


class UnsupervisedAutoencoder(Concept):
    """Where the target of an autoencoder comes from."""

    id = "A35"
    title = "Why an autoencoder is unsupervised"
    question = "Why does training an autoencoder count as unsupervised (or self-supervised) learning?"
    model = (
        r"An autoencoder is an encoder $z = f(x)$ followed by a decoder $\hat{x} = g(z)$; the two are trained "
        r"together to make a reconstruction error such as $\lVert x - \hat{x} \rVert^2$ small. The target in this "
        "loss is the input itself, so no labels are needed: nobody has to annotate an image. There is still a loss, "
        "and backpropagation minimises it exactly as in supervised learning; only the origin of the target is "
        "different. Because the training signal is made from the data itself, one also speaks of self-supervised "
        "learning. What comes out is a code and not the name of a class; but a classifier trained on the code "
        "afterwards may need few labels."
    )
    points = (
        Point(
            "The target that an autoencoder is trained to produce is its own input, the image itself.",
            "target input | target itself | reconstruct input | reproduc input | output equal input | output match "
            "input",
        ),
        Point(
            "An autoencoder can be trained on images that nobody has labelled or annotated in any way.",
            "no label | no annotat | no class | unlabel",
        ),
        Point(
            "The loss of an autoencoder is a reconstruction error: it compares the output with the input.",
            "reconstruct error | reconstruct loss | loss reconstruct | loss compar | differ output input",
        ),
        Point(
            "An autoencoder is trained by backpropagation and gradient descent, as a supervised net is.",
            "back-prop | gradient",
        ),
        Point(
            "Learning whose training signal is made from the data itself is also called self-supervised.",
            "self-superv | signal data itself | signal from data",
        ),
        Point(
            "The code of an autoencoder can serve a classifier that is trained later on few labelled images.",
            "code classifier | feature classifier | few label | pretrain | downstream",
        ),
    )
    misconceptions = (
        Misconception(
            "labels_needed",
            "An autoencoder needs class labels during training, to know which images belong together.",
            "It never sees a class label: what its output is compared with is the input itself.",
            "need label !few | require label !few",
            "Write down the loss and look for a label in it.",
        ),
        Misconception(
            "no_loss",
            "An autoencoder is unsupervised because it is trained without any loss function at all.",
            "There is a loss, the reconstruction error. Unsupervised means that nobody supplies the target.",
            "no loss function | no any loss | no loss train",
            "Ask what backpropagation would start from.",
        ),
        Misconception(
            "clustering",
            "An autoencoder is unsupervised because it sorts the images into clusters of similar ones.",
            "Clustering is another kind of unsupervised learning. An autoencoder learns a code from which each image "
            "can be rebuilt; nothing in its loss asks for groups.",
            "cluster !another !other | sort image group",
            "Look for a group in the loss.",
        ),
        Misconception(
            "the_target_is_a_class",
            "The target of an autoencoder is the class of the image, which the net finds by itself.",
            "The target is the image itself. Names of classes cannot come out of images without labels.",
            "target class | output class | predict class",
            "Compare sizes: the output of an autoencoder is as large as its input.",
        ),
        Misconception(
            "no_backpropagation",
            "An autoencoder is trained without backpropagation: there is nothing to compare its output with.",
            "Its output is compared with its input, and backpropagation takes the gradient of that error through "
            "decoder and encoder.",
            "no back-prop | no gradient | no compar output",
            "Ask how else the weights would change.",
        ),
        Misconception(
            "given_codes",
            "The encoder of an autoencoder is trained to match a code that is supplied with every image.",
            "No code is supplied. Codes are found in training: any code will do from which the decoder can rebuild "
            "the image.",
            "code suppl | code given every | code provid | match code",
            "Ask who would have written down the codes.",
        ),
        Misconception(
            "it_names_classes",
            "After training on images alone, an autoencoder can name the class of any new image.",
            "It can give a code and a reconstruction. To name classes, a classifier must be trained on the code, "
            "with labels.",
            "name class !classifier | tell class !classifier | recogni class !classifier",
            "The word cat occurs nowhere in the training data.",
        ),
    )


class IdentityAutoencoder(Concept):
    """What keeps an autoencoder from merely copying."""

    id = "A36"
    title = "Why an autoencoder tries to be the identity"
    question = (
        "An autoencoder is trained to reproduce its input. Why train a net towards the identity, and what keeps it "
        "from merely copying?"
    )
    model = (
        r"The reconstruction loss $\lVert x - g(f(x)) \rVert^2$ is smallest where the output equals the input, so "
        "training pulls the whole net, encoder and decoder together, towards the identity on the training images. "
        "That is only the task; the purpose is the code in the middle, which must carry what the decoder needs. A "
        "bottleneck, a code with fewer numbers than the input, cannot carry everything about every possible image, "
        "so the net has to learn the structure that the training images have in common. Noise or sparsity can take "
        "the place of a small code: a denoising autoencoder must rebuild the clean image from a corrupted one "
        "(Vincent et al. 2008), and a sparse one may use only a few units of its code at a time. Without any such "
        "constraint, a net with enough capacity can simply copy, and its code is worth little."
    )
    points = (
        Point(
            "The reconstruction loss of an autoencoder is smallest where its output equals its input.",
            "loss equal input | error equal input | loss identity | error zero | pull identity | toward identity | "
            "minimi reconstruct | minimi differ",
        ),
        Point(
            "What one wants from an autoencoder is the code in the middle; reconstruction is only the task.",
            "purpose code | aim code | goal code | want code | useful code | interest code | learn represent | "
            "useful represent | good represent",
        ),
        Point(
            "A bottleneck, a code smaller than the input, cannot carry everything about every possible image.",
            "bottleneck | code small | code fewer | small code | low dimension | undercomplet | compress",
        ),
        Point(
            "Under a bottleneck, an autoencoder has to learn what its training images have in common.",
            "structur | in common | regularit | pattern | essential | important feature | most important",
        ),
        Point(
            "Noise on the input, or a sparse code, also keeps an autoencoder from merely copying.",
            "nois | denois | corrupt | spars",
        ),
        Point(
            "Without any constraint, a large enough autoencoder can copy its input and learn nothing useful.",
            "no constraint | no bottleneck | trivial | simply copy | merely copy | just copy | only copy",
        ),
    )
    misconceptions = (
        Misconception(
            "the_copy_is_the_purpose",
            "The purpose of an autoencoder is to have a net that gives an exact copy of its input.",
            "We have the input already. The copy is the task; the code that the task makes the net find is the "
            "purpose.",
            "purpose exact copy | goal exact copy | aim exact copy | purpose copy input !code | goal copy input !code",
            "Ask what you would do with the output.",
        ),
        Misconception(
            "larger_code_is_better",
            "The larger the code, the better an autoencoder learns the structure of its images.",
            "A code as large as the input lets the net pass everything through: then nothing has to be understood.",
            "larger code better | bigger code better | larger code more learn | bigger code more learn",
            "Take a code of the size of the image: which net has zero error?",
        ),
        Misconception(
            "bottleneck_for_speed",
            "The bottleneck of an autoencoder is there to make training faster, with fewer numbers to handle.",
            "It may save a little time, but it is there to make copying impossible, so that the code must hold what "
            "matters.",
            "bottleneck fast | bottleneck speed | bottleneck save time",
            "Ask what would be lost with a code as large as the image.",
        ),
        Misconception(
            "every_image",
            "A trained autoencoder reproduces every image exactly, whatever kind of image it is given.",
            "It reproduces well what resembles its training images, and other images badly; anomaly detection makes "
            "use of that.",
            "every image exact | any image exact | every input exact | any input exact",
            "Imagine an autoencoder of digits that is shown a face.",
        ),
        Misconception(
            "lossless_file",
            "The code of an autoencoder with a bottleneck is a lossless compression, like a zip file.",
            "It is lossy: images that differ in details which the code does not carry get the same reconstruction.",
            "lossless | like zip",
            "Count the numbers in the image and in the code.",
        ),
        Misconception(
            "denoising_copies_noise",
            "A denoising autoencoder is trained to reproduce the noisy image exactly as it is given.",
            "It is given the noisy image and compared with the clean one; copying the noise is punished.",
            "reproduc noisy !clean !origin !remov | target noisy !clean !origin | copy noisy !clean !origin",
            "Ask with which of the two images the output is compared.",
        ),
        Misconception(
            "identity_matrices",
            "To come near the identity, an autoencoder must learn identity matrices as its weights.",
            "Only decoder after encoder should come near the identity, and only on images like those of the "
            "training. The matrices of a bottleneck are not even square.",
            "identity matri",
            "Write down the shapes of the first and the last weight matrix.",
        ),
    )


class GenerativeVae(Concept):
    """Prior, likelihood and the bound that is maximised."""

    id = "A37"
    title = "Why a variational autoencoder is generative"
    question = "Why is a variational autoencoder a generative model, while a plain autoencoder is not?"
    model = (
        "A variational autoencoder (Kingma and Welling 2014) is a model of how images arise: a code is drawn from a "
        r"fixed prior, $z \sim p(z) = \mathcal{N}(0, I)$, and an image from the distribution $p_\theta(x|z)$ that "
        "the decoder computes from the code. The encoder gives a distribution over codes for each image, "
        r"$q_\phi(z|x)$, usually a Gaussian with mean $\mu(x)$ and variance $\sigma^2(x)$. Training maximises a "
        r"lower bound on the log-likelihood, the ELBO: $\log p_\theta(x) \ge \mathbb{E}_{q_\phi(z|x)}[\log "
        r"p_\theta(x|z)]$ $- \, \mathrm{KL}(q_\phi(z|x) \parallel p(z))$. The first term asks for good "
        "reconstructions; the second, the Kullback-Leibler divergence, keeps the codes near the prior; and writing "
        r"$z = \mu(x) + \sigma(x) \odot \varepsilon$ with $\varepsilon \sim \mathcal{N}(0, I)$ lets the gradient "
        "through the sampling. To make a new image, sample $z$ from the prior and run the decoder alone. A plain "
        "autoencoder has no distribution over its codes: a code picked at random may lie where its decoder was never "
        "trained."
    )
    points = (
        Point(
            r"A variational autoencoder has a fixed prior over its codes, usually $p(z) = \mathcal{N}(0, I)$.",
            "prior | n 0 i | n 0 1 | standard normal | standard gaussian",
        ),
        Point(
            "For each code, the decoder of a variational autoencoder describes a distribution of images.",
            "decod distribut | decod probab | decod likelihood | decod p x z | learn p x z",
        ),
        Point(
            r"The encoder of a variational autoencoder gives a distribution over codes, $q_\phi(z|x)$, for each "
            "image.",
            "encod distribut | encod mean | encod mu | encod gauss | encod q z x",
        ),
        Point(
            r"A variational autoencoder is trained by maximising the ELBO, a lower bound on $\log p_\theta(x)$.",
            "elbo | lower bound | evidence bound | variation bound",
        ),
        Point(
            "The Kullback-Leibler term pulls the distribution of each image's codes towards the prior.",
            "kl near | kl clos | kl keep | kl pull | kullback | kl regulari | kl toward | codes near prior | codes "
            "clos prior | diverg prior",
        ),
        Point(
            "To make a new image with a variational autoencoder, draw $z$ from the prior and decode it.",
            "sampl decod | draw decod | random decod | drawn decod",
        ),
    )
    misconceptions = (
        Misconception(
            "any_autoencoder_generates",
            "Any autoencoder is generative, since decoding a random code $z$ always gives a realistic image.",
            "A plain autoencoder says nothing about where codes lie; a random code may fall where its decoder was "
            "never trained. The prior and the Kullback-Leibler term of the variational autoencoder close these gaps.",
            "any autoencod generat | every autoencod generat | plain autoencod generat | any random code",
            "Ask from which distribution you would draw the code.",
        ),
        Misconception(
            "one_code_per_image",
            "The encoder of a variational autoencoder gives one fixed code $z$ for each image $x$.",
            "It gives a distribution over codes, usually by a mean and a variance, and a code is sampled from it.",
            "one fixed code !plain !ordinar !normal | single code !plain !ordinar !normal | encod determin !plain "
            "!ordinar !normal",
            "Count the outputs of the encoder: two numbers for each number of the code.",
        ),
        Misconception(
            "exact_likelihood",
            r"Training a variational autoencoder maximises the exact likelihood $p_\theta(x)$ of the images.",
            "It maximises a lower bound on the log-likelihood, the ELBO; the likelihood itself is an integral over "
            "all codes and out of reach.",
            "exact likelihood !bound !elbo !intract | likelihood exact !bound !elbo !intract",
            "Ask which side of the inequality is computed.",
        ),
        Misconception(
            "generation_starts_from_an_image",
            "To make a new image, a variational autoencoder encodes a training image and decodes its code.",
            "That gives a reconstruction. For a new image the code is drawn from the prior, and the encoder is not "
            "used.",
            "new image encod train | generat encod train image | new encod exist image",
            "Ask what the model could do if all images were deleted after training.",
        ),
        Misconception(
            "codes_pushed_apart",
            "The Kullback-Leibler term pushes the codes $z$ of different images as far apart as possible.",
            "It is subtracted in what is maximised, so it is made small: it pulls the distribution of every image's "
            "code towards the same prior.",
            "code far apart | push code | code apart | reward large kl",
            "Ask where the term is zero.",
        ),
        Misconception(
            "kl_compares_images",
            r"The Kullback-Leibler term measures how much the output $\hat{x}$ differs from the input $x$.",
            "That is the other term, the reconstruction. The Kullback-Leibler term compares two distributions over "
            "codes: the encoder's and the prior.",
            "kl output input !prior !term reconstruct | kullback output input !prior | diverg output input !prior | "
            "kl output image !prior | kullback output image !prior",
            r"Look at the letters: the term has $q(z|x)$ and $p(z)$ in it, and no $\hat{x}$.",
        ),
        Misconception(
            "encoder_trained_apart",
            "Sampling the code stops the gradient, so the encoder of a variational autoencoder is trained separately.",
            r"With $z = \mu + \sigma \odot \varepsilon$ the randomness is in $\varepsilon$, and the gradient reaches "
            r"$\mu$ and $\sigma$: encoder and decoder are trained together.",
            "encod train separat | encod train apart | sampl stop gradient !reparam !epsilon",
            r"Differentiate $\mu + \sigma \varepsilon$ with respect to $\mu$ and $\sigma$.",
        ),
    )


class Gan(Concept):
    """The game, its value function and its optimal discriminator."""

    id = "A38"
    title = "How a generative adversarial network works"
    question = (
        "How does a generative adversarial network (GAN) work? State the value function of its game and the optimal "
        "discriminator."
    )
    model = (
        "A generative adversarial network (Goodfellow et al. 2014) trains two nets against each other: the generator "
        "turns random noise $z$ into a sample $G(z)$, and the discriminator gives the probability $D(x)$ that what "
        r"it is shown is real data. They play a minimax game, $\min_G \max_D V(D, G)$, with the value function $V(D, "
        r"G) =$ $\mathbb{E}_{x \sim p_{\text{data}}}[\log D(x)]$ $+ \, \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]$. "
        "For a fixed generator, whose samples have the density $p_g$, the optimal discriminator is $D^{*}(x) = "
        r"\frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_g(x)}$. Put into $V$, it leaves the generator the task of "
        r"making the Jensen-Shannon divergence between $p_{\text{data}}$ and $p_g$ small, so the equilibrium lies "
        r"where $p_g = p_{\text{data}}$, with $D^{*} = \frac{1}{2}$ everywhere and $V = -\log 4$. Training "
        "alternates gradient steps on the two nets; the generator's gradient comes to it through the discriminator. "
        r"In practice the generator maximises $\log D(G(z))$, which has the same aim and a larger gradient while its "
        "samples are still easily told from real data."
    )
    points = (
        Point(
            "The generator of a GAN turns random noise $z$ into a sample $G(z)$, for example an image.",
            "generat nois | generat random | generat latent | generat z",
        ),
        Point(
            "The discriminator of a GAN gives the probability that what it is shown is real data.",
            "discriminat probab | discriminat real | discriminat fake | discriminat distinguish | discriminat genuin",
        ),
        Point(
            "The two nets of a GAN play a minimax game: $D$ maximises the value function, $G$ minimises it.",
            "mini-max | min max | value function | zero-sum",
        ),
        Point(
            "For a fixed generator, the optimal discriminator is $D^{*}(x) = "
            r"\frac{p_{\text{data}}(x)}{p_{\text{data}}(x) + p_g(x)}$.",
            "optimal discriminat | best discriminat | ideal discriminat | optimum discriminat | optimal d | best d | "
            "pdata pg",
        ),
        Point(
            r"At a GAN's equilibrium the generator's distribution is that of the data, and $D = \frac{1}{2}$ "
            "everywhere.",
            "equilibri | jensen | pg equal pdata | distribut equal data | distribut match data | 1 2 | one half | 0 5",
        ),
        Point(
            "In training, a GAN's generator gets its gradient through the discriminator; the two take turns.",
            "alternat | take turns | in turn | gradient through discriminat | back-propagat through discriminat",
        ),
    )
    misconceptions = (
        Misconception(
            "generator_edits_real_images",
            "The generator $G$ of a GAN is given real images $x$ and changes them a little, at random.",
            "In this game the generator's only input is noise. It never sees a real image; all it learns about them "
            "comes through the gradient of the discriminator.",
            "generat given real | generat sees real | generat look real | generat chang real | generat modif real | "
            "generat cop real",
            "Look at the value function: what stands in the brackets after $G$?",
        ),
        Misconception(
            "discriminator_names_classes",
            "The discriminator $D(x)$ of a GAN tells which class of object the image $x$ shows.",
            "It answers a single question, real or generated, by one probability. Classes and labels do not occur in "
            "the game.",
            "discriminat which class | discriminat class object | discriminat object class | discriminat categor",
            "Count the outputs of $D$.",
        ),
        Misconception(
            "one_common_loss",
            "Generator and discriminator minimise the same loss $V(D, G)$ together, like encoder and decoder.",
            "They pull the same value in opposite directions: the discriminator maximises it, the generator "
            "minimises it.",
            "minimi same loss !max !opposit | minimi common loss !max | same loss together !max !opposit",
            r"Read $\min_G \max_D$ aloud.",
        ),
        Misconception(
            "discriminator_should_win",
            "Training a GAN has succeeded once the discriminator tells every fake from every real image.",
            "Then the generator has failed. It has succeeded where its samples cannot be told from data and the best "
            r"discriminator answers $\frac{1}{2}$.",
            "success discriminat every | succeed discriminat every | succeed discriminat perfect | goal discriminat "
            "perfect",
            "Ask which of the two nets you keep in the end.",
        ),
        Misconception(
            "maximum_likelihood",
            "A GAN is trained by maximising the likelihood that its generator gives to the training images.",
            "The generator gives samples and no likelihood. What it is trained on is the judgement of the "
            "discriminator.",
            "maximi likelihood !vae !variation | maximum likelihood !vae !variation",
            "Look for $p_g(x)$ in the value function: it does not occur.",
        ),
        Misconception(
            "discriminator_generates",
            "After training, the discriminator $D$ of a GAN is used to produce new images from noise.",
            "New images come from the generator: draw noise and run $G$. The discriminator can only judge.",
            "after train discriminat new !generator | discriminat produc image !generator | discriminat creat image "
            "!generator | discriminat produc new !generator",
            "Look at what each net gives: an image, or one number.",
        ),
        Misconception(
            "ratio_of_the_densities",
            r"For a fixed generator, the optimal discriminator is $D^{*}(x) = \frac{p_{\text{data}}(x)}{p_g(x)}$.",
            r"That ratio can be larger than 1, and $D$ is a probability. Where $a \log D + b \log(1 - D)$ is "
            r"largest, $\frac{a}{D} = \frac{b}{1 - D}$, so $D = \frac{a}{a + b}$ with $a = p_{\text{data}}(x)$ and "
            "$b = p_g(x)$.",
            "optimal discriminat frac p g !plus | optimal discriminat ratio !plus !sum | best discriminat ratio "
            "!plus !sum",
            r"Put in a point where $p_{\text{data}} = 2 p_g$.",
        ),
        Misconception(
            "discriminator_trained_once",
            "The discriminator of a GAN is trained first and then kept fixed while the generator learns.",
            "A fixed discriminator would soon be fooled for good and could teach nothing more. The two learn by "
            "turns, each against the other as it is now.",
            "discriminat first fixed !alternat !step !turn | discriminat kept fixed !alternat !step !turn | "
            "discriminat trained first !alternat !step !turn | pretrain discriminat fixed",
            "Ask what happens once the generator has found one image that the discriminator takes for real.",
        ),
    )


class GanOrVae(Concept):
    """A comparison on four counts."""

    id = "A39"
    title = "GAN or variational autoencoder"
    question = (
        "GAN or variational autoencoder (VAE): which is the stronger generative model? Compare sharpness, "
        "likelihood, coverage of the data and stability of training."
    )
    model = (
        "It depends on what is needed: each has strengths where the other is weak. *Sharpness*: a GAN's samples are "
        "typically sharper, since its discriminator rejects whatever looks unreal; a VAE with a Gaussian decoder "
        "answers doubt with an average, and averages of images are blurred. *Likelihood*: a VAE is trained on a "
        r"lower bound of $\log p(x)$ (Kingma and Welling 2014), a number that can be followed in training and "
        "compared on held-out images; a GAN (Goodfellow et al. 2014) gives samples and no likelihood. *Coverage*: "
        "that bound is poor as soon as some training images are badly explained, so a VAE tends to cover the data, "
        "whereas a GAN may leave out whole kinds of images (mode collapse). *Stability*: a VAE minimises one loss; a "
        "GAN seeks the equilibrium of a game, and its training can oscillate. A VAE also brings an encoder, which a "
        "plain GAN lacks: it gives codes for given images."
    )
    points = (
        Point(
            "Samples of a GAN are typically sharper than those of a VAE with a Gaussian decoder.",
            "sharp | blur",
        ),
        Point(
            "A VAE is trained on a lower bound of the likelihood; a GAN gives samples and no likelihood.",
            "likelihood | lower bound | elbo",
        ),
        Point(
            "A GAN may leave out whole kinds of training images, which is called mode collapse.",
            "collaps | coverage | cover data | cover mode | missing mode | drop mode | divers",
        ),
        Point(
            "A VAE minimises one loss and trains comparatively stably; the two nets of a GAN can oscillate.",
            "stabl | stabil | unstab | instab | oscillat | equilibri",
        ),
        Point(
            "A VAE has an encoder, which gives a code for a given image; a plain GAN has none.",
            "encoder | inference network",
        ),
        Point(
            "Whether a GAN or a VAE is the stronger choice depends on what the model is needed for.",
            "depend | trade | no stronger | no better | no winner | both strength | each strength",
        ),
    )
    misconceptions = (
        Misconception(
            "gan_always_better",
            "A GAN is better than a VAE in every respect, from sharpness to the stability of training.",
            "Its samples are typically sharper, but it gives no likelihood, may leave out modes, and is harder to "
            "train.",
            "gan better every | gan always better | gan best every | gan superior every",
            "Name one thing that a VAE gives and a plain GAN does not.",
        ),
        Misconception(
            "vae_always_better",
            "A VAE is the stronger model in every respect, since it has an encoder and a likelihood.",
            "Those are real advantages; but with a Gaussian decoder its samples are typically more blurred than a "
            "GAN's.",
            "vae strong every | variation strong every | vae better every !gan | vae always better | variation "
            "better every !gan",
            "Imagine the average of two images of a face, slightly shifted.",
        ),
        Misconception(
            "gan_gives_likelihood",
            "A GAN reports the likelihood of every image, which makes models easy to compare.",
            "A GAN gives samples only: its generator has no formula for $p_g(x)$. A VAE at least gives a lower bound.",
            "gan report likelihood !vae !variation | gan gives likelihood !vae !variation | gan comput likelihood "
            "!vae !variation",
            "Ask which of the two nets would output that number.",
        ),
        Misconception(
            "blur_from_short_training",
            "Images of a VAE are blurred only because the net was trained for too short a time.",
            "Where the code leaves something open, the output that minimises a squared error is the average of all "
            "possibilities, and that is blurred however long one trains.",
            "blur short | blur train longer | blur more epoch",
            "Find the number that has the smallest mean squared distance from 0 and 1.",
        ),
        Misconception(
            "gan_covers_everything",
            "A GAN always covers all kinds of training images, because the discriminator has seen them all.",
            "The discriminator judges the samples it is given. If the generator makes one kind of image "
            "convincingly, nothing in that sample says that other kinds are missing: this is how mode collapse comes "
            "about.",
            "gan cover all | gan always cover | gan cover every",
            "Imagine a generator of digits that makes perfect ones, and nothing else.",
        ),
        Misconception(
            "vae_is_a_game_too",
            "A VAE is trained as a game as well, in which its encoder plays against its decoder.",
            "Encoder and decoder of a VAE work for the same loss, the negative ELBO. Only in a GAN are there "
            "opponents.",
            "encoder against decoder | game encoder | encoder play",
            "Ask whether any term is maximised by one net and minimised by the other.",
        ),
        Misconception(
            "generator_loss_measures_quality",
            "A falling loss of the generator proves that the images of a GAN are getting better.",
            "That loss is measured by a discriminator which changes all the time: it also falls when the "
            "discriminator gets worse.",
            "generator loss prov | generator loss better | generator loss show quality | loss generator quality",
            "Ask what the loss would be if the discriminator always answered 1.",
        ),
    )
