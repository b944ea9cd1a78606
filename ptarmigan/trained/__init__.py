"""A trained run, loaded to be used: a generator, a translator or a detector."""

from ptarmigan.trained.base import Trained as Trained
from ptarmigan.trained.hub import FILE as FILE
from ptarmigan.trained.loading import kind_of as kind_of
from ptarmigan.trained.loading import load as load
from ptarmigan.trained.loading import rebuild as rebuild
