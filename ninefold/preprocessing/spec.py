"""The preprocess section of params.yaml: defaults per kind of column, overrides per column."""

from typing import Annotated, Literal

from pydantic import Field

from ninefold.config import ColumnName, Spec
from ninefold.preprocessing.choice import SHORT
from ninefold.preprocessing.clipping import ClipperSpec
from ninefold.preprocessing.imputing import ImputerSpec
from ninefold.preprocessing.imputing.median import MedianSpec
from ninefold.preprocessing.scaling import ScalerSpec
from ninefold.preprocessing.scaling.robust import RobustSpec
from ninefold.preprocessing.selecting import SelectorSpec
from ninefold.registry import OneOf

Imputer = Annotated[ImputerSpec, OneOf("ninefold.preprocessing.imputing"), SHORT]
Clipper = Annotated[ClipperSpec, OneOf("ninefold.preprocessing.clipping"), SHORT]
Scaler = Annotated[ScalerSpec, OneOf("ninefold.preprocessing.scaling"), SHORT]
Selector = Annotated[SelectorSpec, OneOf("ninefold.preprocessing.selecting"), SHORT]
Use = Literal["number", "category", "text", "tokens", "steps", "image", "sequence", "drop"]
Encode = Literal["auto", "one_hot", "ordinal"]


class NumberSpec(Spec):
    """How numbers are treated."""

    impute: Imputer = MedianSpec()
    """What stands for missing values: median, mean, most_frequent, or constant with a value."""
    missing_flag: bool = True
    """Add a feature that tells where the value was missing."""
    clip: Clipper | None = None
    """Against outliers: none, smooth, quantile, iqr; default: smooth where the scale has no
    natural limits (standard, robust, log), none elsewhere."""
    scale: Scaler = RobustSpec()
    """none, standard, min_max, robust, log or quantile."""
    bins: int | None = Field(default=None, ge=2, le=256)
    """One-hot groups of equal size instead of the scaled value."""


class CategorySpec(Spec):
    """How categories are treated."""

    encode: Encode = "auto"
    """one_hot, ordinal (codes for an embedding), or auto: one_hot for few levels."""
    one_hot_levels: int = Field(default=9, ge=1)
    """Up to so many levels, auto encodes one_hot."""
    min_count: int = Field(default=3, ge=1)
    """Levels with fewer train rows count as unknown ones."""
    min_frequency: float = Field(default=0.0, ge=0, lt=1)
    """Levels with a smaller share of the train rows count as unknown ones."""
    max_levels: int = Field(default=1000, ge=1)
    """Only so many of the most frequent levels are told apart."""


class WordsSpec(Spec):
    """How free text is treated."""

    max_words: int = Field(default=100, ge=0, le=10_000)
    """Features for so many of the words that occur in most train rows; 0: none."""
    min_count: int = Field(default=5, ge=1)
    """Words in fewer train rows are left out."""


class TokensSpec(Spec):
    """How texts that a network reads word by word are treated."""

    max_tokens: int = Field(default=200, ge=1, le=500)
    """Words read of a text, at most; the longest 5 % of the train texts are cut in any case."""
    max_words: int = Field(default=10_000, ge=1, le=200_000)
    """Only so many of the most frequent words are told apart."""
    min_count: int = Field(default=3, ge=1)
    """Words in fewer train rows count as unknown."""
    flat_words: int = Field(default=1000, ge=1, le=20_000)
    """Words whose counts models get that take a table: their roots times inverse document
    frequency, each text of one length except for trees."""


class StepWordsSpec(Spec):
    """How words of steps are treated, one a step: each by its id, how it is written and ends."""

    max_words: int = Field(default=20_000, ge=1, le=200_000)
    """Only so many of the most frequent words are told apart."""
    min_count: int = Field(default=2, ge=1)
    """Words of fewer train steps count as unknown."""
    max_endings: int = Field(default=24, ge=0, le=200)
    """Endings of two or three letters that are told, for words that training never saw."""
    min_ending_count: int = Field(default=5, ge=1)
    """Different words that such an ending has at least."""


class ImageSpec(Spec):
    """How pictures are treated: resized, and each channel scaled by its mean and spread."""

    height: int | None = Field(default=None, ge=1, le=1024)
    """Rows of pixels a network sees; default: the median of the train pictures, from 8 to 64."""
    width: int | None = Field(default=None, ge=1, le=1024)
    """Columns of pixels; default as for the height."""
    flat_side: int = Field(default=16, ge=1, le=128)
    """Pictures shrink to at most this side where a model takes a table of numbers."""


class SequenceSpec(Spec):
    """How sequences are treated: each channel scaled by its mean and spread."""

    flat_steps: int | None = Field(default=None, ge=1, le=1000)
    """Last steps whose values models get that take a table of numbers; default: 128 numbers, all
    channels together, and 8 steps at least."""
    flat_pieces: int = Field(default=8, ge=0, le=1000)
    """Equal parts of longer sequences whose means such models get."""


class ColumnSpec(Spec):
    """What differs for one column; what is not given follows the defaults of its kind."""

    use: Use | None = None
    """Treat the column as a number, a category, a text by its frequent words or by its tokens, as
    words of steps, or drop it."""
    impute: Imputer | None = None
    """See number.impute."""
    missing_flag: bool | None = None
    """See number.missing_flag."""
    clip: Clipper | None = None
    """See number.clip."""
    scale: Scaler | None = None
    """See number.scale."""
    bins: int | None = Field(default=None, ge=2, le=256)
    """See number.bins."""
    encode: Encode | None = None
    """See category.encode."""
    min_count: int | None = Field(default=None, ge=1)
    """See category.min_count, text.min_count and steps.min_count."""
    min_frequency: float | None = Field(default=None, ge=0, lt=1)
    """See category.min_frequency."""
    max_levels: int | None = Field(default=None, ge=1)
    """See category.max_levels."""
    max_words: int | None = Field(default=None, ge=0, le=200_000)
    """See text.max_words, tokens.max_words and steps.max_words."""
    max_tokens: int | None = Field(default=None, ge=1, le=500)
    """See tokens.max_tokens."""
    flat_words: int | None = Field(default=None, ge=1, le=20_000)
    """See tokens.flat_words."""
    max_endings: int | None = Field(default=None, ge=0, le=200)
    """See steps.max_endings."""
    min_ending_count: int | None = Field(default=None, ge=1)
    """See steps.min_ending_count."""
    height: int | None = Field(default=None, ge=1, le=1024)
    """See image.height."""
    width: int | None = Field(default=None, ge=1, le=1024)
    """See image.width."""
    flat_side: int | None = Field(default=None, ge=1, le=128)
    """See image.flat_side."""
    flat_steps: int | None = Field(default=None, ge=1, le=1000)
    """See sequence.flat_steps."""
    flat_pieces: int | None = Field(default=None, ge=0, le=1000)
    """See sequence.flat_pieces."""


class PreprocessSpec(Spec):
    """How columns become the features of a model."""

    number: NumberSpec = NumberSpec()
    """Defaults for numbers."""
    category: CategorySpec = CategorySpec()
    """Defaults for categories."""
    text: WordsSpec = WordsSpec()
    """Defaults for free text."""
    tokens: TokensSpec = TokensSpec()
    """Defaults for texts used as tokens."""
    steps: StepWordsSpec = StepWordsSpec()
    """Defaults for words of steps, see ingest.words of long_table."""
    image: ImageSpec = ImageSpec()
    """Defaults for pictures."""
    sequence: SequenceSpec = SequenceSpec()
    """Defaults for sequences."""
    columns: dict[ColumnName, ColumnSpec] = Field(default_factory=dict)
    """Column -> what differs for it."""
    select: tuple[Selector, ...] = ()
    """Feature selection, in order; constant and duplicate features are dropped in any case."""
