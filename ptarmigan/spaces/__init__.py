"""What one sample is: encode raw to tensor, decode back, save, preview."""

from ptarmigan.spaces.image import ImageSpace
from ptarmigan.spaces.label import LabelSpace
from ptarmigan.spaces.point import PointSpace
from ptarmigan.spaces.series import SeriesSpace
from ptarmigan.spaces.space import Space, from_json, to_json
from ptarmigan.spaces.table import TableSpace
from ptarmigan.spaces.vector import VectorSpace

__all__ = [
    "ImageSpace",
    "LabelSpace",
    "PointSpace",
    "SeriesSpace",
    "Space",
    "TableSpace",
    "VectorSpace",
    "from_json",
    "to_json",
]
