"""Object detection."""

from __future__ import annotations

from byhand.concept import Concept, Misconception, Point


class YoloSpeed(Concept):
    """One pass against two stages."""

    id = "A29"
    title = "Why YOLO is faster than Faster R-CNN"
    question = "Why is YOLO faster than Faster R-CNN, and what did its first version pay for that?"
    model = (
        "YOLO (Redmon et al. 2016) predicts everything in a single pass of one net over the whole image: it divides "
        "the image into a grid, and each cell gives a fixed number of boxes with confidences, and class "
        r"probabilities. On PASCAL VOC that is one output of $7 \times 7 \times 30$ numbers: $2 \cdot 5$ for two "
        "boxes and 20 for the classes in each cell. Faster R-CNN (Ren et al. 2015) works in two stages: a region "
        "proposal network first proposes regions, then a second stage pools the features of each proposal and "
        "classifies and refines it. Both compute their convolutional features once for the image; but the work of "
        "the second stage grows with the number of proposals, for example 300, and YOLO has no second stage. The "
        "price was accuracy: the grid is coarse, so the first YOLO localised boxes less exactly and had trouble with "
        "small objects in groups; on VOC 2007 its authors report 45 images a second at 63.4 mAP against 7 at 73.2 "
        "for Faster R-CNN with VGG-16."
    )
    points = (
        Point(
            "YOLO predicts all boxes and classes in a single pass of one net over the image.",
            "single pass | one pass | single forward | one forward | single network | one network | single net | "
            "one-stage | single-stage | single-shot | looks once | only once | all at once",
        ),
        Point(
            "YOLO divides the image into a grid, and each cell predicts a fixed number of boxes.",
            "grid | cell predict | cell box",
        ),
        Point(
            "Faster R-CNN first proposes regions, then classifies and refines each: it works in two stages.",
            "two stage | 2 stage | second stage | propos then | first propos | propos classif | propos refin",
        ),
        Point(
            "The work of Faster R-CNN's second stage grows with the number of proposals.",
            "each propos | every propos | per propos | number propos | each region | every region | per region | "
            "many propos | hundred propos | 300 propos",
        ),
        Point(
            "The first YOLO paid for its speed with accuracy, for example on small objects in groups.",
            "accura | localis | localiz | small object | lower map | coars | less precis | less exact",
        ),
    )
    misconceptions = (
        Misconception(
            "no_convolutions",
            "YOLO is faster because it does not use a convolutional net, only dense layers on the pixels.",
            "Its one pass is that of a convolutional net, ending in two dense layers in the first version. What it "
            "saves is the second stage with its work for each proposal.",
            "yolo no convol | yolo no cnn",
            "Ask where its features would come from.",
        ),
        Misconception(
            "part_of_the_image",
            "YOLO is faster because it looks at only some of the grid cells and skips the rest of the image.",
            "It computes every cell of the grid, in one pass over the whole image.",
            "only some cell | only some part | only part image | skip rest | skip part | skip cell | ignor part",
            "Count the cells in the output: none is missing.",
        ),
        Misconception(
            "selective_search_in_faster_rcnn",
            "Faster R-CNN is slow because its proposals have to be computed by selective search on the CPU.",
            "That was true of R-CNN and Fast R-CNN. Faster R-CNN replaced selective search by a region proposal "
            "network, whose proposals cost little (Ren et al. 2015).",
            "selective search !replac !earlier !before !predecessor",
            "Ask what was new in Faster R-CNN.",
        ),
        Misconception(
            "whole_net_for_each_region",
            "Faster R-CNN is slow because it runs the whole convolutional net anew on each proposed region.",
            "That was R-CNN. Faster R-CNN computes the feature map once; only pooling and the head run for each "
            "proposal.",
            "whole net each region !once !shar | whole convol each region !once !shar | whole net anew !once | "
            "entire net each region !once !shar | full net each region !once !shar | backbone each region !once !shar",
            "Ask what the regions are cut out of: the image or the feature map?",
        ),
        Misconception(
            "faster_and_more_accurate",
            "The first YOLO was faster than Faster R-CNN with VGG-16, and more accurate on PASCAL VOC as well.",
            "It was faster and less accurate: 63.4 against 73.2 mAP on VOC 2007 (Redmon et al. 2016).",
            "more accura as well | both fast more accura | more accura too | more accura in addition",
            "Remember how coarse a grid of 7 by 7 cells is.",
        ),
        Misconception(
            "no_suppression",
            "YOLO is faster because it leaves out non-maximum suppression, which takes most of the time.",
            "It uses non-maximum suppression too, since several cells may claim the same large object.",
            "leav out non-max | leav out suppress | leav out nms | no nms | no non-max | no suppress | skip nms | "
            "skip non-max",
            "Ask what happens to an object that covers four cells.",
        ),
        Misconception(
            "classes_without_boxes",
            "YOLO is faster because it only tells the classes in the image and leaves out the boxes.",
            "It is a detector: each of its boxes has a centre, a width, a height and a confidence.",
            "leav out box | no box !propos | only class !box | only tell class",
            "Count the numbers for one box: four for the place, one for the confidence.",
        ),
    )


class RegionProposalNetwork(Concept):
    """Anchors, scores and offsets."""

    id = "A30"
    title = "The role of the region proposal network"
    question = "What is the role of the region proposal network (RPN) in Faster R-CNN, and how does it work?"
    model = (
        "The region proposal network (Ren et al. 2015) finds out where objects may be: from the feature map it makes "
        "a few hundred candidate boxes, the proposals. A small convolutional net slides over the feature map. At "
        "each position it considers $k$ anchors, reference boxes of several scales and aspect ratios, in the paper "
        r"$k = 3 \cdot 3 = 9$. For each anchor it gives an objectness score, object against background, and "
        "regresses four offsets that shift and resize the anchor into a proposal. Proposals that overlap a better "
        "one are removed, and the best go on to RoI pooling and the detection head, which decides the class and "
        "refines the box once more. Since the region proposal network works on the same convolutional feature map as "
        "the head, its proposals cost little."
    )
    points = (
        Point(
            "The region proposal network proposes boxes that are likely to contain an object.",
            "propos box | propos candidat | candidat box | candidat region | propos object | object propos | region "
            "object | where object",
        ),
        Point(
            "At each position, the region proposal network considers anchors of several scales and aspect ratios.",
            "anchor",
        ),
        Point(
            "For each anchor, the region proposal network gives a score: object or background.",
            "objectness | score anchor | score object | object background | foreground background | object or not",
        ),
        Point(
            "For each anchor, the region proposal network regresses four offsets that move and resize it.",
            "regress | offset | refin anchor | adjust anchor | shift anchor | resiz anchor | correct anchor",
        ),
        Point(
            "The region proposal network shares its feature map with the detection head, so proposals cost little.",
            "shar feature | shar convol | same feature | same convol | shar comput",
        ),
        Point(
            "The class of an object is decided by the detection head, and not by the region proposal network.",
            "head class | detector class | class agnostic | class-agnostic | no class | later class | second stage "
            "class | any class | whatever class",
        ),
    )
    misconceptions = (
        Misconception(
            "roi_pooling",
            "The region proposal network cuts each region out of the feature map and pools it to a fixed size.",
            "That is RoI pooling, the step after it. The region proposal network decides which regions there are: it "
            "scores anchors and moves them onto objects.",
            "fixed size !roi !then !after !next !later !pass | same size pool !roi !then !after !next !pass | propos "
            "network perform pool | rpn perform pool | rpn does pool | rpn roi-pool !then !after !next !pass !befor "
            "| rpn max-pool",
            "Ask where the regions come from that are pooled.",
            recorded="The answer told how regions are pooled to one size, and not where the regions come from.",
            why="Both steps handle regions, and one follows the other.",
        ),
        Misconception(
            "names_the_class",
            "The region proposal network decides which class the object in each of its boxes belongs to.",
            "It only tells object from background. The class is decided by the detection head, for each proposal.",
            "rpn which class !head !later !agnostic | propos network which class !head !later !agnostic | rpn decid "
            "class !head !later | propos network decid class !head !later",
            "Count its scores for one anchor: they do not depend on the number of classes.",
        ),
        Misconception(
            "selective_search",
            "The region proposal network runs selective search on the pixels of the image to find its regions.",
            "It replaced selective search: it is a small convolutional net on the feature map, and it is learned.",
            "selective search !replac !earlier !before",
            "Ask what Faster R-CNN has that Fast R-CNN had not.",
        ),
        Misconception(
            "features_of_its_own",
            "The region proposal network looks at the raw image with convolutional features of its own.",
            "It works on the feature map that the detection head uses as well; that is why proposals cost so little.",
            "feature own | raw image | separat feature",
            "Ask how often the convolutions over the image are computed.",
        ),
        Misconception(
            "final_detections",
            "The boxes of the region proposal network are the final detections that Faster R-CNN returns.",
            "They are candidates. The detection head then gives each a class or rejects it as background, and "
            "refines its box.",
            "final detect !head !stage !later | final box !head !stage !later | final result !head !stage !later",
            "Ask which class such a box has.",
        ),
        Misconception(
            "anchors_are_learned",
            "Anchors are boxes whose scales and aspect ratios the region proposal network learns in training.",
            "In Faster R-CNN the anchors are chosen beforehand and fixed. What is learned is the score of each and "
            "the offsets that turn it into a proposal.",
            "anchor learn !offset !regress !shift !score !fixed !predict",
            "Ask to what the offsets would be added if the anchors themselves moved.",
        ),
    )
