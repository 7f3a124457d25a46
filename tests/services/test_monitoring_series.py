"""Series of Monitoring against sums over the demo's raw log, made by hand."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from core.analysis import estimation
from core.errors import NotFound
from core.services import health, monitoring_series, profiling
from core.services.house import House
from core.services.judgement import starts_of
from core.services.profile_book import book

NOW = 1_795_573_948_789
